import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import * as z from 'zod/mini';
import { logFieldsSchema, logLevels, type LogLine, type LogsPage } from './log-line.ts';
import { transaction } from './open-database.ts';

/** Of one operation; the oldest go when there are more. */
export const keptLines = 1_000;

/** Where lines were written that were fetched from there, and the cursor that goes on behind them. */
export interface LineOrigin {
  readonly source: string;
  readonly cursor: number;
}

interface Written {
  /** Who writes; what is another's by now gets no lines. */
  readonly owner: number;
  readonly origin?: LineOrigin | undefined;
}

interface Waiting extends Written {
  readonly line: LogLine;
}

/** The log lines of the operations of a store. They go with the operations. */
export class LogRows {
  readonly #db: DatabaseSyncInstance;
  readonly #insert: StatementSyncInstance;
  readonly #trim: StatementSyncInstance;
  readonly #page: StatementSyncInstance;
  readonly #cursor: StatementSyncInstance;
  /** By operation. */
  #waiting = new Map<string, Waiting[]>();

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    // The operation may have gone, or changed hands, before its last lines come here.
    this.#insert = db.prepare(
      `INSERT INTO logs (operation, at, level, message, fields, source, source_cursor)
         SELECT :operation, :at, :level, :message, :fields, :source, :cursor
         WHERE EXISTS (SELECT 1 FROM operations WHERE id = :operation AND owner = :owner)`,
    );
    this.#trim = db.prepare(
      `DELETE FROM logs WHERE operation = :operation AND seq <= (
         SELECT seq FROM logs WHERE operation = :operation ORDER BY seq DESC LIMIT 1 OFFSET :kept)`,
    );
    this.#page = db.prepare(
      'SELECT seq, at, level, message, fields FROM logs WHERE operation = ? AND seq > ? ORDER BY seq LIMIT ?',
    );
    this.#cursor = db.prepare('SELECT max(source_cursor) AS cursor FROM logs WHERE operation = ? AND source = ?');
  }

  /** Whether there is anything to flush. */
  get areWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Takes lines that `flush` writes. */
  add(operation: string, lines: readonly LogLine[], written: Written): void {
    const waiting = this.#waiting.get(operation) ?? [];
    this.#waiting.set(operation, waiting);
    for (const line of lines) waiting.push({ ...written, line });
    // Not at every line: what is dropped here is moved in memory.
    if (waiting.length > 2 * keptLines) waiting.splice(0, waiting.length - keptLines);
  }

  /**
   * Writes what has come since, in one transaction. Lines that the disk refuses are lost: no work fails for its log, and
   * memory has no place for all of them.
   */
  flush(): void {
    const all = this.#waiting;
    this.#waiting = new Map();
    try {
      transaction(this.#db, () => {
        for (const [operation, waiting] of all) {
          for (const each of waiting.slice(-keptLines)) this.#write(operation, each);
          this.#trim.run({ operation, kept: keptLines });
        }
      });
    } catch {
      // Who runs the process reads them in its own log.
    }
  }

  page(operation: string, { after, limit }: { after: number; limit: number }): LogsPage {
    const rows = this.#page.all(operation, after, limit + 1).map((row) => lineRow.parse({ ...(row as object) }));
    const shown = rows.slice(0, limit);
    return {
      lines: shown.map(({ at, level, message, fields }) => ({
        at,
        level,
        message,
        fields: logFieldsSchema.parse(JSON.parse(fields)),
      })),
      cursor: shown.at(-1)?.seq ?? after,
      more: rows.length > limit,
    };
  }

  /** Behind the last line that came from there; 0 when none did. */
  cursorOf(operation: string, source: string): number {
    return cursorRow.parse({ ...this.#cursor.get(operation, source) }).cursor ?? 0;
  }

  #write(operation: string, { line: { at, level, message, fields }, owner, origin }: Waiting): void {
    this.#insert.run({
      operation,
      owner,
      at,
      level,
      message,
      fields: JSON.stringify(fields),
      source: origin?.source ?? null,
      cursor: origin?.cursor ?? null,
    });
  }
}

const lineRow = z.object({
  seq: z.number(),
  at: z.number(),
  level: z.enum(logLevels),
  message: z.string(),
  fields: z.string(),
});
const cursorRow = z.object({ cursor: z.nullable(z.number()) });
