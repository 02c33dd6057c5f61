import { z } from 'zod';
import { at, silence, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { wilderAverage } from './moving-averages.ts';
import { period } from './parameters.ts';
import { trueRange } from './true-range.ts';

/**
 * Wilder's directional movement, seeded as TA-Lib does: the running sums of movement and true range start from their
 * first `period - 1` values, the first ADX is the mean of the first `period` values of DX. All columns start with it.
 * Where nothing moves in any direction the DX counts as 0: no trend.
 */
export const adx = defineIndicator({
  type: 'adx',
  aliases: ['averagedirectionalindex'],
  name: 'Average Directional Index',
  description: 'Strength of a trend from 0 to 100 whatever its direction, and the strength of rises and falls in it.',
  kind: 'trend',
  parameters: z.strictObject({ period: period(14, [2, 200]) }),
  outputs: ['adx', 'plus_di', 'minus_di'],
  reads: ['high', 'low', 'close'],
  warmUp: ({ period }) => 2 * period - 1,
  compute(bars, { period }) {
    const { high, low } = bars;
    const rises = new Float64Array(high.length);
    const falls = new Float64Array(high.length);
    for (let index = 1; index < high.length; index += 1) {
      const rise = at(high, index) - at(high, index - 1);
      const fall = at(low, index - 1) - at(low, index);
      rises[index] = dominant(rise, fall);
      falls[index] = dominant(fall, rise);
    }
    const range = wilderSum(trueRange(bars), period);
    const plusDi = wilderSum(rises, period);
    const minusDi = wilderSum(falls, period);
    const dx = unknownColumn(high.length);
    for (let index = period; index < dx.length; index += 1) {
      const plus = share(at(plusDi, index), at(range, index));
      const minus = share(at(minusDi, index), at(range, index));
      plusDi[index] = plus;
      minusDi[index] = minus;
      dx[index] = share(Math.abs(plus - minus), plus + minus);
    }
    const warmUp = 2 * period - 1;
    return {
      adx: wilderAverage(dx, { period, start: period }),
      plus_di: silence(plusDi, warmUp),
      minus_di: silence(minusDi, warmUp),
    };
  },
});

/** Movement counts in one direction only: that in which the bar reached further. */
function dominant(movement: number, opposite: number): number {
  return movement > opposite && movement > 0 ? movement : 0;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

/** Wilder's running sum: each step drops 1 / period of the sum and adds the newest value; the first is at index `period`. */
function wilderSum(values: Float64Array, period: number): Float64Array {
  const result = unknownColumn(values.length);
  let sum = 0;
  for (let index = 1; index < values.length; index += 1) {
    if (index >= period) sum -= sum / period;
    sum += at(values, index);
    if (index >= period) result[index] = sum;
  }
  return result;
}
