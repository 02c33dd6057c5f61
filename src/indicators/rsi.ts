import { z } from 'zod';
import { at, sourceColumn, unknownUntil } from './columns.ts';
import { defineIndicator } from './definition.ts';
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
  reads: ['source'],
  warmUp: ({ period }) => period,
  compute: (bars, { period, source }) => ({ value: relativeStrength(sourceColumn(bars, source), period) }),
});

/** Both of Wilder's averages in one loop: each waits for its own last value, so two cost no more than one. */
function relativeStrength(values: Float64Array, period: number): Float64Array {
  const result = unknownUntil(values.length, period);
  const weight = 1 / period;
  let rise = 0;
  let fall = 0;
  for (let index = 1; index < values.length; index += 1) {
    const change = at(values, index) - at(values, index - 1);
    // The larger of the change and 0, and of its opposite and 0, without a branch: which it is, nobody can foretell.
    const size = Math.abs(change);
    const gain = (size + change) / 2;
    const loss = (size - change) / 2;
    if (index > period) {
      rise += weight * (gain - rise);
      fall += weight * (loss - fall);
    } else {
      rise += weight * gain;
      fall += weight * loss;
    }
    if (index >= period) result[index] = strength(rise, fall);
  }
  return result;
}

function strength(rise: number, fall: number): number {
  const movement = rise + fall;
  return movement === 0 ? 50 : (100 * rise) / movement;
}
