import type { Feature } from '../strategies/index.ts';

/** The features that have one and the same value in all of the rows. */
export function constantFeatures(values: Float32Array, features: readonly Feature[], rows: Int32Array): Feature[] {
  const [first] = rows;
  if (first === undefined) return [];
  return features.filter((_, column) => {
    const value = values[first * features.length + column];
    return rows.every((row) => values[row * features.length + column] === value);
  });
}
