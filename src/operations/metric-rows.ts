import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import * as z from 'zod/mini';
import type { MetricPoint } from '../async/index.ts';
import { metricValuesSchema, type MetricsPage } from './metrics-page.ts';
import { transaction } from './open-database.ts';

/** Of one operation; the oldest go when there are more. */
export const keptMetrics = 10_000;
/** That the oldest go is looked at once in so many points. */
const pointsBetweenLooks = 256;

/** The points of the operations of a store. They go with the operations. */
export class MetricRows {
  readonly #db: DatabaseSyncInstance;
  readonly #clear: StatementSyncInstance;
  readonly #insert: StatementSyncInstance;
  readonly #trim: StatementSyncInstance;
  readonly #page: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
    this.#clear = db.prepare('DELETE FROM metrics WHERE operation = ? AND step >= ?');
    this.#insert = db.prepare('INSERT INTO metrics (operation, step, at, metrics) VALUES (?, ?, ?, ?)');
    this.#trim = db.prepare(
      `DELETE FROM metrics WHERE operation = :operation AND seq <= (
         SELECT seq FROM metrics WHERE operation = :operation ORDER BY seq DESC LIMIT 1 OFFSET :kept)`,
    );
    this.#page = db.prepare(
      'SELECT seq, step, at, metrics FROM metrics WHERE operation = ? AND seq > ? ORDER BY seq LIMIT ?',
    );
  }

  /** In one transaction, which costs more than the points in it. */
  add(operation: string, points: readonly MetricPoint[], at: number): void {
    transaction(this.#db, () => {
      for (const { step, values } of points) {
        this.#clear.run(operation, step);
        const { lastInsertRowid } = this.#insert.run(operation, step, at, JSON.stringify(values));
        if (Number(lastInsertRowid) % pointsBetweenLooks === 0) this.#trim.run({ operation, kept: keptMetrics });
      }
    });
  }

  page(operation: string, { after, limit }: { after: number; limit: number }): MetricsPage {
    const rows = this.#page.all(operation, after, limit + 1).map((row) => metricRow.parse({ ...(row as object) }));
    const shown = rows.slice(0, limit);
    return {
      points: shown.map(({ step, at, metrics }) => ({
        step,
        at,
        values: metricValuesSchema.parse(JSON.parse(metrics)),
      })),
      cursor: shown.at(-1)?.seq ?? after,
      more: rows.length > limit,
    };
  }
}

const metricRow = z.object({ seq: z.number(), step: z.number(), at: z.number(), metrics: z.string() });
