import { z } from 'zod';
import { labelNames } from '../samples/index.ts';

/** How well a model sorts the rows of one part. */
export interface PartMetrics {
  /** Mean cross entropy, in nats. */
  loss: number;
  accuracy: number;
  /** Means over the classes, each weighted by how many rows it has; a class that is never predicted has precision 0. */
  precision: number;
  recall: number;
  f1: number;
  /** `confusion[actual][predicted]`, in the order of the labels BUY, HOLD, SELL. */
  confusion: number[][];
  /** Rows by label. A class with hardly any rows is hardly learnt. */
  classBalance: Record<string, number>;
}

/** Of a part that the strategy leaves empty there are none. */
export interface PartsMetrics {
  train: PartMetrics;
  validation?: PartMetrics;
  test?: PartMetrics;
}

/** What one epoch came to. The accuracy on the training part is that of an even sample when the part is large. */
export interface EpochMetrics {
  epoch: number;
  trainLoss: number;
  trainAccuracy: number;
  validationLoss?: number;
  validationAccuracy?: number;
}

const share = z.number().min(0).max(1);

const partMetricsSchema = z.object({
  loss: z.number(),
  accuracy: share,
  precision: share,
  recall: share,
  f1: share,
  confusion: z.array(z.array(z.number().int().nonnegative())),
  classBalance: z.record(z.string(), z.number().int().nonnegative()),
});

export const partsMetricsSchema = z.object({
  train: partMetricsSchema,
  validation: partMetricsSchema.exactOptional(),
  test: partMetricsSchema.exactOptional(),
});

export const epochMetricsSchema = z.object({
  epoch: z.number().int().nonnegative(),
  trainLoss: z.number(),
  trainAccuracy: z.number(),
  validationLoss: z.number().exactOptional(),
  validationAccuracy: z.number().exactOptional(),
});

export function partMetrics({ loss, confusion }: { loss: number; confusion: Int32Array }): PartMetrics {
  const classes = labelNames.map((_, label) => label);
  const at = (actual: number, predicted: number): number => confusion[actual * labelNames.length + predicted] ?? 0;
  const total = confusion.reduce((sum, count) => sum + count, 0);
  const scores = classes.map((label) => {
    const hits = at(label, label);
    const actual = sum(classes.map((predicted) => at(label, predicted)));
    const predicted = sum(classes.map((other) => at(other, label)));
    const precision = ratio(hits, predicted);
    const recall = ratio(hits, actual);
    return { hits, actual, precision, recall, f1: ratio(2 * precision * recall, precision + recall) };
  });
  const weighted = (score: 'precision' | 'recall' | 'f1'): number =>
    Math.min(1, ratio(sum(scores.map((of) => of.actual * of[score])), total));
  return {
    loss,
    accuracy: ratio(sum(scores.map(({ hits }) => hits)), total),
    precision: weighted('precision'),
    recall: weighted('recall'),
    f1: weighted('f1'),
    confusion: classes.map((actual) => classes.map((predicted) => at(actual, predicted))),
    classBalance: Object.fromEntries(labelNames.map((name, label) => [name, scores[label]?.actual ?? 0])),
  };
}

/**
 * How many rows of class `actual` were taken for class `predicted`, at `actual * classes + predicted`; of equally likely
 * classes the first is predicted.
 * @param outputs the probability of each class, row after row.
 */
export function confusionOf(outputs: Float32Array, actual: Int32Array, classes: number): Int32Array {
  const confusion = new Int32Array(classes ** 2);
  for (const [row, label] of actual.entries()) {
    const chances = outputs.subarray(row * classes, (row + 1) * classes);
    const cell = label * classes + chances.indexOf(chances.reduce((most, chance) => Math.max(most, chance), 0));
    confusion[cell] = (confusion[cell] ?? 0) + 1;
  }
  return confusion;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
