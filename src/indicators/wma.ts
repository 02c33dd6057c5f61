import { z } from 'zod';
import { at, sourceColumn, unknownUntil } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period, source } from './parameters.ts';

export const wma = defineIndicator({
  type: 'wma',
  aliases: ['weightedmovingaverage'],
  name: 'Weighted Moving Average',
  description: 'Mean in which the newest value weighs as much as the period is long, and each earlier one 1 less.',
  kind: 'trend',
  parameters: z.strictObject({ period: period(20, [2, 500]), source }),
  outputs: ['value'],
  reads: ['source'],
  warmUp: ({ period }) => period - 1,
  compute: (bars, { period, source }) => ({ value: weightedAverage(sourceColumn(bars, source), period) }),
});

function weightedAverage(values: Float64Array, period: number): Float64Array {
  const result = unknownUntil(values.length, period - 1);
  const weights = (period * (period + 1)) / 2;
  for (let end = period - 1; end < values.length; end += 1) {
    let sum = 0;
    for (let weight = 1; weight <= period; weight += 1) sum += weight * at(values, end - period + weight);
    result[end] = sum / weights;
  }
  return result;
}
