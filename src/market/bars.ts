import type { TimeRange } from './time-range.ts';

/**
 * A series of bars as columns of equal length, oldest first, times strictly rising.
 * `time` is the start of the bar in epoch milliseconds: an instant for intraday timeframes, a session date at
 * midnight UTC for `1d` and slower (see `isIntraday`). Prices are in the instrument's currency, unadjusted unless the source says
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

/** How many bars a step of long work takes, well below a millisecond. */
export const barsPerStep = 32_768;

export const barColumns = ['time', 'open', 'high', 'low', 'close', 'volume'] as const satisfies (keyof Bars)[];

export type BarColumn = (typeof barColumns)[number];

/** One bar by itself, for decoders and tests; a series travels as `Bars`. */
export type BarRow = Readonly<Record<BarColumn, number>>;

export function barCount(bars: Bars): number {
  return bars.time.length;
}

/** Columns of the given length, all zero, for whoever fills them. */
export function allocateBars(count: number): Bars {
  return mapColumns(() => new Float64Array(count));
}

export const emptyBars: Bars = allocateBars(0);

export function barsFromRows(rows: readonly BarRow[]): Bars {
  return mapColumns((column) => Float64Array.from(rows, (row) => row[column]));
}

/** The bars from index `from` up to, not including, index `to`: a view on the same memory. */
export function sliceBars(bars: Bars, from: number, to: number): Bars {
  return mapColumns((column) => bars[column].subarray(from, to));
}

/** The bars whose stamp lies in the range: a view on the same memory. */
export function barsInRange(bars: Bars, range: TimeRange): Bars {
  return sliceBars(bars, indexAtOrAfter(bars.time, range.start), indexAtOrAfter(bars.time, range.end));
}

/** The first index whose value is at or after `instant`, in a rising column; its length when there is none. */
export function indexAtOrAfter(times: Float64Array, instant: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mapColumns(column: (name: BarColumn) => Float64Array): Bars {
  return {
    time: column('time'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}
