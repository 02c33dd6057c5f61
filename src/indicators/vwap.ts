import { z } from 'zod';
import { at, ratio, typicalPrice } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { barCount } from './parameters.ts';
import { rollingSum } from './rolling.ts';

/** Unknown where nothing was traded in the whole window: there is no price that anybody paid. */
export const vwap = defineIndicator({
  type: 'vwap',
  aliases: ['volumeweightedaverageprice'],
  name: 'Volume Weighted Average Price',
  description: 'Mean price of the last bars, each weighted with its volume: what was paid on average.',
  kind: 'volume',
  parameters: z.strictObject({
    period: barCount(20, [0, 200]).describe('bars that a value looks back on; 0 for all since the first'),
    use_typical_price: z.boolean().default(true).describe('mean of high, low and close; otherwise the close'),
  }),
  outputs: ['value'],
  reads: ['high', 'low', 'close', 'volume'],
  warmUp: ({ period }) => Math.max(0, period - 1),
  compute(bars, { period, use_typical_price: useTypicalPrice }) {
    const paid = new Float64Array(bars.close.length);
    const price = useTypicalPrice ? typicalPrice(bars) : bars.close;
    for (let index = 0; index < paid.length; index += 1) paid[index] = at(price, index) * at(bars.volume, index);
    const value = period === 0 ? runningSum(paid) : rollingSum(paid, period);
    const traded = period === 0 ? runningSum(bars.volume) : rollingSum(bars.volume, period);
    for (let index = 0; index < value.length; index += 1) value[index] = ratio(at(value, index), at(traded, index));
    return { value };
  },
});

function runningSum(values: Float64Array): Float64Array {
  const result = new Float64Array(values.length);
  let sum = 0;
  for (let index = 0; index < result.length; index += 1) {
    sum += at(values, index);
    result[index] = sum;
  }
  return result;
}
