import { z } from 'zod';
import { at, typicalPrice, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period } from './parameters.ts';
import { rollingSum } from './rolling.ts';

/**
 * Money flow is typical price x volume, counted by the direction of the typical price; an unchanged price counts
 * neither way. 50 where no money flowed (TA-Lib says 0, which would read as oversold).
 */
export const mfi = defineIndicator({
  type: 'mfi',
  aliases: ['moneyflowindex'],
  name: 'Money Flow Index',
  description: 'Money traded in rising bars as a share of that in rising and falling ones, from 0 to 100.',
  kind: 'volume',
  parameters: z.strictObject({ period: period(14, [1, 100]) }),
  outputs: ['value'],
  reads: ['high', 'low', 'close', 'volume'],
  warmUp: ({ period }) => period,
  compute(bars, { period }) {
    const price = typicalPrice(bars);
    const rising = unknownColumn(price.length);
    const falling = unknownColumn(price.length);
    for (let index = 1; index < price.length; index += 1) {
      const change = at(price, index) - at(price, index - 1);
      const flow = at(price, index) * at(bars.volume, index);
      rising[index] = change > 0 ? flow : 0;
      falling[index] = change < 0 ? flow : 0;
    }
    const value = rollingSum(rising, period);
    const outflow = rollingSum(falling, period);
    for (let index = 0; index < value.length; index += 1) value[index] = shareOf(at(value, index), at(outflow, index));
    return { value };
  },
});

function shareOf(inflow: number, outflow: number): number {
  const total = inflow + outflow;
  return total === 0 ? 50 : (100 * inflow) / total;
}
