import type { Feature, Normalization } from '../strategies/index.ts';

/** A feature's number for the network is `(value - offset) / scale`. */
export interface FeatureScale {
  readonly method: Normalization;
  readonly offset: number;
  readonly scale: number;
}

export const unscaled: FeatureScale = { method: 'none', offset: 0, scale: 1 };

/**
 * Scales the columns of raw features in place. `minmax` brings the training rows into [0, 1], `zscore` gives them mean 0
 * and standard deviation 1; other rows may lie outside, because nothing but the training rows is looked at. A column
 * that is constant there becomes 0.
 * @param values row after row, a number for each feature.
 */
export function normalize(values: Float32Array, features: readonly Feature[], trainRows: Int32Array): FeatureScale[] {
  const seen = new Float64Array(trainRows.length);
  return features.map((feature, column) => {
    const method = feature.kind === 'raw' ? feature.normalization : 'none';
    if (method === 'none') return unscaled;
    for (let index = 0; index < seen.length; index += 1) {
      seen[index] = values[(trainRows[index] ?? 0) * features.length + column] ?? Number.NaN;
    }
    const { offset, scale } = method === 'minmax' ? span(seen) : spread(seen);
    for (let index = column; index < values.length; index += features.length) {
      values[index] = ((values[index] ?? Number.NaN) - offset) / scale;
    }
    return { method, offset, scale };
  });
}

function span(values: Float64Array): { offset: number; scale: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { offset: low, scale: high > low ? high - low : 1 };
}

function spread(values: Float64Array): { offset: number; scale: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { offset: mean, scale: variance > 0 ? Math.sqrt(variance) : 1 };
}

/** The mean of each feature over some rows: what the network sees on an ordinary day. */
export function featureMeans(values: Float32Array, width: number, rows: Int32Array): number[] {
  const sums = new Float64Array(width);
  for (const row of rows) {
    for (let column = 0; column < width; column += 1)
      sums[column] = (sums[column] ?? 0) + (values[row * width + column] ?? 0);
  }
  return Array.from(sums, (sum) => sum / rows.length);
}
