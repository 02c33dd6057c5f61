import * as z from 'zod/mini';
import type { MetricPoint } from '../async/index.ts';

/** A point, and when it was recorded, in epoch milliseconds. */
export interface KeptMetric extends MetricPoint {
  readonly at: number;
}

/** Points in the order in which they were recorded. `cursor` goes on behind them; `more` is false when it is worth waiting. */
export interface MetricsPage {
  readonly points: KeptMetric[];
  readonly cursor: number;
  readonly more: boolean;
}

export const metricValuesSchema = z.record(z.string(), z.number());

export const metricsPageSchema = z.object({
  points: z.array(z.object({ step: z.number(), at: z.number(), values: metricValuesSchema })),
  cursor: z.number(),
  more: z.boolean(),
});
