import { at, unknownColumn } from './columns.ts';

/**
 * The sum, the largest or the smallest of each window of `period` values; NaN before the first full window.
 *
 * Blocks of `period` values are folded from both ends, so that a window is the tail of one block and the head of the
 * next (van Herk 1992, Gil and Werman 1993). Nothing is ever subtracted: sums do not drift over a million bars, and a NaN
 * is forgotten as soon as it leaves the window.
 */
export function rollingSum(values: Float64Array, period: number): Float64Array {
  return rolling(values, period, (a, b) => a + b);
}

export function rollingMax(values: Float64Array, period: number): Float64Array {
  return rolling(values, period, Math.max);
}

export function rollingMin(values: Float64Array, period: number): Float64Array {
  return rolling(values, period, Math.min);
}

/**
 * The mean of each window and the mean of `distance(value - mean)`: with squares the variance, with absolute values the
 * mean deviation. Values are taken relative to the newest of their window, so a window without movement deviates by
 * exactly 0, and large prices lose no digits.
 */
export function rollingDeviation(
  values: Float64Array,
  { period, distance }: { period: number; distance: (deviation: number) => number },
): { mean: Float64Array; deviation: Float64Array } {
  const mean = unknownColumn(values.length);
  const deviation = unknownColumn(values.length);
  for (let end = period - 1; end < values.length; end += 1) {
    const newest = at(values, end);
    const start = end - period + 1;
    let offset = 0;
    for (let index = start; index < end; index += 1) offset += at(values, index) - newest;
    offset /= period;
    let sum = 0;
    for (let index = start; index <= end; index += 1) sum += distance(at(values, index) - newest - offset);
    mean[end] = newest + offset;
    deviation[end] = sum / period;
  }
  return { mean, deviation };
}

function rolling(values: Float64Array, period: number, fold: (a: number, b: number) => number): Float64Array {
  const result = unknownColumn(values.length);
  const tails = new Float64Array(period);
  for (let block = 0; block < values.length; block += period) {
    const size = Math.min(period, values.length - block);
    let head = Number.NaN;
    for (let k = 0; k < size; k += 1) {
      const value = at(values, block + k);
      head = k === 0 ? value : fold(head, value);
      if (k === period - 1) result[block + k] = head;
      else if (block > 0) result[block + k] = fold(at(tails, k + 1), head);
    }
    let tail = Number.NaN;
    for (let k = size - 1; k >= 0; k -= 1) {
      const value = at(values, block + k);
      tail = k === size - 1 ? value : fold(value, tail);
      tails[k] = tail;
    }
  }
  return result;
}
