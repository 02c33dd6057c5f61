import { z } from 'zod';
import { classMetrics, classMetricsSchema, type ClassMetrics } from './class-metrics.ts';
import { valueMetrics, valueMetricsSchema, type ValueMetrics } from './value-metrics.ts';

/** What a model made of the rows of one part. */
export interface Measured {
  readonly loss: number;
  /** Row after row the probability of each class, or the value. */
  readonly outputs: Float32Array;
  /** Of the same rows, in the same order. */
  readonly targets: Int32Array | Float32Array;
  /** The names of the classes; none where the target is a number. */
  readonly classes: readonly string[];
}

export type PartMetrics = ClassMetrics | ValueMetrics;

/** Of a part that the strategy leaves empty there are none. */
export interface PartsMetrics {
  train: PartMetrics;
  validation?: PartMetrics;
  test?: PartMetrics;
}

/**
 * What one epoch came to. Both losses are means by the weights of the rows, the training loss of each batch before its
 * step. The accuracies are there where there are classes; that on the training part is of an even
 * sample when the part is large.
 */
export interface EpochMetrics {
  epoch: number;
  trainLoss: number;
  trainAccuracy?: number;
  validationLoss?: number;
  validationAccuracy?: number;
}

export const partMetricsSchema = z.union([classMetricsSchema, valueMetricsSchema]);

export const partsMetricsSchema = z.object({
  train: partMetricsSchema,
  validation: partMetricsSchema.exactOptional(),
  test: partMetricsSchema.exactOptional(),
});

export const epochMetricsSchema = z.object({
  epoch: z.number().int().nonnegative(),
  trainLoss: z.number(),
  trainAccuracy: z.number().exactOptional(),
  validationLoss: z.number().exactOptional(),
  validationAccuracy: z.number().exactOptional(),
});

export function areClassMetrics(part: PartMetrics): part is ClassMetrics {
  return 'accuracy' in part;
}

export function partMetrics(measured: Measured): PartMetrics {
  return measured.classes.length > 0 ? classMetrics(measured) : valueMetrics(measured);
}

/** The targets of some rows, in their order. */
export function targetsOf(targets: Measured['targets'], rows: Int32Array): Measured['targets'] {
  const chosen = new (targets instanceof Int32Array ? Int32Array : Float32Array)(rows.length);
  for (const [index, row] of rows.entries()) chosen[index] = targets[row] ?? Number.NaN;
  return chosen;
}
