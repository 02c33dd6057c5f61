import { z } from 'zod';
import type { Bars } from '../market/index.ts';
import { at, ratio, type Source, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period, source } from './parameters.ts';
import { rollingDeviation } from './rolling.ts';

const parameters = z.strictObject({
  period: period(20, [2, 200]),
  multiplier: z.number().positive().max(10).default(2).describe('standard deviations from the middle to a band'),
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
  warmUp: ({ period }) => period - 1,
  compute: bands,
});

/** (upper - lower) / middle, as a fraction. */
export const bollingerBandWidth = defineIndicator({
  type: 'bollingerbandwidth',
  name: 'Bollinger Band Width',
  description: 'Distance between the Bollinger bands as a fraction of the middle one: narrow in calm markets.',
  kind: 'volatility',
  parameters,
  outputs: ['value'],
  warmUp: ({ period }) => period - 1,
  compute(bars, parameters) {
    const { upper, middle, lower } = bands(bars, parameters);
    return { value: upper.map((value, index) => ratio(value - at(lower, index), at(middle, index))) };
  },
});

/** The standard deviation is that of the whole window (divided by the period, not one less), as in TA-Lib. */
function bands(bars: Bars, { period, multiplier, source }: { period: number; multiplier: number; source: Source }) {
  const { mean, deviation } = rollingDeviation(sourceColumn(bars, source), { period, distance: (d) => d * d });
  const reach = deviation.map((variance) => multiplier * Math.sqrt(variance));
  return {
    upper: mean.map((value, index) => value + at(reach, index)),
    middle: mean,
    lower: mean.map((value, index) => value - at(reach, index)),
  };
}
