import { z } from 'zod';
import { silence } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { simpleAverage } from './moving-averages.ts';
import { barCount } from './parameters.ts';
import { placeInRange } from './place-in-range.ts';
import { rollingRange } from './rolling.ts';

/** The slow stochastic with simple averages, as TA-Lib's STOCH; both columns start with the first D. 50 where nothing moves. */
export const stochastic = defineIndicator({
  type: 'stochastic',
  aliases: ['stoch', 'stochasticoscillator'],
  name: 'Stochastic Oscillator',
  description: 'Where the close lies between the lowest low (0) and the highest high (100) of the last bars, smoothed.',
  kind: 'momentum',
  parameters: z.strictObject({
    k: barCount(14, [1, 100]).describe('bars of the range'),
    d: barCount(3, [1, 20]).describe('bars of the average of K'),
    smooth_k: barCount(3, [1, 20]).describe('bars over which K itself is averaged'),
  }),
  outputs: ['k', 'd'],
  reads: ['high', 'low', 'close'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const range = rollingRange(bars, parameters.k);
    const places = placeInRange(bars, range);
    // Two columns for all: each is written anew as soon as nobody needs what it said.
    const k = simpleAverage(places, parameters.smooth_k, range.lowest);
    const d = simpleAverage(k, parameters.d, places);
    return { k: silence(k, warmUpOf(parameters)), d };
  },
});

function warmUpOf({ k, d, smooth_k }: { k: number; d: number; smooth_k: number }): number {
  return k - 1 + (smooth_k - 1) + (d - 1);
}
