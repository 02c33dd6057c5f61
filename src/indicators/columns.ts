import type { BarColumn, Bars } from '../market/index.ts';

/** A column of the bars that an indicator can read. */
export type BarValue = Exclude<BarColumn, 'time'>;

/** What a price indicator can read: a column of the bars, or an average of a bar's prices under its usual short name. */
export const sources = ['open', 'high', 'low', 'close', 'volume', 'hl2', 'hlc3', 'ohlc4'] as const;

export type Source = (typeof sources)[number];

/** The columns of the bars that a source is made of. */
export function columnsOfSource(source: Source): readonly BarValue[] {
  switch (source) {
    case 'hl2':
      return ['high', 'low'];
    case 'hlc3':
      return ['high', 'low', 'close'];
    case 'ohlc4':
      return ['open', 'high', 'low', 'close'];
    case 'open':
    case 'high':
    case 'low':
    case 'close':
    case 'volume':
      return [source];
    default:
      return source satisfies never;
  }
}

export function sourceColumn(bars: Bars, source: Source): Float64Array {
  const [first, ...others] = columnsOfSource(source);
  const column = bars[first ?? 'close'];
  return others.length === 0 ? column : mean([column, ...others.map((name) => bars[name])]);
}

/** The mean of high, low and close of each bar. */
export function typicalPrice(bars: Bars): Float64Array {
  return sourceColumn(bars, 'hlc3');
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
  return unknownUntil(length, length);
}

/** A column for values from `start` on: unknown before, to be written from there. */
export function unknownUntil(length: number, start: number): Float64Array {
  return new Float64Array(length).fill(Number.NaN, 0, start);
}

/** Takes back what a column says before `warmUp`, for columns that start earlier than their companions. */
export function silence(column: Float64Array, warmUp: number): Float64Array {
  return column.fill(Number.NaN, 0, warmUp);
}

/** `a - b`, row by row. */
export function difference(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  for (let index = 0; index < result.length; index += 1) result[index] = at(a, index) - at(b, index);
  return result;
}

/** The change against the value `period` rows before; NaN for the first `period` rows. */
export function change(values: Float64Array, period: number): Float64Array {
  const result = unknownUntil(values.length, period);
  for (let index = period; index < values.length; index += 1) {
    result[index] = at(values, index) - at(values, index - period);
  }
  return result;
}

/** That change in percent of the earlier value; NaN where that is 0. */
export function changeInPercent(values: Float64Array, period: number): Float64Array {
  const result = unknownUntil(values.length, period);
  for (let index = period; index < values.length; index += 1) {
    const earlier = at(values, index - period);
    result[index] = ratio(100 * (at(values, index) - earlier), earlier);
  }
  return result;
}

function mean(columns: readonly [Float64Array, ...Float64Array[]]): Float64Array {
  const result = Float64Array.from(columns[0]);
  for (const column of columns.slice(1)) {
    for (let index = 0; index < result.length; index += 1) result[index] = at(result, index) + at(column, index);
  }
  for (let index = 0; index < result.length; index += 1) result[index] = at(result, index) / columns.length;
  return result;
}
