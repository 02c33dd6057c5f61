import { z } from 'zod';
import { sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { simpleAverage } from './moving-averages.ts';
import { period, source } from './parameters.ts';

export const sma = defineIndicator({
  type: 'sma',
  aliases: ['simplemovingaverage'],
  name: 'Simple Moving Average',
  description: 'Mean of the last values.',
  kind: 'trend',
  parameters: z.strictObject({ period: period(20, [2, 500]), source }),
  outputs: ['value'],
  reads: ['source'],
  warmUp: ({ period }) => period - 1,
  compute: (bars, { period, source }) => ({ value: simpleAverage(sourceColumn(bars, source), period) }),
});
