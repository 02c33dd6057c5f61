import { z } from 'zod';
import { bollinger } from './bollinger-bands.ts';
import { at, sourceColumn, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { keltner, keltnerWarmUp } from './keltner-channels.ts';
import { barCount, multiplier, source } from './parameters.ts';

/** The average true range of the Keltner channels has their usual period, whatever that of their middle is. */
const atrPeriod = 10;

const parameters = z.strictObject({
  bb_period: barCount(20, [2, 200]).describe('bars of the Bollinger bands'),
  bb_multiplier: multiplier(2).describe('standard deviations from their middle to a band'),
  kc_period: barCount(20, [2, 200]).describe('bars of the average of the Keltner channels'),
  kc_multiplier: multiplier(2).describe('average true ranges from their middle to a channel'),
  source: source.describe('column that the Bollinger bands read; the Keltner channels read high, low and close'),
});

/**
 * The smaller of the two distances from a band inwards to its channel, as a share of the channels' width: 0 where a band
 * is not inside, 0.5 at most, when the bands have met in the middle. 0 also where the channels have no width.
 */
export const squeezeIntensity = defineIndicator({
  type: 'squeezeintensity',
  aliases: ['squeeze'],
  name: 'Squeeze Intensity',
  description: 'How deep the Bollinger bands lie within the Keltner channels: a calm that often ends with a move.',
  kind: 'volatility',
  parameters,
  outputs: ['value'],
  reads: ['high', 'low', 'close', 'source'],
  warmUp: warmUpOf,
  compute(bars, given) {
    const bands = bollinger(sourceColumn(bars, given.source), {
      period: given.bb_period,
      multiplier: given.bb_multiplier,
    });
    const channels = keltner(bars, { period: given.kc_period, atr_period: atrPeriod, multiplier: given.kc_multiplier });
    const value = unknownColumn(bars.close.length);
    for (let index = warmUpOf(given); index < value.length; index += 1) {
      const top = at(channels.upper, index);
      const bottom = at(channels.lower, index);
      const depth = Math.min(top - at(bands.upper, index), at(bands.lower, index) - bottom);
      value[index] = top === bottom ? 0 : Math.max(0, depth / (top - bottom));
    }
    return { value };
  },
});

function warmUpOf(given: { bb_period: number; kc_period: number }): number {
  return Math.max(given.bb_period - 1, keltnerWarmUp({ period: given.kc_period, atr_period: atrPeriod }));
}
