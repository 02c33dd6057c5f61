import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  barCount,
  barsFromRows,
  barsInRange,
  checkBars,
  concatBars,
  emptyBars,
  indexAtOrAfter,
  mergeBars,
  sliceBars,
  type BarRow,
  type Bars,
} from './bars.ts';

function bar(time: number, price = 10): BarRow {
  return { time, open: price, high: price + 1, low: price - 1, close: price, volume: 100 };
}

const anyBars = fc
  .uniqueArray(fc.record({ time: fc.integer({ min: 0, max: 60 }), price: fc.integer({ min: 2, max: 99 }) }), {
    selector: ({ time }) => time,
  })
  .map((points) => barsFromRows(points.sort((a, b) => a.time - b.time).map(({ time, price }) => bar(time, price))));

function closesByTime(bars: Bars): Map<number, number> {
  return new Map(Array.from(bars.time, (time, index) => [time, bars.close[index] ?? Number.NaN]));
}

describe('mergeBars()', () => {
  it('is the sorted union by time in which incoming bars win', () => {
    fc.assert(
      fc.property(anyBars, anyBars, (held, incoming) => {
        const merged = mergeBars(held, incoming);
        const wanted = new Map([...closesByTime(held), ...closesByTime(incoming)]);
        expect([...closesByTime(merged)]).toEqual([...wanted].sort(([a], [b]) => a - b));
        expect(() => checkBars(merged, 'merged')).not.toThrow();
      }),
    );
  });

  it('leaves a series alone when merged with nothing or itself', () => {
    fc.assert(
      fc.property(anyBars, (bars) => {
        expect(mergeBars(bars, emptyBars)).toEqual(bars);
        expect(mergeBars(emptyBars, bars)).toEqual(bars);
        expect(mergeBars(bars, bars)).toEqual(bars);
      }),
    );
  });
});

describe('slices', () => {
  it('put together again are the whole', () => {
    fc.assert(
      fc.property(anyBars, fc.nat(60), (bars, cut) => {
        const parts = [
          barsInRange(bars, { start: -Infinity, end: cut }),
          barsInRange(bars, { start: cut, end: Infinity }),
        ];
        expect(concatBars(parts)).toEqual(bars);
      }),
    );
  });

  it('are views, not copies', () => {
    const bars = barsFromRows([bar(1), bar(2), bar(3)]);
    expect(sliceBars(bars, 1, 3).open.buffer).toBe(bars.open.buffer);
    expect([...sliceBars(bars, 1, 3).time]).toEqual([2, 3]);
  });

  it('take the start of a range and leave its end', () => {
    const bars = barsFromRows([bar(1), bar(2), bar(3)]);
    expect([...barsInRange(bars, { start: 1, end: 3 }).time]).toEqual([1, 2]);
    expect(barCount(barsInRange(bars, { start: 4, end: 9 }))).toBe(0);
  });
});

describe('indexAtOrAfter()', () => {
  it('agrees with a search from the front', () => {
    fc.assert(
      fc.property(anyBars, fc.integer({ min: -1, max: 61 }), (bars, instant) => {
        const found = bars.time.findIndex((time) => time >= instant);
        expect(indexAtOrAfter(bars.time, instant)).toBe(found < 0 ? barCount(bars) : found);
      }),
    );
  });
});

describe('checkBars()', () => {
  const good = [bar(0), bar(60_000), bar(120_000)];

  it('accepts good bars, and NaN as the volume of a market that has none', () => {
    expect(() =>
      checkBars(barsFromRows(good.map((row) => ({ ...row, volume: Number.NaN }))), 'EUR.USD 1m'),
    ).not.toThrow();
    expect(() => checkBars(emptyBars, 'nothing')).not.toThrow();
  });

  it.each<[string, Partial<BarRow>, RegExp]>([
    ['a repeated time', { time: 0 }, /strictly rising/],
    ['a time that is not whole', { time: 60_000.5 }, /whole epoch milliseconds/],
    ['a missing time', { time: Number.NaN }, /whole epoch milliseconds/],
    ['a price of zero', { low: 0 }, /above zero/],
    ['a missing price', { close: Number.NaN }, /prices must be finite/],
    ['an infinite price', { high: Infinity }, /prices must be finite/],
    ['a high below the close', { close: 11.5 }, /high must not be below/],
    ['a low above the open', { open: 8.5 }, /low must not be above/],
    ['a negative volume', { volume: -1 }, /volume/],
  ])('refuses %s and names the bar', (_what, wrong, rule) => {
    const bars = barsFromRows(good.map((row, index) => (index === 1 ? { ...row, ...wrong } : row)));
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(rule);
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(
      expect.objectContaining({ code: 'data_corrupt', details: expect.objectContaining({ index: 1 }) }),
    );
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(/^SPY 1m: the bar 1 at /);
  });

  it('refuses columns of different length', () => {
    const bars = barsFromRows(good);
    expect(() => checkBars({ ...bars, low: bars.low.subarray(1) }, 'SPY 1m')).toThrow(
      /"low" has 2 values where "time" has 3/,
    );
  });
});
