import { join } from 'node:path';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import type { EncodedResult } from './contract.ts';
import { DurationRows } from './duration-rows.ts';
import { lockDirectory, type DirectoryLock } from './directory-lock.ts';
import { LogRows } from './log-rows.ts';
import { MetricRows } from './metric-rows.ts';
import { openDatabase, transaction } from './open-database.ts';
import { isUnconfirmed, type Operation, type OperationStatus } from './operation.ts';
import {
  changesQuery,
  countQuery,
  pageQuery,
  type OperationFilter,
  type OperationPage,
  type PageRequest,
  type Query,
} from './operation-query.ts';
import {
  changeRow,
  checkpointRow,
  countRow,
  countsRow,
  idRow,
  ownerRow,
  placeRow,
  reservedRow,
  resultRow,
  toOperation,
} from './operation-rows.ts';
import { parsePageCursor, toPageCursor } from './page-cursor.ts';
import { UnconfirmedRows } from './unconfirmed-rows.ts';

/**
 * What is kept of ended operations. Unfinished ones, the children of unfinished ones, and those that may still run
 * elsewhere are always kept.
 */
export interface Retention {
  maxAgeMs?: number;
  maxCount?: number;
}

/** What is kept with the end of an operation, in the same transaction. */
interface Ending {
  result?: EncodedResult | undefined;
  /** For the history of its type. */
  durationMs?: number | undefined;
}

/**
 * The operation records of one owner, in SQLite under a directory. Every write is on disk when the call returns, but for
 * what is written `unsynced`. A directory has one owner at a time; the lock goes with the process, however it ends.
 */
export class OperationStore implements Disposable {
  /** How long they took. */
  readonly durations: DurationRows;
  /** What operations measured on their way. */
  readonly metrics: MetricRows;
  /** What they and their work said on their way. */
  readonly logs: LogRows;
  /** Which of them were cancelled and may still run elsewhere. */
  readonly unconfirmed: UnconfirmedRows;
  readonly #db: DatabaseSyncInstance;
  readonly #lock: DirectoryLock;
  readonly #statements = new Map<string, StatementSyncInstance>();

  private constructor(db: DatabaseSyncInstance, lock: DirectoryLock) {
    this.#db = db;
    this.durations = new DurationRows(db);
    this.metrics = new MetricRows(db);
    this.logs = new LogRows(db);
    this.unconfirmed = new UnconfirmedRows(db);
    this.#lock = lock;
  }

  /**
   * @throws KtrdrError `conflict` when another process owns the directory, `failed_precondition` when it cannot be written
   * to or read, or holds the records of a newer program, `data_corrupt` when the file is no database.
   */
  static open(directory: string): OperationStore {
    const lock = lockDirectory(directory, { content: 'operation records', otherwise: 'choose another --home' });
    try {
      return new OperationStore(openDatabase(join(directory, 'operations.db')), lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Tells whoever would own the directory, too, where its owner listens. */
  announce(address: string): void {
    this.#lock.announce(address);
  }

  /**
   * A number for whoever writes from now on, higher than that of all before. A record is written to by the one that
   * inserted it or took it over last, and by nobody else: that keeps out who was taken for dead and wakes up.
   */
  claim(): number {
    const row = this.#statement('UPDATE counters SET owner = owner + 1 RETURNING owner').get();
    return ownerRow.parse({ ...row }).owner;
  }

  insert(operation: Operation, owner: number, checkpoint?: string): void {
    const { id, type, status, createdAt, version, parent = null, resumedFrom } = operation;
    const insert = (): unknown =>
      this.#statement(
        `INSERT INTO operations (id, type, status, created_at, version, owner, parent, record, checkpoint)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(id, type, status, createdAt, version, owner, parent, JSON.stringify(operation), checkpoint ?? null);
    if (resumedFrom === undefined) return void insert();
    transaction(this.#db, () => {
      insert();
      // What runs on elsewhere is this one's from now on.
      this.unconfirmed.settle(resumedFrom);
    });
  }

  /**
   * What `write` writes waits for no disk. It outlives this process at once, and a failure of power with the next write
   * that waits: the log of the database is kept up to a point, and never with a gap.
   */
  unsynced<T>(write: () => T): T {
    this.#db.exec('PRAGMA synchronous = NORMAL');
    try {
      return write();
    } finally {
      this.#db.exec('PRAGMA synchronous = FULL');
    }
  }

  /** Makes an unfinished operation the owner's. */
  takeOver(operation: Operation, owner: number): void {
    // What the owner before has said, it has said.
    this.flushLogs();
    this.#statement(`UPDATE operations SET owner = ? WHERE id = ? AND owner < ? AND ${isUnfinished}`).run(
      owner,
      operation.id,
      owner,
    );
    this.update(operation, owner);
  }

  /** Writes a change of an operation. False, and nothing changed, when it has ended or somebody else owns it. */
  update(operation: Operation, owner: number, { result, durationMs }: Ending = {}): boolean {
    const { id, type, status, version, endedAt = 0 } = operation;
    return transaction(this.#db, () => {
      const { changes } = this.#statement(
        `UPDATE operations SET status = ?, version = ?, record = ?, unconfirmed = ?
           WHERE id = ? AND owner = ? AND ${isUnfinished}`,
      ).run(status, version, JSON.stringify(operation), Number(isUnconfirmed(operation)), id, owner);
      if (changes === 0) return false;
      if (result !== undefined) {
        this.#statement('UPDATE operations SET result_type = ?, result = ? WHERE id = ?').run(
          result.mediaType,
          result.bytes,
          id,
        );
      }
      if (durationMs !== undefined) this.durations.add(type, durationMs, endedAt);
      return true;
    });
  }

  /** False, and nothing changed, when the operation has ended or somebody else owns it. */
  saveCheckpoint(id: string, owner: number, checkpoint: string): boolean {
    const { changes } = this.#statement(
      `UPDATE operations SET checkpoint = ? WHERE id = ? AND owner = ? AND ${isUnfinished}`,
    ).run(checkpoint, id, owner);
    return changes !== 0;
  }

  /** The last checkpoint, as JSON. */
  checkpoint(id: string): string | undefined {
    const row = this.#statement('SELECT checkpoint FROM operations WHERE id = ? AND checkpoint IS NOT NULL').get(id);
    return row === undefined ? undefined : checkpointRow.parse({ ...row }).checkpoint;
  }

  find(id: string): Operation | undefined {
    const row = this.#statement('SELECT id, record FROM operations WHERE id = ?').get(id);
    return row === undefined ? undefined : toOperation(row);
  }

  result(id: string): EncodedResult | undefined {
    const row = this.#statement('SELECT result_type, result FROM operations WHERE id = ? AND result IS NOT NULL').get(
      id,
    );
    if (row === undefined) return undefined;
    const { result_type: mediaType, result: bytes } = resultRow.parse({ ...row });
    return { mediaType, bytes };
  }

  /** @throws KtrdrError `invalid_input` for a cursor that no page gave. */
  list({ limit = 100, cursor, ...filter }: PageRequest = {}): OperationPage {
    const from = cursor === undefined ? undefined : parsePageCursor(cursor);
    const [count] = this.#rows(countQuery(filter));
    const rows = this.#rows(pageQuery(filter, { from, limit: limit + 1 }));
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? placeRow.parse(page.at(-1)) : undefined;
    return {
      operations: page.map(toOperation),
      total: countRow.parse(count).total,
      ...(last === undefined ? {} : { nextCursor: toPageCursor({ createdAt: last.created_at, seq: last.seq }) }),
    };
  }

  /** How many operations there are of each type and status. */
  counts(): { type: string; status: OperationStatus; count: number }[] {
    const rows = this.#statement('SELECT type, status, count(*) AS count FROM operations GROUP BY 1, 2').all();
    return rows.map((row) => countsRow.parse({ ...(row as object) }));
  }

  /** Ids and versions of what changed after a version, in the order of the changes. */
  changedAfter(version: number, filter: OperationFilter, limit: number): { id: string; version: number }[] {
    return this.#rows(changesQuery(filter, { after: version, limit })).map((row) => changeRow.parse(row));
  }

  /** The ids of what has not ended, oldest first. */
  unfinished(): string[] {
    const rows = this.#statement(`SELECT id FROM operations WHERE ${isUnfinished} ORDER BY created_at, seq`).all();
    return rows.map((row) => idRow.parse({ ...(row as object) }).id);
  }

  /** Forgets ended operations beyond what is to be kept, with their results. */
  prune({ maxAgeMs, maxCount }: Retention, now: number): void {
    const prunable = `NOT ${isUnfinished} AND NOT operations.unconfirmed
      AND NOT EXISTS (SELECT 1 FROM operations AS p WHERE p.id = operations.parent AND p.status IN (${unfinishedStatuses}))`;
    if (maxAgeMs !== undefined) {
      this.#statement(
        `DELETE FROM operations WHERE ${prunable} AND coalesce(json_extract(record, '$.endedAt'), created_at) < ?`,
      ).run(now - maxAgeMs);
    }
    if (maxCount !== undefined) {
      this.#statement(
        `DELETE FROM operations WHERE ${prunable} AND seq NOT IN (
             SELECT seq FROM operations WHERE ${prunable} ORDER BY seq DESC LIMIT ?)`,
      ).run(maxCount);
    }
  }

  /** Below this a version may have been announced, by this process or an earlier one. */
  get reservedVersion(): number {
    return reservedRow.parse({ ...this.#statement('SELECT reserved FROM counters').get() }).reserved;
  }

  reserveVersions(upTo: number): void {
    this.#statement('UPDATE counters SET reserved = ?').run(upTo);
  }

  /** Writes the log lines that wait for it, without a wait for the disk. */
  flushLogs(): void {
    // Work that was left behind may outlive the store.
    if (this.#db.isOpen && this.logs.areWaiting) this.unsynced(() => this.logs.flush());
  }

  [Symbol.dispose](): void {
    this.flushLogs();
    this.#db.close();
    this.#lock[Symbol.dispose]();
  }

  #rows({ text, values }: Query): object[] {
    return this.#statement(text)
      .all(...values)
      .map((row) => ({ ...(row as object) }));
  }

  /** Prepared once: there are few texts, and preparing one costs as much as running it. */
  #statement(text: string): StatementSyncInstance {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

const unfinishedStatuses = "'pending', 'running', 'cancelling'";
const isUnfinished = `operations.status IN (${unfinishedStatuses})`;
