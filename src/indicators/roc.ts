import { z } from 'zod';
import { changeInPercent, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period, source } from './parameters.ts';

/** In percent, as TA-Lib's ROC. */
export const roc = defineIndicator({
  type: 'roc',
  aliases: ['rateofchange'],
  name: 'Rate of Change',
  description: 'Change against the value some bars ago, in percent of that value.',
  kind: 'momentum',
  parameters: z.strictObject({ period: period(10, [1, 100]), source }),
  outputs: ['value'],
  reads: ['source'],
  warmUp: ({ period }) => period,
  compute: (bars, { period, source }) => ({ value: changeInPercent(sourceColumn(bars, source), period) }),
});
