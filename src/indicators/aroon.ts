import { z } from 'zod';
import { at, difference, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period } from './parameters.ts';

/** Of equal highs or lows the newest counts, as in TA-Lib. The window is the bar itself and `period` bars before it. */
export const aroon = defineIndicator({
  type: 'aroon',
  name: 'Aroon',
  description: 'How fresh the highest high (up) and the lowest low (down) are: 100 in this bar, 0 a period ago.',
  kind: 'trend',
  parameters: z.strictObject({
    period: period(14, [1, 200]),
    include_oscillator: z.boolean().default(false).describe('give the output oscillator, up less down, too'),
  }),
  outputs: ['up', 'down', 'oscillator'],
  reads: ['high', 'low'],
  leavesOut: ({ include_oscillator: included }) => (included ? [] : ['oscillator']),
  warmUp: ({ period }) => period,
  compute({ high, low }, { period }) {
    const up = freshness(high, { period, sign: 1 });
    const down = freshness(low, { period, sign: -1 });
    return { up, down, oscillator: difference(up, down) };
  },
});

/** How fresh the largest of the values times `sign` is. A window is gone through only when it has lost its largest. */
function freshness(
  values: Float64Array,
  { period, sign }: { readonly period: number; readonly sign: 1 | -1 },
): Float64Array {
  const result = unknownColumn(values.length);
  let place = 0;
  let largest = -Infinity;
  for (let index = 0; index < values.length; index += 1) {
    if (place < index - period) {
      largest = -Infinity;
      for (let earlier = index - period; earlier < index; earlier += 1) {
        const value = sign * at(values, earlier);
        if (value < largest) continue;
        largest = value;
        place = earlier;
      }
    }
    const value = sign * at(values, index);
    if (value >= largest) {
      largest = value;
      place = index;
    }
    if (index >= period) result[index] = (100 * (period - (index - place))) / period;
  }
  return result;
}
