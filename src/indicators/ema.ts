import { z } from 'zod';
import { at, sourceColumn, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { exponentialAverage } from './moving-averages.ts';
import { period, source } from './parameters.ts';

/**
 * The newest value weighs 2 / (period + 1), each earlier one a constant factor less.
 * Two conventions for the beginning: with `adjust` the weights of the values that exist are scaled to 1 (as pandas'
 * `ewm(span, adjust=True)`), without it the average starts from the mean of the first `period` values (as TA-Lib).
 * The two converge.
 */
export const ema = defineIndicator({
  type: 'ema',
  aliases: ['exponentialmovingaverage'],
  name: 'Exponential Moving Average',
  description: 'Mean in which older values weigh less and less.',
  kind: 'trend',
  parameters: z.strictObject({
    period: period(20, [1, 500]),
    adjust: z.boolean().default(true).describe('scale the weights of the first values; otherwise start from a mean'),
    source,
  }),
  outputs: ['value'],
  reads: ['source'],
  warmUp: ({ period }) => period - 1,
  compute(bars, { period, adjust, source }) {
    const values = sourceColumn(bars, source);
    return { value: adjust ? adjustedAverage(values, period) : exponentialAverage(values, { period }) };
  },
});

function adjustedAverage(values: Float64Array, period: number): Float64Array {
  const result = unknownColumn(values.length);
  const fading = 1 - 2 / (period + 1);
  let sum = 0;
  let weights = 0;
  for (let index = 0; index < values.length; index += 1) {
    sum = at(values, index) + fading * sum;
    weights = 1 + fading * weights;
    if (index >= period - 1) result[index] = sum / weights;
  }
  return result;
}
