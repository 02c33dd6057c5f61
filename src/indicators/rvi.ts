import { z } from 'zod';
import type { Bars } from '../market/index.ts';
import { at, silence, unknownColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { simpleAverage } from './moving-averages.ts';
import { barCount, period } from './parameters.ts';
import { rollingSum } from './rolling.ts';

/** Bars before the first smoothed one: bars are smoothed over four, the two in the middle counted twice. */
const smoothing = 3;

/** The signal is the simple average of the index. 0 where no bar has an extent. */
export const rvi = defineIndicator({
  type: 'rvi',
  aliases: ['relativevigorindex', 'rvgi'],
  name: 'Relative Vigor Index',
  description: 'How far bars close above their open (up to 1) or below it (to -1), as a share of their range.',
  kind: 'momentum',
  parameters: z.strictObject({
    period: period(10, [4, 100]),
    signal: barCount(4, [1, 50]).describe('bars of the average of the index'),
  }),
  outputs: ['rvi', 'signal'],
  reads: ['open', 'high', 'low', 'close'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const { period, signal: signalPeriod } = parameters;
    const index = vigor(bars, period);
    const start = smoothing + period - 1;
    const signal = unknownColumn(index.length);
    signal.set(simpleAverage(index.subarray(start), signalPeriod), Math.min(start, index.length));
    return { rvi: silence(index, warmUpOf(parameters)), signal };
  },
});

function warmUpOf({ period, signal }: { period: number; signal: number }): number {
  return smoothing + (period - 1) + (signal - 1);
}

function vigor({ open, high, low, close }: Bars, period: number): Float64Array {
  const bodies = new Float64Array(close.length);
  const ranges = new Float64Array(close.length);
  for (let index = 0; index < close.length; index += 1) {
    bodies[index] = at(close, index) - at(open, index);
    ranges[index] = at(high, index) - at(low, index);
  }
  const result = rollingSum(smoothed(bodies), period);
  const extents = rollingSum(smoothed(ranges), period);
  for (let index = 0; index < result.length; index += 1) {
    const extent = at(extents, index);
    result[index] = extent === 0 ? 0 : at(result, index) / extent;
  }
  return result;
}

function smoothed(values: Float64Array): Float64Array {
  const result = unknownColumn(values.length);
  for (let index = smoothing; index < result.length; index += 1) {
    const middle = at(values, index - 1) + at(values, index - 2);
    result[index] = (at(values, index) + 2 * middle + at(values, index - 3)) / 6;
  }
  return result;
}
