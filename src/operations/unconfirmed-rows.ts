import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { idRow } from './operation-rows.ts';

/** Which operations of a store have ended as cancelled, without a word that their work has stopped where it ran. */
export class UnconfirmedRows {
  readonly #ids: StatementSyncInstance;
  readonly #one: StatementSyncInstance;
  readonly #takeOver: StatementSyncInstance;
  readonly #settle: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance) {
    this.#ids = db.prepare('SELECT id FROM operations WHERE unconfirmed = 1 ORDER BY seq');
    this.#one = db.prepare('SELECT 1 FROM operations WHERE id = ? AND unconfirmed = 1');
    this.#takeOver = db.prepare('UPDATE operations SET owner = :owner WHERE unconfirmed = 1 AND owner < :owner');
    this.#settle = db.prepare('UPDATE operations SET unconfirmed = 0 WHERE id = ? AND unconfirmed = 1');
  }

  /** Oldest first. The owner may write to their logs from now on. */
  takeOver(owner: number): string[] {
    this.#takeOver.run({ owner });
    return this.#ids.all().map((row) => idRow.parse({ ...(row as object) }).id);
  }

  has(id: string): boolean {
    return this.#one.get(id) !== undefined;
  }

  /** False when it was settled before, as by an operation that goes on from it. */
  settle(id: string): boolean {
    return this.#settle.run(id).changes !== 0;
  }
}
