import { z } from 'zod';
import { at, change, changeInPercent, ratio, silence } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { moneyFlow } from './money-flow.ts';
import { simpleAverage } from './moving-averages.ts';
import { barCount } from './parameters.ts';

const usualBars = 50;

/**
 * The sum begins with the first bar, so only its changes mean something. `roc_10` and `momentum_21` are the changes of
 * the line over 10 bars in percent and over 21 bars, `relative_strength` is its distance from its mean of 50 bars, in
 * percent of that. All of them follow the line as it is given, smoothed where that is asked for.
 */
export const adLine = defineIndicator({
  type: 'adline',
  aliases: ['ad', 'accumulationdistribution', 'accumulationdistributionline'],
  name: 'Accumulation/Distribution Line',
  description: 'Sum of the volumes since the first bar, those near the high counted up and those near the low down.',
  kind: 'volume',
  parameters: z.strictObject({
    use_sma_smoothing: z.boolean().default(false).describe('give a simple average of the line in its place'),
    smoothing_period: barCount(21, [2, 200]).describe('bars of that average'),
  }),
  outputs: ['line', 'mf_multiplier', 'mf_volume', 'roc_10', 'momentum_21', 'relative_strength'],
  reads: ['high', 'low', 'close', 'volume'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const warmUp = warmUpOf(parameters);
    const flow = moneyFlow(bars);
    const sum = new Float64Array(flow.mf_volume.length);
    let balance = 0;
    for (let index = 0; index < sum.length; index += 1) {
      balance += at(flow.mf_volume, index);
      sum[index] = balance;
    }
    const { use_sma_smoothing: smoothed, smoothing_period: period } = parameters;
    const line = smoothed ? simpleAverage(sum, period) : sum;
    return {
      mf_multiplier: silence(flow.mf_multiplier, warmUp),
      mf_volume: silence(flow.mf_volume, warmUp),
      roc_10: silence(changeInPercent(line, 10), warmUp),
      momentum_21: silence(change(line, 21), warmUp),
      relative_strength: distanceFromUsual(line, warmUp),
      line: silence(line, warmUp),
    };
  },
});

function warmUpOf({
  use_sma_smoothing: smoothed,
  smoothing_period: period,
}: {
  use_sma_smoothing: boolean;
  smoothing_period: number;
}): number {
  return usualBars - 1 + (smoothed ? period - 1 : 0);
}

/** The window of the mean begins where the line does, so that what precedes it does not count. */
function distanceFromUsual(line: Float64Array, warmUp: number): Float64Array {
  const start = warmUp - (usualBars - 1);
  const result = new Float64Array(line.length).fill(Number.NaN);
  const usual = simpleAverage(line.subarray(start), usualBars);
  for (let index = warmUp; index < result.length; index += 1) {
    const mean = at(usual, index - start);
    result[index] = 100 * ratio(at(line, index) - mean, mean);
  }
  return result;
}
