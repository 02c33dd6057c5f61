import { at } from './columns.ts';
import { rollingSum } from './rolling.ts';

/**
 * The mean of the last `period` values.
 * @param into where the means go, of the same length as `values`.
 */
export function simpleAverage(
  values: Float64Array,
  period: number,
  into: Float64Array = new Float64Array(values.length),
): Float64Array {
  const result = rollingSum(values, period, into);
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
  return recursiveAverage(values, { period, start, weight: 2 / (period + 1), into: new Float64Array(values.length) });
}

/**
 * Wilder's average, written over the values: the weight of the newest value is 1 / period, the seed is the mean of the
 * first `period` values.
 */
export function wilderAverage(
  values: Float64Array,
  { period, start }: { period: number; start: number },
): Float64Array {
  return recursiveAverage(values, { period, start, weight: 1 / period, into: values });
}

interface RecursiveAverage {
  readonly period: number;
  readonly start: number;
  readonly weight: number;
  /** As long as the values; may be the values themselves. */
  readonly into: Float64Array;
}

function recursiveAverage(values: Float64Array, { period, start, weight, into }: RecursiveAverage): Float64Array {
  const first = start + period - 1;
  let average = 0;
  for (let index = start; index <= first; index += 1) average += at(values, index);
  average /= period;
  into.fill(Number.NaN, 0, first);
  if (first < into.length) into[first] = average;
  for (let index = first + 1; index < values.length; index += 1) {
    average += weight * (at(values, index) - average);
    into[index] = average;
  }
  return into;
}
