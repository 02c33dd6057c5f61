import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allocateBars,
  barColumns,
  barsFromRows,
  barsPerStep,
  emptyBars,
  sliceBars,
  type BarRow,
  type Bars,
} from './bars.ts';
import { checkBars } from './check-bars.ts';
import { concatBars, mergeBars, mergeBarsInSteps } from './join-bars.ts';

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

describe('More bars than a step takes', () => {
  const count = 2 * barsPerStep + 10;
  const many = allocateBars(count);
  for (const column of barColumns) for (const index of many.time.keys()) many[column][index] = index;

  it('are merged and joined like few', () => {
    const odd = barsFromRows(Array.from({ length: barsPerStep }, (_, index) => bar(2 * index + 1, -index)));
    const merged = mergeBars(many, odd);
    expect(merged.time).toEqual(many.time);
    expect(merged.close).toEqual(
      many.close.map((close, index) => (index % 2 === 1 && index < 2 * barsPerStep ? -(index - 1) / 2 : close)),
    );
    const cut = barsPerStep + 3;
    expect(concatBars([sliceBars(many, 0, cut), sliceBars(many, cut, count)])).toEqual(many);
    const steps = [...mergeBarsInSteps(many, odd)];
    expect(steps.length).toBeGreaterThan(3 * barColumns.length);
  });
});
