/**
 * A series of bars as columns of equal length, oldest first, times strictly rising.
 * `time` is the start of the bar in epoch milliseconds: an instant for intraday timeframes, the session date at
 * midnight UTC for `1d` (see `isIntraday`). Prices are in the instrument's currency, unadjusted unless the source says
 * otherwise; `volume` is in shares or lots as the source reports it, and NaN where the source has none (currencies).
 */
export interface Bars {
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

export const barColumns = ['time', 'open', 'high', 'low', 'close', 'volume'] as const satisfies (keyof Bars)[];

export type BarColumn = (typeof barColumns)[number];
