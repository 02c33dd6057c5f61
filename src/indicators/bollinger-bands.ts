import { z } from 'zod';
import { at, ratio, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { multiplier, period, source } from './parameters.ts';
import { rollingMoments } from './rolling.ts';

const parameters = z.strictObject({
  period: period(20, [2, 200]),
  multiplier: multiplier(2).describe('standard deviations from the middle to a band'),
  source,
});

export const bollingerBands = defineIndicator({
  type: 'bollingerbands',
  aliases: ['bbands'],
  name: 'Bollinger Bands',
  description: 'Simple average, and bands a number of standard deviations above and below it.',
  kind: 'volatility',
  parameters,
  outputs: ['upper', 'middle', 'lower'],
  reads: ['source'],
  warmUp: ({ period }) => period - 1,
  compute: (bars, { source, ...parameters }) => bollinger(sourceColumn(bars, source), parameters),
});

/** (upper - lower) / middle, as a fraction. */
export const bollingerBandWidth = defineIndicator({
  type: 'bollingerbandwidth',
  aliases: ['bbwidth'],
  name: 'Bollinger Band Width',
  description: 'Distance between the Bollinger bands as a fraction of the middle one: narrow in calm markets.',
  kind: 'volatility',
  parameters,
  outputs: ['value'],
  reads: ['source'],
  warmUp: ({ period }) => period - 1,
  compute(bars, { period, multiplier, source }) {
    const { mean, variance } = rollingMoments(sourceColumn(bars, source), period);
    // A column less to allocate: the widths take the place of the variances.
    const value = variance;
    for (let index = 0; index < value.length; index += 1) {
      value[index] = ratio(2 * multiplier * Math.sqrt(at(variance, index)), at(mean, index));
    }
    return { value };
  },
});

interface Bands {
  readonly upper: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
}

/** The standard deviation is that of the whole window (divided by the period, not one less), as in TA-Lib. */
export function bollinger(
  values: Float64Array,
  { period, multiplier }: { readonly period: number; readonly multiplier: number },
): Bands {
  const { mean, variance } = rollingMoments(values, period);
  const upper = new Float64Array(mean.length);
  const lower = new Float64Array(mean.length);
  for (let index = 0; index < mean.length; index += 1) {
    const reach = multiplier * Math.sqrt(at(variance, index));
    upper[index] = at(mean, index) + reach;
    lower[index] = at(mean, index) - reach;
  }
  return { upper, middle: mean, lower };
}
