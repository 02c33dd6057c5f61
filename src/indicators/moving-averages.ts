import { at, unknownColumn } from './columns.ts';
import { rollingSum } from './rolling.ts';

/** The mean of the last `period` values. */
export function simpleAverage(values: Float64Array, period: number): Float64Array {
  return rollingSum(values, period).map((sum) => sum / period);
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
  const result = unknownColumn(values.length);
  const first = start + period - 1;
  let average = 0;
  for (let index = start; index < values.length; index += 1) {
    const value = at(values, index);
    if (index < first) average += value;
    else if (index === first) average = (average + value) / period;
    else average += weight * (value - average);
    if (index >= first) result[index] = average;
  }
  return result;
}
