import { barCount, isIntraday, timeframeMs, type Bars, type Timeframe } from '../../market/index.ts';
import { hasPrices } from './check-values.ts';
import type { IssueList } from './issue.ts';
import { robustScale } from './robust-scale.ts';
import { findSplits } from './splits.ts';

/** A move of this many robust standard deviations is no usual one. */
const unusual = 10;

/** Volatility changes over the years; it is measured over so many bars at a time. */
const blockLength = 500;

/** Smaller moves happen in any market, however quiet it was before. */
const extreme = Math.log(1.25);

/** A spike comes back by at least so much of what it went. */
const comesBack = 0.7;

/**
 * Spikes, splits and extreme moves, by the logarithmic returns of closes, `r = ln(c[i] / c[i-1])`.
 *
 * A return is unusual when `|r| > 10 · 1.4826 · MAD`, the median absolute deviation being that of the 500 returns around
 * (the Hampel identifier: Davies and Gather, "The Identification of Multiple Outliers", 1993). Of two unusual returns in
 * a row the second of which takes most of the first one back, the bar between is a spike.
 */
export function checkMoves(bars: Bars, timeframe: Timeframe, issues: IssueList): void {
  const returns = closeReturns(bars);
  const scales = blockScales(returns);
  const splits = new Map(findSplits(bars, timeframe).map((split) => [split.index, split]));
  const isUnusual = (index: number): boolean => {
    const scale = scales[Math.floor(index / blockLength)] ?? 0;
    return scale > 0 && Math.abs(returns[index] ?? 0) > unusual * scale;
  };
  for (let index = 1; index < barCount(bars); index += 1) {
    const [move = 0, next = 0] = [returns[index], returns[index + 1]];
    const split = splits.get(index);
    const change = `the close goes from ${bars.close[index - 1]} to ${bars.close[index]} (${percent(move)})`;
    if (split !== undefined) {
      issues.add('probable_split', [index, index + 1], `${change}, which a split of ${split.name} explains`);
    } else if (
      isUnusual(index) &&
      isUnusual(index + 1) &&
      move * next < 0 &&
      Math.abs(move + next) < (1 - comesBack) * Math.abs(move)
    ) {
      issues.add('spike', [index, index + 1], `${change} and comes back with the next bar`);
      index += 1;
    } else if (Math.abs(move) > extreme && isUnusual(index)) {
      issues.add('extreme_move', [index, index + 1], change);
    }
  }
}

/** How many equal prices in a row make a feed that has stopped: half an hour, and five bars at least. */
export function staleRun(timeframe: Timeframe): number {
  return isIntraday(timeframe) ? Math.max(5, Math.ceil((30 * 60_000) / timeframeMs(timeframe))) : 5;
}

function closeReturns(bars: Bars): Float64Array {
  return bars.close.map((close, index) => {
    if (index === 0 || !hasPrices(bars, index) || !hasPrices(bars, index - 1)) return 0;
    return Math.log(close / (bars.close[index - 1] ?? Number.NaN));
  });
}

/** The spread of the returns around each block; a quiet block is measured by the whole. */
function blockScales(returns: Float64Array): Float64Array {
  const moves = returns.filter((move) => move !== 0);
  const whole = moves.length === 0 ? 0 : robustScale(moves);
  return Float64Array.from({ length: Math.ceil(returns.length / blockLength) }, (_, block) => {
    const around = returns.subarray(Math.max(0, (block - 1) * blockLength), (block + 2) * blockLength);
    const scale = around.length < 20 ? whole : robustScale(around);
    return scale > 0 ? scale : whole;
  });
}

function percent(logReturn: number): string {
  const change = (Math.exp(logReturn) - 1) * 100;
  return `${change > 0 ? '+' : ''}${change.toFixed(1)} %`;
}
