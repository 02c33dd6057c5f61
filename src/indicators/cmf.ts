import { z } from 'zod';
import { at, change, difference, silence } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { moneyFlow } from './money-flow.ts';
import { exponentialAverage } from './moving-averages.ts';
import { period } from './parameters.ts';
import { rollingSum } from './rolling.ts';

const momentumBars = 5;
const signalBars = 9;

/**
 * The main column is the share of the volume that was bought, less the share that was sold; 0 where nothing was traded.
 * `momentum` is its change over 5 bars, `signal` its exponential average over 9, `histogram` its distance from that;
 * `above_zero` and `below_zero` are 1 where they hold and 0 elsewhere.
 */
export const cmf = defineIndicator({
  type: 'cmf',
  aliases: ['chaikinmoneyflow'],
  name: 'Chaikin Money Flow',
  description: 'Whether the volume of the last bars was traded near their highs (up to 1) or near their lows (to -1).',
  kind: 'volume',
  parameters: z.strictObject({ period: period(21, [2, 500]) }),
  outputs: ['cmf', 'mf_multiplier', 'mf_volume', 'momentum', 'signal', 'histogram', 'above_zero', 'below_zero'],
  reads: ['high', 'low', 'close', 'volume'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const { period } = parameters;
    const warmUp = warmUpOf(parameters);
    const flow = moneyFlow(bars);
    const cmf = rollingSum(flow.mf_volume, period);
    const traded = rollingSum(bars.volume, period);
    const above = new Float64Array(cmf.length);
    const below = new Float64Array(cmf.length);
    for (let index = 0; index < cmf.length; index += 1) {
      const volume = at(traded, index);
      const share = volume === 0 ? 0 : at(cmf, index) / volume;
      cmf[index] = share;
      above[index] = share > 0 ? 1 : 0;
      below[index] = share < 0 ? 1 : 0;
    }
    const signal = exponentialAverage(cmf, { period: signalBars, start: period - 1 });
    return {
      mf_multiplier: silence(flow.mf_multiplier, warmUp),
      mf_volume: silence(flow.mf_volume, warmUp),
      momentum: silence(change(cmf, momentumBars), warmUp),
      signal,
      histogram: difference(cmf, signal),
      above_zero: silence(above, warmUp),
      below_zero: silence(below, warmUp),
      cmf: silence(cmf, warmUp),
    };
  },
});

function warmUpOf({ period }: { period: number }): number {
  return period - 1 + Math.max(momentumBars, signalBars - 1);
}
