import { openLabels, type BarLabels } from './bar-labels.ts';
import { buy, hold, sell } from './directions.ts';
import { followZigzag } from './zigzag-legs.ts';

/**
 * Labels by the legs of the zigzag of closing prices, whose moves are at least `threshold` of the price (0.03 is 3 %).
 *
 * Each bar from a turning low up to the bar before the next high is BUY, each bar from a turning high up to the bar before
 * the next low is SELL: the label says where the price went from there, and is decided with the first bar that went
 * further. Bars before the first turning point are HOLD: since the beginning the price had not moved by the threshold.
 * The furthest bar of the last leg and those after it have no label yet.
 */
export function zigzagLabels(closes: Float64Array, threshold: number): BarLabels {
  const labels = openLabels(closes.length);
  let next = 0;
  followZigzag(closes, {
    size: (extreme) => threshold * (closes[extreme] ?? Number.NaN),
    reached({ direction, from, furthest }, at) {
      if (next < from) labels.decide(next, from, { value: hold, decidedAt: at });
      labels.decide(Math.max(next, from), furthest, { value: direction === 'up' ? buy : sell, decidedAt: at });
      next = furthest;
    },
  });
  return labels;
}
