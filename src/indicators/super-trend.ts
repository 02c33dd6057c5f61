import { z } from 'zod';
import { at, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { multiplier, period } from './parameters.ts';
import { averageTrueRange } from './true-range.ts';

/**
 * While the trend rises, `trend` is a floor that never falls, a number of average true ranges below the middle of a bar;
 * a close below it turns the trend, and `trend` is a ceiling that never rises. `direction` is 1 or -1. It begins with
 * -1; the first turn leaves no trace of that.
 */
export const superTrend = defineIndicator({
  type: 'supertrend',
  name: 'SuperTrend',
  description: 'A stop a number of average true ranges away from the price, and the direction of the trend it follows.',
  kind: 'trend',
  parameters: z.strictObject({
    period: period(10, [1, 100]),
    multiplier: multiplier(3).describe('average true ranges from the middle of a bar to the stop'),
  }),
  outputs: ['trend', 'direction'],
  reads: ['high', 'low', 'close'],
  warmUp: ({ period }) => period,
  compute(bars, { period, multiplier }) {
    const { high, low, close } = bars;
    const range = averageTrueRange(bars, period);
    const trend = unknownColumn(close.length);
    const direction = unknownColumn(close.length);
    let ceiling = Infinity;
    let floor = -Infinity;
    let rising = false;
    for (let index = period; index < close.length; index += 1) {
      const before = at(close, index - 1);
      const price = at(close, index);
      const middle = (at(high, index) + at(low, index)) / 2;
      const reach = multiplier * at(range, index);
      ceiling = before > ceiling ? middle + reach : Math.min(ceiling, middle + reach);
      floor = before < floor ? middle - reach : Math.max(floor, middle - reach);
      rising = rising ? price >= floor : price > ceiling;
      trend[index] = rising ? floor : ceiling;
      direction[index] = rising ? 1 : -1;
    }
    return { trend, direction };
  },
});
