import { z } from 'zod';
import type { Schema } from '../../base/index.ts';
import { epochMetricsSchema, partsMetricsSchema, type EpochMetrics, type PartsMetrics } from '../metrics.ts';
import { partDetailsSchema, type PartDetails } from './part-details.ts';
import { importanceSchema, type Importance } from './permutation-importance.ts';

/** `report.json`: how the training went, and what the model is worth. */
export interface ModelReport extends Assessment {
  epochsTrained: number;
  /** The epoch whose weights the model has. */
  keptEpoch: number;
  stoppedEarly: boolean;
  rows: { train: number; validation: number; test: number };
  history: EpochMetrics[];
  /** What is probably a mistake in the strategy or the data, as sentences. */
  warnings: string[];
}

/** What a model is worth. */
export interface Assessment {
  metrics: PartsMetrics;
  /** Of the same parts as the metrics. */
  details: { train: PartDetails; validation?: PartDetails; test?: PartDetails };
  /** On the test part, else on the validation part; absent where the strategy leaves both empty. */
  importance?: Importance;
}

const count = z.number().int().nonnegative();

export const modelReportSchema: Schema<ModelReport> = z.object({
  epochsTrained: count,
  keptEpoch: count,
  stoppedEarly: z.boolean(),
  rows: z.object({ train: count, validation: count, test: count }),
  history: z.array(epochMetricsSchema),
  metrics: partsMetricsSchema,
  details: z.object({
    train: partDetailsSchema,
    validation: z.exactOptional(partDetailsSchema),
    test: z.exactOptional(partDetailsSchema),
  }),
  importance: z.exactOptional(importanceSchema),
  warnings: z.array(z.string()),
});
