import { z } from 'zod';
import { at } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period } from './parameters.ts';
import { placeInRange } from './place-in-range.ts';
import { rollingRange } from './rolling.ts';

/** -50 where nothing moves. */
export const williamsR = defineIndicator({
  type: 'williamsr',
  aliases: ['willr'],
  name: 'Williams %R',
  description: 'Where the close lies between the lowest low (-100) and the highest high (0) of the last bars.',
  kind: 'momentum',
  parameters: z.strictObject({ period: period(14, [1, 100]) }),
  outputs: ['value'],
  reads: ['high', 'low', 'close'],
  warmUp: ({ period }) => period - 1,
  compute(bars, { period }) {
    const value = placeInRange(bars, rollingRange(bars, period));
    for (let index = 0; index < value.length; index += 1) value[index] = at(value, index) - 100;
    return { value };
  },
});
