import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import * as z from 'zod/mini';

/** The last so many durations of a type say how long the next will take. */
export const keptDurations = 100;

/** How long the last completed operations of each type took. They stay when the operations go. */
export class DurationRows {
  readonly #of: StatementSyncInstance;
  readonly #insert: StatementSyncInstance;
  readonly #trim: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance) {
    this.#of = db.prepare('SELECT ms FROM durations WHERE type = ?');
    this.#insert = db.prepare('INSERT INTO durations (type, ms, at) VALUES (?, ?, ?)');
    this.#trim = db.prepare(
      `DELETE FROM durations WHERE type = :type AND rowid <= (
         SELECT rowid FROM durations WHERE type = :type ORDER BY rowid DESC LIMIT 1 OFFSET :kept)`,
    );
  }

  of(type: string): number[] {
    return this.#of.all(type).map((row) => durationRow.parse({ ...(row as object) }).ms);
  }

  add(type: string, ms: number, at: number): void {
    this.#insert.run(type, ms, at);
    this.#trim.run({ type, kept: keptDurations });
  }
}

const durationRow = z.object({ ms: z.number() });
