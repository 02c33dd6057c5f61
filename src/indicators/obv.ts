import { z } from 'zod';
import { at } from './columns.ts';
import { defineIndicator } from './definition.ts';

/** Starts with the volume of the first bar, as TA-Lib does; only its changes mean something. */
export const obv = defineIndicator({
  type: 'obv',
  aliases: ['onbalancevolume'],
  name: 'On-Balance Volume',
  description: 'Sum of the volumes of rising bars less those of falling bars, since the first bar.',
  kind: 'volume',
  parameters: z.strictObject({}),
  outputs: ['value'],
  reads: ['close', 'volume'],
  warmUp: () => 0,
  compute({ close, volume }) {
    const value = new Float64Array(volume.length);
    let balance = 0;
    for (let index = 0; index < value.length; index += 1) {
      const direction = index === 0 ? 1 : Math.sign(at(close, index) - at(close, index - 1));
      balance += direction * at(volume, index);
      value[index] = balance;
    }
    return { value };
  },
});
