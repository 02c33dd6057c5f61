import { barCount, isIntraday, timeframeMs, type Bars, type Timeframe } from '../../market/index.ts';
import { hasPrices } from './check-values.ts';

interface SplitRatio {
  /** New shares for one old one; below 1 when shares were drawn together. */
  readonly ratio: number;
  /** `7:1`. */
  readonly name: string;
}

/** A jump of raw prices between two sessions that looks like a split of the share. */
export interface ProbableSplit extends SplitRatio {
  /** The first bar after it. */
  readonly index: number;
}

/** The ratios in use. Smaller ones, such as 5:4, cannot be told from a bad night. */
const usual = [
  ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 100].map((shares) => [shares, 1] as const),
  [3, 2] as const,
  [5, 2] as const,
].flatMap(([more, fewer]) => [
  { ratio: more / fewer, name: `${more}:${fewer}` },
  { ratio: fewer / more, name: `${fewer}:${more}` },
]);

/** How far the opening may be from the ratio, as a logarithm: what the market itself does overnight comes on top. */
const tolerance = 0.04;

/**
 * Where the opening stands to the close before as the prices of a split do: `|ln(close[i-1] / open[i]) - ln(ratio)| <= 0.04`.
 * The opening and not the close, because the day's own move would blur it. Splits take effect between sessions.
 */
export function findSplits(bars: Bars, timeframe: Timeframe): ProbableSplit[] {
  const splits: ProbableSplit[] = [];
  for (let index = 1; index < barCount(bars); index += 1) {
    const found = splitBetween(bars.close[index - 1] ?? Number.NaN, bars.open[index] ?? Number.NaN);
    if (found === undefined || !isBetweenSessions(bars, timeframe, index)) continue;
    if (hasPrices(bars, index) && hasPrices(bars, index - 1)) splits.push({ index, ...found });
  }
  return splits;
}

/** The split that explains how a price follows another one, if one does. */
export function splitBetween(before: number, after: number): SplitRatio | undefined {
  const ratio = before / after;
  if (!(ratio > 1.4 || ratio < 1 / 1.4)) return undefined;
  return usual.find((known) => Math.abs(Math.log(ratio / known.ratio)) <= tolerance);
}

function isBetweenSessions({ time }: Bars, timeframe: Timeframe, index: number): boolean {
  return !isIntraday(timeframe) || (time[index] ?? 0) - (time[index - 1] ?? 0) > timeframeMs(timeframe);
}
