import { barCount, type Bars } from '../../market/index.ts';
import type { TripleBarrierLabels } from '../../strategies/index.ts';
import { averageUniqueness } from './average-uniqueness.ts';
import { openLabels, type BarLabels } from './bar-labels.ts';
import { cusumEvents } from './cusum-events.ts';
import { buy, hold, sell } from './directions.ts';
import { volatility } from './volatility.ts';

/**
 * Which of three barriers the price meets first from a bar's close on: the one above (BUY), the one below (SELL), or the
 * end of the holding time (HOLD). Lopez de Prado, Advances in Financial Machine Learning (2018), chapters 2 to 4.
 *
 * The barriers lie `takeProfit` and `stopLoss` volatilities from the close; bars that are no event have no label (see
 * `cusumEvents`), and labels that share their bars with others may count less (see `averageUniqueness`).
 *
 * A bar meets a barrier with its high or low. Where one bar meets both, the one nearer to its open counts, and the lower
 * one when they are equally near: what happened within the bar is not known.
 */
export function tripleBarrierLabels(bars: Bars, options: Omit<TripleBarrierLabels, 'source'>): BarLabels {
  const { takeProfit, stopLoss, maxHolding, cusum, weights } = options;
  const swing = volatility(bars, { method: options.volatilityMethod, span: options.volatilitySpan });
  const labels = openLabels(barCount(bars));
  for (const event of cusum === undefined ? bars.time.keys() : cusumEvents(bars.close, thresholds(cusum, swing))) {
    const close = bars.close[event] ?? Number.NaN;
    const unit = close * (swing[event] ?? Number.NaN);
    if (!(unit > 0)) continue;
    const met = firstMet(bars, { event, maxHolding, upper: close + takeProfit * unit, lower: close - stopLoss * unit });
    if (met !== undefined) labels.decide(event, event + 1, met);
  }
  const { values, decidedAt } = labels;
  return weights ? { values, decidedAt, weights: averageUniqueness(decidedAt) } : { values, decidedAt };
}

interface Barriers {
  readonly event: number;
  readonly upper: number;
  readonly lower: number;
  readonly maxHolding: number;
}

/** Nothing while the series ends before any barrier is met. */
function firstMet(
  { open, high, low }: Bars,
  { event, upper, lower, maxHolding }: Barriers,
): { value: number; decidedAt: number } | undefined {
  const last = event + maxHolding;
  for (let index = event + 1; index <= last && index < high.length; index += 1) {
    const isAbove = (high[index] ?? Number.NaN) >= upper;
    const isBelow = (low[index] ?? Number.NaN) <= lower;
    if (!isAbove && !isBelow) continue;
    const start = open[index] ?? Number.NaN;
    const isUpperFirst = isAbove && (!isBelow || upper - start < start - lower);
    return { value: isUpperFirst ? buy : sell, decidedAt: index };
  }
  return last < high.length ? { value: hold, decidedAt: last } : undefined;
}

function thresholds(cusum: NonNullable<TripleBarrierLabels['cusum']>, swing: Float64Array): Float64Array {
  return 'threshold' in cusum
    ? new Float64Array(swing.length).fill(cusum.threshold)
    : swing.map((value) => cusum.multiplier * value);
}
