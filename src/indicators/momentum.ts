import { z } from 'zod';
import { at, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period, source } from './parameters.ts';

export const momentum = defineIndicator({
  type: 'momentum',
  aliases: ['mom'],
  name: 'Momentum',
  description: 'Change against the value some bars ago, in units of the price.',
  kind: 'momentum',
  parameters: z.strictObject({ period: period(10, [1, 100]), source }),
  outputs: ['value'],
  warmUp: ({ period }) => period,
  compute(bars, { period, source }) {
    const values = sourceColumn(bars, source);
    return { value: values.map((value, index) => value - at(values, index - period)) };
  },
});
