import * as fc from 'fast-check';
import { type Bars, sliceBars } from '../market/index.ts';

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
  return sliceBars(bars, 0, length);
}

export function tailOf(bars: Bars, start: number): Bars {
  return sliceBars(bars, start, bars.close.length);
}

/** Bars of a random walk in cents, each with an extent and a volume; the same for the same seed. */
export function walk(length: number, { seed = 1 } = {}): Bars {
  let state = seed;
  const upTo = (limit: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  let cents = 10_000;
  return barsOf(
    Array.from({ length }, () => {
      const open = cents + upTo(41) - 20;
      const close = Math.max(1_000, open + upTo(401) - 200);
      cents = close;
      const high = Math.max(open, close) + 1 + upTo(80);
      const low = Math.min(open, close) - 1 - upTo(80);
      return [open / 100, high / 100, low / 100, close / 100, 1 + upTo(10_000)] as const;
    }),
  );
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
