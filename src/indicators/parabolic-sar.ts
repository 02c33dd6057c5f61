import { z } from 'zod';
import type { Bars } from '../market/index.ts';
import { at, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';

const factor = (standard: number) => z.number().min(0.001).max(0.1).default(standard);

const parameters = z
  .strictObject({
    initial_af: factor(0.02).describe('share of the distance to the furthest price that the stop first moves in a bar'),
    step_af: factor(0.02).describe('what each new furthest price adds to that share'),
    max_af: z.number().min(0.01).max(1).default(0.2).describe('largest share'),
  })
  .refine(({ initial_af: initial, max_af: max }) => initial <= max, 'initial_af must not exceed max_af');

/**
 * Wilder's stop and reverse with TA-Lib's beginning: the first direction is down where the second bar's low moved
 * further than its high did, the first stop is the opposite end of the first bar.
 */
export const parabolicSar = defineIndicator({
  type: 'parabolicsar',
  aliases: ['psar', 'sar'],
  name: 'Parabolic SAR',
  description: 'A stop that follows a trend ever closer, and changes sides when the price reaches it.',
  kind: 'trend',
  parameters,
  outputs: ['value'],
  reads: ['high', 'low'],
  warmUp: () => 1,
  compute: (bars, { initial_af: initial, step_af: step, max_af: max }) => ({
    value: stops(bars, { initial, step, max }),
  }),
});

function stops(
  { high, low }: Bars,
  { initial, step, max }: { readonly initial: number; readonly step: number; readonly max: number },
): Float64Array {
  const result = unknownColumn(high.length);
  const fell = at(low, 0) - at(low, 1);
  let rising = !(fell > 0 && fell > at(high, 1) - at(high, 0));
  let stop = rising ? at(low, 0) : at(high, 0);
  let furthest = rising ? at(high, 1) : at(low, 1);
  let share = initial;
  for (let index = 1; index < result.length; index += 1) {
    const top = at(high, index);
    const bottom = at(low, index);
    // TA-Lib lets the first bar that has a stop stand for its own predecessor.
    const topBefore = at(high, Math.max(1, index - 1));
    const bottomBefore = at(low, Math.max(1, index - 1));
    if (rising ? bottom <= stop : top >= stop) {
      rising = !rising;
      stop = rising ? Math.min(furthest, bottomBefore, bottom) : Math.max(furthest, topBefore, top);
      result[index] = stop;
      share = initial;
      furthest = rising ? top : bottom;
    } else {
      result[index] = stop;
      if (rising ? top > furthest : bottom < furthest) {
        furthest = rising ? top : bottom;
        share = Math.min(max, share + step);
      }
    }
    stop += share * (furthest - stop);
    stop = rising ? Math.min(stop, bottomBefore, bottom) : Math.max(stop, topBefore, top);
  }
  return result;
}
