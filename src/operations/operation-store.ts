import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { z } from 'zod';
import { KtrdrError } from '../base/index.ts';
import type { EncodedResult } from './contract.ts';
import { operationSchema, operationStatuses, type Operation, type OperationStatus } from './operation.ts';

export interface OperationFilter {
  status?: readonly OperationStatus[];
  type?: string;
  /** Newest first; 1 to 1000. */
  limit?: number;
  offset?: number;
}

/**
 * The operation records of one owner, in SQLite under a directory. Every write is on disk when the call returns. A
 * directory has one owner at a time; the lock goes with the process, however it ends.
 */
export class OperationStore implements Disposable {
  readonly #db: DatabaseSyncInstance;
  readonly #lock: Disposable;

  private constructor(db: DatabaseSyncInstance, lock: Disposable) {
    this.#db = db;
    this.#lock = lock;
  }

  /**
   * @throws KtrdrError `conflict` when another process owns the directory, `failed_precondition` when it cannot be written
   * to, `data_corrupt` when the file is no database.
   */
  static open(directory: string): OperationStore {
    const lock = lockDirectory(directory);
    const path = join(directory, 'operations.db');
    try {
      return new OperationStore(openDatabase(path), lock);
    } catch (cause) {
      lock[Symbol.dispose]();
      throw new KtrdrError(
        'data_corrupt',
        `Cannot open the operation records in "${path}": ${KtrdrError.from(cause).message}. Move the file away to start with empty records.`,
        { cause },
      );
    }
  }

  insert(operation: Operation): void {
    this.#db
      .prepare('INSERT INTO operations (id, type, status, created_at, record) VALUES (?, ?, ?, ?, ?)')
      .run(operation.id, operation.type, operation.status, operation.createdAt, JSON.stringify(operation));
  }

  update(operation: Operation, result?: EncodedResult): void {
    const record = JSON.stringify(operation);
    if (result === undefined) {
      this.#db
        .prepare('UPDATE operations SET status = ?, record = ? WHERE id = ?')
        .run(operation.status, record, operation.id);
    } else {
      this.#db
        .prepare('UPDATE operations SET status = ?, record = ?, result_type = ?, result = ? WHERE id = ?')
        .run(operation.status, record, result.mediaType, result.bytes, operation.id);
    }
  }

  find(id: string): Operation | undefined {
    const row = this.#db.prepare('SELECT id, record FROM operations WHERE id = ?').get(id);
    return row === undefined ? undefined : toOperation(row);
  }

  result(id: string): EncodedResult | undefined {
    const row = this.#db
      .prepare('SELECT result_type, result FROM operations WHERE id = ? AND result IS NOT NULL')
      .get(id);
    if (row === undefined) return undefined;
    const { result_type: mediaType, result: bytes } = resultRow.parse({ ...row });
    return { mediaType, bytes };
  }

  list({ status = operationStatuses, type, limit = 100, offset = 0 }: OperationFilter = {}): {
    operations: Operation[];
    total: number;
  } {
    const where = `status IN (${status.map(() => '?').join(', ')})${type === undefined ? '' : ' AND type = ?'}`;
    const values = type === undefined ? [...status] : [...status, type];
    const rows = this.#db
      .prepare(`SELECT id, record FROM operations WHERE ${where} ORDER BY created_at DESC, seq DESC LIMIT ? OFFSET ?`)
      .all(...values, limit, offset);
    const count = this.#db.prepare(`SELECT count(*) AS total FROM operations WHERE ${where}`).get(...values);
    return { operations: rows.map(toOperation), total: countRow.parse({ ...count }).total };
  }

  /** Forgets all but the newest `keep` ended operations, with their results. */
  prune(keep: number): void {
    this.#db
      .prepare(
        `DELETE FROM operations WHERE status IN ('completed', 'failed', 'cancelled') AND seq NOT IN (
           SELECT seq FROM operations WHERE status IN ('completed', 'failed', 'cancelled') ORDER BY seq DESC LIMIT ?)`,
      )
      .run(keep);
  }

  [Symbol.dispose](): void {
    this.#db.close();
    this.#lock[Symbol.dispose]();
  }
}

const resultRow = z.object({ result_type: z.string(), result: z.instanceof(Uint8Array) });
const countRow = z.object({ total: z.number() });
const recordRow = z.object({ id: z.string(), record: z.string() });

function toOperation(row: unknown): Operation {
  const { id, record } = recordRow.parse({ ...(row as object) });
  try {
    return operationSchema.parse(JSON.parse(record));
  } catch (cause) {
    throw new KtrdrError(
      'data_corrupt',
      `The record of operation "${id}" cannot be read; it may be of another version. Move operations.db away to start with empty records.`,
      { cause, details: { operation: id } },
    );
  }
}

function openDatabase(path: string): DatabaseSyncInstance {
  const db = new DatabaseSync(path);
  try {
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS operations (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at REAL NOT NULL,
        record TEXT NOT NULL,
        result_type TEXT,
        result BLOB
      );
      CREATE INDEX IF NOT EXISTS operations_by_time ON operations (created_at DESC, seq DESC);
      CREATE INDEX IF NOT EXISTS operations_by_status ON operations (status);
    `);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** An open exclusive transaction on a small database of its own: the operating system ends it with the process. */
function lockDirectory(directory: string): Disposable {
  const owner = join(directory, 'owner.pid');
  let db: DatabaseSyncInstance | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    db = new DatabaseSync(join(directory, 'owner.lock'), { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(owner, `${process.pid}\n`);
  } catch (cause) {
    db?.close();
    if (isBusy(cause)) {
      throw new KtrdrError(
        'conflict',
        `"${directory}" is in use by another ktrdr process (${readOwner(owner)}). Stop it, or choose another --home.`,
        { cause },
      );
    }
    throw new KtrdrError(
      'failed_precondition',
      `Cannot keep operation records in "${directory}": ${KtrdrError.from(cause).message}. Make it writable, or choose another --home.`,
      { cause },
    );
  }
  const held = db;
  return { [Symbol.dispose]: () => held.close() };
}

const sqliteBusy = 5;

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === sqliteBusy;
}

function readOwner(path: string): string {
  try {
    return `process ${readFileSync(path, 'utf8').trim()}`;
  } catch {
    return 'its process id is not known';
  }
}
