import { z } from 'zod';
import { log } from '../base/index.ts';
import { at, silence, sourceColumn, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { exponentialAverage } from './moving-averages.ts';
import { barCount, period } from './parameters.ts';
import { rollingRange } from './rolling.ts';

/** The transform is infinite at the ends of the range, so a place counts as this far from the middle at most. */
const furthest = 0.999;

/**
 * The place of each bar's middle between the lowest low (-1) and the highest high (1), stretched by
 * 0.5 ln((1 + x) / (1 - x)) so that extremes stand out, and averaged exponentially. 0 in a range without extent.
 * `signal` is the value of the bar before.
 */
export const fisherTransform = defineIndicator({
  type: 'fishertransform',
  aliases: ['fisher'],
  name: 'Fisher Transform',
  description: 'Place of the price in its range, stretched so that turning points become sharp peaks.',
  kind: 'momentum',
  parameters: z.strictObject({
    period: period(10, [2, 100]),
    smoothing: barCount(3, [1, 20]).describe('bars of the exponential average'),
  }),
  outputs: ['fisher', 'signal'],
  reads: ['high', 'low'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const { period, smoothing } = parameters;
    const middle = sourceColumn(bars, 'hl2');
    const { highest, lowest } = rollingRange(bars, period);
    const stretched = unknownColumn(middle.length);
    for (let index = period - 1; index < stretched.length; index += 1) {
      const bottom = at(lowest, index);
      const extent = at(highest, index) - bottom;
      const place = extent === 0 ? 0 : (2 * (at(middle, index) - bottom)) / extent - 1;
      const x = Math.max(-furthest, Math.min(furthest, place));
      stretched[index] = 0.5 * log((1 + x) / (1 - x));
    }
    const fisher = exponentialAverage(stretched, { period: smoothing, start: period - 1 });
    const signal = unknownColumn(fisher.length);
    for (let index = 1; index < signal.length; index += 1) signal[index] = at(fisher, index - 1);
    return { fisher: silence(fisher, warmUpOf(parameters)), signal };
  },
});

function warmUpOf({ period, smoothing }: { period: number; smoothing: number }): number {
  return period - 1 + (smoothing - 1) + 1;
}
