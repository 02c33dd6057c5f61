import { at, unknownUntil } from './columns.ts';
import { rollingSum } from './rolling.ts';

/** The mean of the last `period` values. */
export function simpleAverage(values: Float64Array, period: number): Float64Array {
  const result = rollingSum(values, period);
  for (let index = 0; index < result.length; index += 1) result[index] = at(result, index) / period;
  return result;
}

/**
 * Exponential average with the weight 2 / (period + 1) for the newest value, seeded as TA-Lib does: the first average,
 * at index `start + period - 1`, is the mean of the first `period` values from `start`.
 */
export function exponentialAverage(
  values: Float64Array,
  { period, start = 0 }: { period: number; start?: number },
): Float64Array {
  return recursiveAverage(values, { period, start, weight: 2 / (period + 1) });
}

/** Wilder's average: the weight of the newest value is 1 / period, the seed is the mean of the first `period` values. */
export function wilderAverage(
  values: Float64Array,
  { period, start }: { period: number; start: number },
): Float64Array {
  return recursiveAverage(values, { period, start, weight: 1 / period });
}

function recursiveAverage(
  values: Float64Array,
  { period, start, weight }: { period: number; start: number; weight: number },
): Float64Array {
  const first = start + period - 1;
  const result = unknownUntil(values.length, first);
  if (first >= values.length) return result;
  let average = 0;
  for (let index = start; index <= first; index += 1) average += at(values, index);
  average /= period;
  result[first] = average;
  for (let index = first + 1; index < values.length; index += 1) {
    average += weight * (at(values, index) - average);
    result[index] = average;
  }
  return result;
}
