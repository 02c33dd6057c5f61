import { type Bars, sliceBars } from '../market/index.ts';
import { type BarValue, unknownColumn } from './columns.ts';
import type { IndicatorColumns } from './definition.ts';

/**
 * Computes columns over bars some of which lack a number that the computation reads. Such a bar is unknown in every
 * column, and what comes after it is computed as a history of its own, warm-up included: a value that was carried over
 * it would rest on a guess.
 */
export function overKnownStretches(
  bars: Bars,
  reads: readonly BarValue[],
  compute: (bars: Bars) => IndicatorColumns,
): IndicatorColumns {
  const columns = reads.map((name) => bars[name]);
  if (columns.every(allFinite)) return compute(bars);

  const length = bars.close.length;
  const outputs = Object.keys(compute(sliceBars(bars, 0, 0)));
  const whole = Object.fromEntries(outputs.map((output) => [output, unknownColumn(length)]));
  const isKnown = (row: number): boolean => columns.every((column) => Number.isFinite(column[row]));
  for (let start = 0; start < length; start += 1) {
    if (!isKnown(start)) continue;
    let end = start + 1;
    while (end < length && isKnown(end)) end += 1;
    for (const [output, part] of Object.entries(compute(sliceBars(bars, start, end)))) whole[output]?.set(part, start);
    start = end;
  }
  return whole;
}

/**
 * A finite number less itself is 0, any other is not a number, nor is a sum with it. Two sums, because each addition waits
 * for the one before.
 */
function allFinite(column: Float64Array): boolean {
  const last = column.at(-1) ?? 0;
  let even = last - last;
  let odd = 0;
  for (let index = 1; index < column.length; index += 2) {
    const before = column[index - 1] ?? 0;
    const value = column[index] ?? 0;
    even += before - before;
    odd += value - value;
  }
  return even + odd === 0;
}
