/**
 * Makes the median absolute deviation of normal values their standard deviation: 1 / Φ⁻¹(3/4).
 * Hampel, "The Influence Curve and Its Role in Robust Estimation" (1974).
 */
const consistency = 1.4826;

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `1.4826 · median(|x - median(x)|)`: the spread of values, whatever a few of them are. */
export function robustScale(values: Float64Array): number {
  const centre = median(values);
  return consistency * median(values.map((value) => Math.abs(value - centre)));
}
