import * as fc from 'fast-check';
import type { Bars } from '../market/index.ts';

export type BarRow = readonly [open: number, high: number, low: number, close: number, volume: number];

export function barsOf(rows: readonly BarRow[]): Bars {
  const column = (index: 0 | 1 | 2 | 3 | 4): Float64Array => Float64Array.from(rows, (row) => row[index]);
  return {
    time: Float64Array.from(rows, (_, index) => index * 60_000),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: column(4),
  };
}

/** Bars without range: every price is the close. */
export function closesOf(closes: readonly number[]): Bars {
  return barsOf(closes.map((close) => [close, close, close, close, 1000]));
}

export function headOf(bars: Bars, length: number): Bars {
  return {
    time: bars.time.subarray(0, length),
    open: bars.open.subarray(0, length),
    high: bars.high.subarray(0, length),
    low: bars.low.subarray(0, length),
    close: bars.close.subarray(0, length),
    volume: bars.volume.subarray(0, length),
  };
}

const price = fc.double({ min: 1, max: 1000, noNaN: true });

/** Any valid bars: prices between 1 and 1000, high and low around open and close, some bars without volume or range. */
export const anyBars = (size: { minLength: number; maxLength: number }): fc.Arbitrary<Bars> =>
  fc
    .array(fc.tuple(price, price, price, price, fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1e6 }))), size)
    .map((rows) =>
      barsOf(
        rows.map(([open, a, b, close, volume]) => [
          open,
          Math.max(open, a, b, close),
          Math.min(open, a, b, close),
          close,
          volume,
        ]),
      ),
    );
