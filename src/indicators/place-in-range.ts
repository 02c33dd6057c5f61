import type { Bars } from '../market/index.ts';
import { at } from './columns.ts';
import { rollingRange } from './rolling.ts';

/**
 * Where each close lies between the lowest low (0) and the highest high (100) of the last `period` bars. In a range
 * without extent it is 50, the middle (TA-Lib says 0, which would read as the lowest).
 */
export function placeInRange(bars: Bars, period: number): Float64Array {
  const { close } = bars;
  const { highest, lowest } = rollingRange(bars, period);
  // A column less to allocate: the places take the place of the highs.
  const places = highest;
  for (let index = 0; index < places.length; index += 1) {
    const bottom = at(lowest, index);
    const extent = at(highest, index) - bottom;
    places[index] = extent === 0 ? 50 : (100 * (at(close, index) - bottom)) / extent;
  }
  return places;
}
