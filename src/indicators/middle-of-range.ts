import type { Bars } from '../market/index.ts';
import { at } from './columns.ts';
import { rollingRange } from './rolling.ts';

/** The middle between the highest high and the lowest low of the last `period` bars. */
export function middleOfRange(bars: Bars, period: number): Float64Array {
  const { highest, lowest } = rollingRange(bars, period);
  return middleOf(highest, lowest);
}

export function middleOf(upper: Float64Array, lower: Float64Array): Float64Array {
  const middle = new Float64Array(upper.length);
  for (let index = 0; index < middle.length; index += 1) middle[index] = (at(upper, index) + at(lower, index)) / 2;
  return middle;
}
