import { z } from 'zod';
import { defineIndicator } from './definition.ts';
import { period } from './parameters.ts';
import { placeInRange } from './place-in-range.ts';

/** -50 where nothing moves. */
export const williamsR = defineIndicator({
  type: 'williamsr',
  aliases: ['willr'],
  name: 'Williams %R',
  description: 'Where the close lies between the lowest low (-100) and the highest high (0) of the last bars.',
  kind: 'momentum',
  parameters: z.strictObject({ period: period(14, [1, 100]) }),
  outputs: ['value'],
  warmUp: ({ period }) => period - 1,
  compute: (bars, { period }) => ({ value: placeInRange(bars, period).map((place) => place - 100) }),
});
