import { z } from 'zod';
import { at, ratio } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { simpleAverage } from './moving-averages.ts';
import { period } from './parameters.ts';

export const volumeRatio = defineIndicator({
  type: 'volumeratio',
  name: 'Volume Ratio',
  description: 'Volume of the bar against the mean volume of the last bars, itself included; 1 is an ordinary bar.',
  kind: 'volume',
  parameters: z.strictObject({ period: period(20, [2, 100]) }),
  outputs: ['value'],
  reads: ['volume'],
  warmUp: ({ period }) => period - 1,
  compute({ volume }, { period }) {
    const value = simpleAverage(volume, period);
    for (let index = 0; index < value.length; index += 1) value[index] = ratio(at(volume, index), at(value, index));
    return { value };
  },
});
