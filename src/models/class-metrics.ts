import { z } from 'zod';
import type { Measured } from './metrics.ts';

/** How well a model sorts the rows of one part. */
export interface ClassMetrics {
  /** Mean loss by the objective and the weights of the training; of cross entropy and focal loss in nats. */
  loss: number;
  /** Share of rows whose likeliest class is their own. */
  accuracy: number;
  /** Means over the classes, each weighted by how many rows it has; a class that is never predicted has precision 0. */
  precision: number;
  recall: number;
  f1: number;
  /** `confusion[actual][predicted]`, in the order of the classes. */
  confusion: number[][];
  /** Rows by class. A class with hardly any rows is hardly learnt. */
  classBalance: Record<string, number>;
}

const share = z.number().min(0).max(1);

export const classMetricsSchema = z.object({
  loss: z.number(),
  accuracy: share,
  precision: share,
  recall: share,
  f1: share,
  confusion: z.array(z.array(z.number().int().nonnegative())),
  classBalance: z.record(z.string(), z.number().int().nonnegative()),
});

export function classMetrics({ loss, outputs, targets, classes }: Measured): ClassMetrics {
  const labels = classes.map((_, label) => label);
  const confusion = confusionOf(outputs, targets, classes.length);
  const at = (actual: number, predicted: number): number => confusion[actual * classes.length + predicted] ?? 0;
  const total = targets.length;
  const scores = labels.map((label) => {
    const hits = at(label, label);
    const actual = sum(labels.map((predicted) => at(label, predicted)));
    const predicted = sum(labels.map((other) => at(other, label)));
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
    confusion: labels.map((actual) => labels.map((predicted) => at(actual, predicted))),
    classBalance: Object.fromEntries(classes.map((name, label) => [name, scores[label]?.actual ?? 0])),
  };
}

/** Share of rows whose likeliest class is their own. */
export function accuracyOf({ outputs, targets, classes }: Omit<Measured, 'loss'>): number {
  const confusion = confusionOf(outputs, targets, classes.length);
  return ratio(sum(classes.map((_, label) => confusion[label * (classes.length + 1)] ?? 0)), targets.length);
}

/** How many rows of class `actual` were taken for class `predicted`, at `actual * classes + predicted`. */
function confusionOf(outputs: Float32Array, targets: Measured['targets'], classes: number): Int32Array {
  const confusion = new Int32Array(classes ** 2);
  for (let row = 0; row < targets.length; row += 1) {
    const cell = (targets[row] ?? 0) * classes + likeliest(outputs, row * classes, classes);
    confusion[cell] = (confusion[cell] ?? 0) + 1;
  }
  return confusion;
}

/** The class with the highest of the probabilities from `start` on; of equally likely ones the first. */
export function likeliest(outputs: Float32Array, start: number, classes: number): number {
  let best = 0;
  for (let label = 1; label < classes; label += 1) {
    if ((outputs[start + label] ?? 0) > (outputs[start + best] ?? 0)) best = label;
  }
  return best;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
