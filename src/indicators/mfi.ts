import { z } from 'zod';
import { at, typicalPrice } from './columns.ts';
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
  warmUp: ({ period }) => period,
  compute(bars, { period }) {
    const price = typicalPrice(bars);
    const flow = price.map((value, index) => Math.sign(value - at(price, index - 1)) * value * at(bars.volume, index));
    const inflow = rollingSum(flow.map(rising), period);
    const outflow = rollingSum(flow.map(falling), period);
    return { value: inflow.map((up, index) => shareOf(up, at(outflow, index))) };
  },
});

const rising = (flow: number): number => Math.max(flow, 0);
const falling = (flow: number): number => Math.max(-flow, 0);

function shareOf(inflow: number, outflow: number): number {
  const total = inflow + outflow;
  return total === 0 ? 50 : (100 * inflow) / total;
}
