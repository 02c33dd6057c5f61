import { z } from 'zod';
import { defineIndicator } from './definition.ts';
import { middleOf } from './middle-of-range.ts';
import { period } from './parameters.ts';
import { rollingRange } from './rolling.ts';

/** The bar itself counts: a high that breaks out is the upper channel of its own bar. */
export const donchianChannels = defineIndicator({
  type: 'donchianchannels',
  aliases: ['donchian', 'donchianchannel'],
  name: 'Donchian Channels',
  description: 'Highest high and lowest low of the last bars, and the middle between them.',
  kind: 'support_resistance',
  parameters: z.strictObject({
    period: period(20, [2, 500]),
    include_middle: z.boolean().default(true).describe('give the output middle, too'),
  }),
  outputs: ['upper', 'middle', 'lower'],
  reads: ['high', 'low'],
  leavesOut: ({ include_middle: included }) => (included ? [] : ['middle']),
  warmUp: ({ period }) => period - 1,
  compute(bars, { period }) {
    const { highest, lowest } = rollingRange(bars, period);
    return { upper: highest, middle: middleOf(highest, lowest), lower: lowest };
  },
});
