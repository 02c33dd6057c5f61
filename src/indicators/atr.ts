import { z } from 'zod';
import { defineIndicator } from './definition.ts';
import { period } from './parameters.ts';
import { averageTrueRange } from './true-range.ts';

/** Wilder's average of the true range, seeded as TA-Lib does with the mean of the first `period` true ranges. */
export const atr = defineIndicator({
  type: 'atr',
  aliases: ['averagetruerange'],
  name: 'Average True Range',
  description: 'How far a bar reaches on average, in units of the price, gaps included.',
  kind: 'volatility',
  parameters: z.strictObject({ period: period(14, [1, 100]) }),
  outputs: ['value'],
  reads: ['high', 'low', 'close'],
  warmUp: ({ period }) => period,
  compute: (bars, { period }) => ({ value: averageTrueRange(bars, period) }),
});
