import type { Bars } from '../market/index.ts';
import { at } from './columns.ts';

/**
 * Chaikin's reading of a bar: its multiplier says where the close lies between low (-1) and high (1), and 0 in a bar
 * without extent; the volume times that counts as bought (above 0) or sold.
 */
export function moneyFlow({ high, low, close, volume }: Bars): {
  readonly mf_multiplier: Float64Array;
  readonly mf_volume: Float64Array;
} {
  const multiplier = new Float64Array(close.length);
  const flow = new Float64Array(close.length);
  for (let index = 0; index < close.length; index += 1) {
    const top = at(high, index);
    const bottom = at(low, index);
    const price = at(close, index);
    const extent = top - bottom;
    const place = extent === 0 ? 0 : (price - bottom - (top - price)) / extent;
    multiplier[index] = place;
    flow[index] = place * at(volume, index);
  }
  return { mf_multiplier: multiplier, mf_volume: flow };
}
