import { KtrdrError } from '../base/index.ts';

/** The classes that a network chooses between; the position is the label. Part of the contract of a model. */
export const labelNames = ['BUY', 'HOLD', 'SELL'] as const;

const buy = 0;
const hold = 1;
const sell = 2;

/** The label of a bar that cannot be labelled yet. */
export const unlabelled = -1;

/**
 * Labels of a series of closing prices by the legs of its zigzag.
 *
 * A low becomes a turning point as soon as the price has risen by `threshold` above it, a high as soon as the price has
 * fallen by `threshold` below it (0.03 is 3 %); highs and lows take turns. Each bar from a turning low up to the bar before the next high is BUY,
 * each bar from a turning high up to the bar before the next low is SELL: the label says where the price went from
 * there. Of equal prices the first is the turning point. Bars before the first turning point are HOLD: since the
 * beginning the price had not moved by the threshold.
 *
 * The last leg is unfinished. From its turning point to the bar before its furthest price so far the labels stand,
 * whatever comes next; that bar and those after it are `unlabelled`. So a label, once given, never changes when bars are
 * added, and the labels of a prefix are known from the prefix alone.
 */
export function zigzagLabels(closes: Float64Array, threshold: number): Int32Array {
  if (!(threshold > 0 && threshold < 1)) {
    throw new KtrdrError('invalid_input', `A zigzag threshold lies between 0 and 1, not at ${threshold}.`);
  }
  const labels = new Int32Array(closes.length).fill(unlabelled);
  let direction: 'none' | 'up' | 'down' = 'none';
  let from = 0;
  let high = 0;
  let low = 0;
  for (let index = 1; index < closes.length; index += 1) {
    const price = closes[index] ?? Number.NaN;
    const highest = closes[high] ?? Number.NaN;
    const lowest = closes[low] ?? Number.NaN;
    if (direction !== 'down' && price > highest) high = index;
    if (direction !== 'up' && price < lowest) low = index;
    if (direction === 'up') {
      if (highest - price >= threshold * highest) {
        labels.fill(buy, from, high);
        from = high;
        low = index;
        direction = 'down';
      }
    } else if (direction === 'down') {
      if (price - lowest >= threshold * lowest) {
        labels.fill(sell, from, low);
        from = low;
        high = index;
        direction = 'up';
      }
    } else if (price - lowest >= threshold * lowest) {
      labels.fill(hold, 0, low);
      from = low;
      high = index;
      direction = 'up';
    } else if (highest - price >= threshold * highest) {
      labels.fill(hold, 0, high);
      from = high;
      low = index;
      direction = 'down';
    }
  }
  if (direction === 'up') labels.fill(buy, from, high);
  if (direction === 'down') labels.fill(sell, from, low);
  return labels;
}
