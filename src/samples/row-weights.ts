import type { TrainingSettings } from '../strategies/index.ts';

interface RowWeightsOptions {
  readonly labelWeights: Float32Array;
  readonly targets: Int32Array | Float32Array;
  readonly classes: readonly string[];
  /** Only these rows are counted: how common a class is later is not known to the training. */
  readonly train: Int32Array;
  readonly classWeights: TrainingSettings['classWeights'];
}

/**
 * How much each row counts: its label's weight, times that of its class where these are balanced, `rows / (classes * rows
 * of the class)` in the training part. Nothing where all rows count the same.
 */
export function rowWeights(options: RowWeightsOptions): Float32Array | undefined {
  const { labelWeights, targets, classes, train, classWeights } = options;
  if (classWeights === 'none') return labelWeights.every((weight) => weight === 1) ? undefined : labelWeights;
  const counts = classCounts(targets, train, classes.length);
  return labelWeights.map((weight, row) => {
    const count = counts[targets[row] ?? -1] ?? 0;
    // A class that the training part does not know has no weight of its own; it is only ever measured.
    return count === 0 ? weight : (weight * train.length) / (classes.length * count);
  });
}

/** How many of the rows have each class; nothing where the targets are numbers. */
export function classCounts(targets: Int32Array | Float32Array, rows: Int32Array, classes: number): number[] {
  if (classes === 0) return [];
  const counts = Array.from({ length: classes }, () => 0);
  for (const row of rows) {
    const label = targets[row] ?? -1;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}
