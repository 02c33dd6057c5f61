import type { ContextLabels } from '../../strategies/index.ts';
import { openLabels, type BarLabels } from './bar-labels.ts';
import { forwardReturns } from './forward-return.ts';

const [bullishLabel, bearishLabel, neutralLabel] = [0, 1, 2];

/** Where the price stands `horizon` bars later: gained more than `bullish`, less than `bearish`, or in between. */
export function contextLabels(
  closes: Float64Array,
  { horizon, bullish, bearish }: Omit<ContextLabels, 'source'>,
): BarLabels {
  const labels = openLabels(closes.length);
  const { values: gains, decidedAt } = forwardReturns(closes, horizon);
  for (const [index, gain] of gains.entries()) {
    if (Number.isNaN(gain)) continue;
    const value = gain > bullish ? bullishLabel : gain < bearish ? bearishLabel : neutralLabel;
    labels.decide(index, index + 1, { value, decidedAt: decidedAt[index] ?? index });
  }
  return labels;
}
