import { z } from 'zod';
import { at, typicalPrice } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { period } from './parameters.ts';
import { rollingDeviation } from './rolling.ts';

/** Lambert's constant: it puts most values of most markets between -100 and 100. */
const scale = 0.015;

/** As TA-Lib: the mean absolute deviation is taken around the mean of the same window. 0 where nothing moves. */
export const cci = defineIndicator({
  type: 'cci',
  aliases: ['commoditychannelindex'],
  name: 'Commodity Channel Index',
  description: 'Distance of the typical price from its average, in units of its usual distance.',
  kind: 'momentum',
  parameters: z.strictObject({ period: period(20, [2, 100]) }),
  outputs: ['value'],
  reads: ['high', 'low', 'close'],
  warmUp: ({ period }) => period - 1,
  compute(bars, { period }) {
    const price = typicalPrice(bars);
    const { mean, deviation } = rollingDeviation(price, period);
    const value = new Float64Array(price.length);
    for (let index = 0; index < value.length; index += 1) {
      const usual = at(deviation, index);
      value[index] = usual === 0 ? 0 : (at(price, index) - at(mean, index)) / (scale * usual);
    }
    return { value };
  },
});
