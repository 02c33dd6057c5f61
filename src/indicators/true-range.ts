import type { Bars } from '../market/index.ts';
import { at, unknownUntil } from './columns.ts';
import { wilderAverage } from './moving-averages.ts';

/** How far each bar reaches, the gap from the previous close included; NaN for the first bar, which has no such close. */
export function trueRange({ high, low, close }: Bars): Float64Array {
  const range = unknownUntil(close.length, 1);
  for (let index = 1; index < range.length; index += 1) {
    const previous = at(close, index - 1);
    range[index] = Math.max(at(high, index), previous) - Math.min(at(low, index), previous);
  }
  return range;
}

/** Wilder's average of the true range, seeded as TA-Lib does; its first value is at index `period`. */
export function averageTrueRange(bars: Bars, period: number): Float64Array {
  return wilderAverage(trueRange(bars), { period, start: 1 });
}
