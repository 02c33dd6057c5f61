import { z } from 'zod';
import { change, sourceColumn } from './columns.ts';
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
  reads: ['source'],
  warmUp: ({ period }) => period,
  compute: (bars, { period, source }) => ({ value: change(sourceColumn(bars, source), period) }),
});
