import { z } from 'zod';
import { at, silence, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { middleOf, middleOfRange } from './middle-of-range.ts';
import { barCount } from './parameters.ts';

/**
 * The lines as they stand at a bar, so that nothing looks ahead. The leading spans are those that a chart draws there:
 * they were computed `displacement` bars before. The lagging line (chikou) is the close, which a chart draws
 * `displacement` bars back, where nobody could know it; here it stands at the bar that it comes from.
 */
export const ichimoku = defineIndicator({
  type: 'ichimoku',
  aliases: ['ichimokucloud'],
  name: 'Ichimoku Cloud',
  description: 'Middles of the ranges of three lengths: turning line, base line, and the cloud that they throw ahead.',
  kind: 'multi_purpose',
  parameters: z.strictObject({
    tenkan_period: barCount(9, [1, 50]).describe('bars of the turning line (tenkan)'),
    kijun_period: barCount(26, [1, 100]).describe('bars of the base line (kijun)'),
    senkou_b_period: barCount(52, [1, 200]).describe('bars of the slower leading span (senkou_b)'),
    displacement: barCount(26, [1, 100]).describe('bars by which the leading spans are shifted'),
  }),
  outputs: ['tenkan', 'kijun', 'senkou_a', 'senkou_b', 'chikou'],
  reads: ['high', 'low', 'close'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const { displacement } = parameters;
    const warmUp = warmUpOf(parameters);
    const tenkan = middleOfRange(bars, parameters.tenkan_period);
    const kijun = middleOfRange(bars, parameters.kijun_period);
    const leadingB = middleOfRange(bars, parameters.senkou_b_period);
    return {
      senkou_a: silence(later(middleOf(tenkan, kijun), displacement), warmUp),
      senkou_b: silence(later(leadingB, displacement), warmUp),
      tenkan: silence(tenkan, warmUp),
      kijun: silence(kijun, warmUp),
      chikou: silence(Float64Array.from(bars.close), warmUp),
    };
  },
});

function warmUpOf(given: {
  tenkan_period: number;
  kijun_period: number;
  senkou_b_period: number;
  displacement: number;
}): number {
  return Math.max(given.tenkan_period, given.kijun_period, given.senkou_b_period) - 1 + given.displacement;
}

function later(values: Float64Array, bars: number): Float64Array {
  const result = unknownColumn(values.length);
  for (let index = bars; index < result.length; index += 1) result[index] = at(values, index - bars);
  return result;
}
