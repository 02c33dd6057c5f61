import { openLabels, type BarLabels } from './bar-labels.ts';

/** What the closing price gains over the next `horizon` bars: 0.01 is 1 %. */
export function forwardReturns(closes: Float64Array, horizon: number): BarLabels {
  const labels = openLabels(closes.length);
  for (let index = 0; index + horizon < closes.length; index += 1) {
    const value = (closes[index + horizon] ?? Number.NaN) / (closes[index] ?? Number.NaN) - 1;
    if (Number.isFinite(value)) labels.decide(index, index + 1, { value, decidedAt: index + horizon });
  }
  return labels;
}
