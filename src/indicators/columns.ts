import type { Bars } from '../market/index.ts';

/** What a price indicator can read: a column of the bars, or an average of a bar's prices under its usual short name. */
export const sources = ['open', 'high', 'low', 'close', 'volume', 'hl2', 'hlc3', 'ohlc4'] as const;

export type Source = (typeof sources)[number];

export function sourceColumn(bars: Bars, source: Source): Float64Array {
  switch (source) {
    case 'hl2':
      return mean([bars.high, bars.low]);
    case 'hlc3':
      return typicalPrice(bars);
    case 'ohlc4':
      return mean([bars.open, bars.high, bars.low, bars.close]);
    case 'open':
    case 'high':
    case 'low':
    case 'close':
    case 'volume':
      return bars[source];
    default:
      return source satisfies never;
  }
}

/** The mean of high, low and close of each bar. */
export function typicalPrice({ high, low, close }: Bars): Float64Array {
  return mean([high, low, close]);
}

/** The value at an index, NaN beyond the ends: what lies before the first bar is unknown. */
export function at(column: Float64Array, index: number): number {
  return column[index] ?? Number.NaN;
}

/** A quotient, NaN where there is nothing to divide by. */
export function ratio(value: number, base: number): number {
  return base === 0 ? Number.NaN : value / base;
}

export function unknownColumn(length: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN);
}

/** Takes back what a column says before `warmUp`, for columns that start earlier than their companions. */
export function silence(column: Float64Array, warmUp: number): Float64Array {
  return column.fill(Number.NaN, 0, warmUp);
}

function mean(columns: readonly [Float64Array, ...Float64Array[]]): Float64Array {
  return columns[0].map((_, index) => columns.reduce((sum, column) => sum + at(column, index), 0) / columns.length);
}
