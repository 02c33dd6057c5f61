import { z } from 'zod';
import type { Bars } from '../market/index.ts';
import { at, silence, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { exponentialAverage } from './moving-averages.ts';
import { barCount, multiplier } from './parameters.ts';
import { averageTrueRange } from './true-range.ts';

interface KeltnerParameters {
  readonly period: number;
  readonly atr_period: number;
  readonly multiplier: number;
}

/** Exponential average and average true range are seeded as TA-Lib does. */
export const keltnerChannels = defineIndicator({
  type: 'keltnerchannels',
  aliases: ['keltner', 'keltnerchannel'],
  name: 'Keltner Channels',
  description: 'Exponential average of the close, and bands a number of average true ranges above and below it.',
  kind: 'volatility',
  parameters: z.strictObject({
    period: barCount(20, [2, 500]).describe('bars of the average of the close'),
    atr_period: barCount(10, [1, 100]).describe('bars of the average true range'),
    multiplier: multiplier(2).describe('average true ranges from the middle to a band'),
  }),
  outputs: ['upper', 'middle', 'lower'],
  reads: ['high', 'low', 'close'],
  warmUp: keltnerWarmUp,
  compute: keltner,
});

export function keltnerWarmUp({ period, atr_period: atrPeriod }: Omit<KeltnerParameters, 'multiplier'>): number {
  return Math.max(period - 1, atrPeriod);
}

export function keltner(bars: Bars, parameters: KeltnerParameters) {
  const { period, atr_period: atrPeriod, multiplier } = parameters;
  const warmUp = keltnerWarmUp(parameters);
  const middle = silence(exponentialAverage(bars.close, { period }), warmUp);
  const range = averageTrueRange(bars, atrPeriod);
  const upper = unknownColumn(middle.length);
  const lower = unknownColumn(middle.length);
  for (let index = warmUp; index < middle.length; index += 1) {
    const reach = multiplier * at(range, index);
    upper[index] = at(middle, index) + reach;
    lower[index] = at(middle, index) - reach;
  }
  return { upper, middle, lower };
}
