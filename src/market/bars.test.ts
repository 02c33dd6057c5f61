import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barCount, barsFromRows, barsInRange, indexAtOrAfter, sliceBars, type BarRow } from './bars.ts';
import { concatBars } from './join-bars.ts';

function bar(time: number, price = 10): BarRow {
  return { time, open: price, high: price + 1, low: price - 1, close: price, volume: 100 };
}

const anyBars = fc
  .uniqueArray(fc.record({ time: fc.integer({ min: 0, max: 60 }), price: fc.integer({ min: 2, max: 99 }) }), {
    selector: ({ time }) => time,
  })
  .map((points) => barsFromRows(points.sort((a, b) => a.time - b.time).map(({ time, price }) => bar(time, price))));

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
