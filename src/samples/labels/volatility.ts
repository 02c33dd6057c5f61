import { findIndicator } from '../../indicators/index.ts';
import { barCount, type Bars } from '../../market/index.ts';
import type { TripleBarrierLabels } from '../../strategies/index.ts';

/**
 * How far the price swings within a bar, as a share of it, known with each bar; NaN while too few bars have passed.
 *
 * `atr`: the average true range over `span` bars, divided by the close. `close`: the standard deviation of the returns
 * from close to close, weighted exponentially with decay 2 / (span + 1) and without the correction for bias, as in Lopez
 * de Prado, Advances in Financial Machine Learning (2018), 3.1, from the bar `span` on.
 */
export function volatility(
  bars: Bars,
  { method, span }: { method: TripleBarrierLabels['volatilityMethod']; span: number },
): Float64Array {
  if (method === 'atr') return trueRanges(bars, span).map((range, index) => range / (bars.close[index] ?? Number.NaN));
  const result = new Float64Array(barCount(bars)).fill(Number.NaN);
  const decay = 2 / (span + 1);
  let mean = 0;
  let variance = 0;
  for (let index = 1; index < result.length; index += 1) {
    const gain = (bars.close[index] ?? Number.NaN) / (bars.close[index - 1] ?? Number.NaN) - 1;
    // The first return is the mean itself; after it both averages forget at the same rate.
    const surprise = index === 1 ? 0 : gain - mean;
    mean = index === 1 ? gain : mean + decay * surprise;
    variance = (1 - decay) * (variance + decay * surprise ** 2);
    if (index >= span) result[index] = Math.sqrt(variance);
  }
  return result;
}

/** The average true range over `period` bars, in units of the price. */
export function trueRanges(bars: Bars, period: number): Float64Array {
  const { value } = findIndicator('atr').configure({ period }).compute(bars);
  return value ?? new Float64Array(barCount(bars)).fill(Number.NaN);
}
