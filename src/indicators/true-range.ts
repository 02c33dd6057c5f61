import type { Bars } from '../market/index.ts';
import { at } from './columns.ts';

/** How far each bar reaches, the gap from the previous close included; NaN for the first bar, which has no such close. */
export function trueRange({ high, low, close }: Bars): Float64Array {
  return high.map((top, index) => {
    const previous = at(close, index - 1);
    return Math.max(top, previous) - Math.min(at(low, index), previous);
  });
}
