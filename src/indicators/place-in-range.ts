import type { Bars } from '../market/index.ts';
import { at } from './columns.ts';
import type { RollingRange } from './rolling.ts';

/**
 * Where each close lies between the lowest low (0) and the highest high (100) of the last bars. In a range without extent
 * it is 50, the middle (TA-Lib says 0, which would read as the lowest). A column less to allocate: the places are written
 * over the highs.
 */
export function placeInRange({ close }: Pick<Bars, 'close'>, { highest, lowest }: RollingRange): Float64Array {
  const places = highest;
  for (let index = 0; index < places.length; index += 1) {
    const bottom = at(lowest, index);
    const extent = at(highest, index) - bottom;
    places[index] = extent === 0 ? 50 : (100 * (at(close, index) - bottom)) / extent;
  }
  return places;
}
