import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasMarketData, readMarketData } from '../market-data.fixture.ts';
import { barColumns, barCount, barsFromRows, barsInRange, checkBars, type BarRow } from '../../market/index.ts';
import { assessQuality } from './quality.ts';
import { applyRepairs } from './repairs.ts';
import { repairNames } from '../choices.ts';

const series = { timeframe: '1m', calendar: 'us_equities' } as const;
const price = fc.oneof(fc.constantFrom(0, -1, Number.NaN), fc.double({ min: 1, max: 1_000, noNaN: true }));
const rows: fc.Arbitrary<BarRow[]> = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 20 }).map((minute) => Date.parse('2024-03-05T14:20Z') + minute * 60_000),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: fc.constantFrom(0, 5, -1, Number.NaN),
  }),
  { maxLength: 30 },
);

describe('applyRepairs()', () => {
  it('makes bars of any kind into bars that checkBars takes, changes no value and never the given bars', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const bars = barsFromRows(given);
        const before = structuredClone(bars);
        const { bars: repaired } = applyRepairs(bars, ['drop-broken', 'unique', 'sort'], series);
        expect(() => checkBars(repaired, 'repaired')).not.toThrow();
        expect(bars).toEqual(before);
        for (const index of repaired.time.keys()) {
          const bar = barColumns.map((column) => repaired[column][index]);
          expect(given.map((row) => barColumns.map((column) => row[column]))).toContainEqual(bar);
        }
      }),
    );
  });

  it('changes nothing when asked for nothing, or when there is nothing to repair', () => {
    fc.assert(
      fc.property(rows, (given) => {
        const bars = barsFromRows(given);
        expect(applyRepairs(bars, [], series)).toEqual({ bars, done: [] });
        const once = applyRepairs(bars, repairNames, series).bars;
        const { bars: twice, done } = applyRepairs(once, ['sort', 'unique', 'drop-broken', 'sessions-only'], series);
        expect(twice).toEqual(once);
        expect(done.map(({ bars: changed }) => changed)).toEqual([0, 0, 0, 0]);
      }),
    );
  });

  it('says what it did', () => {
    const bar = { open: 2, high: 3, low: 1, close: 2, volume: 1 };
    const at = (minute: number): BarRow => ({ ...bar, time: Date.parse('2024-03-05T14:30Z') + minute * 60_000 });
    const { bars, done } = applyRepairs(
      barsFromRows([at(1), at(0), { ...at(1), close: 2.5 }, { ...at(2), low: 9 }, at(-1)]),
      repairNames,
      series,
    );
    expect([...bars.close]).toEqual([2, 2.5]);
    expect(done.map(({ repair, bars: changed }) => [repair, changed])).toEqual([
      ['sort', 4],
      ['unique', 1],
      ['drop-broken', 1],
      ['sessions-only', 1],
      ['adjust-splits', 0],
    ]);
  });
});

describe.skipIf(!hasMarketData)('adjust-splits on real data (skipped where ../shared/data is absent)', () => {
  it('leaves the newest prices as they are and no split behind, and turns 1998 into 1/112 of itself', async () => {
    const daily = { timeframe: '1d', calendar: 'us_equities' } as const;
    const raw = await readMarketData('AAPL_1d_raw.csv');
    const { bars, done } = applyRepairs(raw, ['adjust-splits'], daily);
    expect(done[0]?.detail).toBe(
      'adjusted for 2:1 on 2000-06-21, 2:1 on 2005-02-28, 7:1 on 2014-06-09, 4:1 on 2020-08-31',
    );
    const since = { start: Date.parse('2020-08-31'), end: Infinity };
    expect(barsInRange(bars, since)).toEqual(barsInRange(raw, since));
    expect(barCount(bars)).toBe(barCount(raw));
    expect(bars.close[0]).toBeCloseTo((raw.close[0] ?? 0) / 112, 12);
    expect(bars.volume[0]).toBe((raw.volume[0] ?? 0) * 112);
    expect(assessQuality(bars, daily).counts).not.toHaveProperty('probable_split');
  });
});
