import { z } from 'zod';
import { at, ratio, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { exponentialAverage, simpleAverage } from './moving-averages.ts';
import { period, source } from './parameters.ts';

/** In percent of the average. The exponential average is seeded as TA-Lib does. */
export const distanceFromMa = defineIndicator({
  type: 'distancefromma',
  name: 'Distance from Moving Average',
  description: 'How far the value lies above or below its moving average, in percent of the average.',
  kind: 'trend',
  parameters: z.strictObject({
    period: period(20, [1, 200]),
    ma_type: z.enum(['SMA', 'EMA']).default('SMA').describe('simple or exponential average'),
    source,
  }),
  outputs: ['value'],
  reads: ['source'],
  warmUp: ({ period }) => period - 1,
  compute(bars, { period, ma_type, source }) {
    const values = sourceColumn(bars, source);
    const average = ma_type === 'SMA' ? simpleAverage(values, period) : exponentialAverage(values, { period });
    const value = new Float64Array(values.length);
    for (let index = 0; index < value.length; index += 1) {
      const usual = at(average, index);
      value[index] = 100 * ratio(at(values, index) - usual, usual);
    }
    return { value };
  },
});
