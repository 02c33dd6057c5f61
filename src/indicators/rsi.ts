import { z } from 'zod';
import { at, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { wilderAverage } from './moving-averages.ts';
import { period, source } from './parameters.ts';

/**
 * Wilder's index with TA-Lib's seed: the first averages are plain means of the first `period` gains and losses.
 * Without any movement it is 50, neither strong nor weak (TA-Lib says 0, which would read as oversold).
 */
export const rsi = defineIndicator({
  type: 'rsi',
  aliases: ['relativestrengthindex'],
  name: 'Relative Strength Index',
  description: 'Strength of rises against falls, from 0 (only falls) to 100 (only rises).',
  kind: 'momentum',
  parameters: z.strictObject({ period: period(14, [2, 100]), source }),
  outputs: ['value'],
  warmUp: ({ period }) => period,
  compute(bars, { period, source }) {
    const values = sourceColumn(bars, source);
    const changes = values.map((value, index) => value - at(values, index - 1));
    const rises = wilderAverage(changes.map(gain), { period, start: 1 });
    const falls = wilderAverage(changes.map(loss), { period, start: 1 });
    return { value: rises.map((rise, index) => strength(rise, at(falls, index))) };
  },
});

const gain = (change: number): number => Math.max(change, 0);
const loss = (change: number): number => Math.max(-change, 0);

function strength(rise: number, fall: number): number {
  const movement = rise + fall;
  return movement === 0 ? 50 : (100 * rise) / movement;
}
