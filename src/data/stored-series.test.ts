import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { barsFromRows, barsInRange, calendarOf, expectedBars, type Bars } from '../market/index.ts';
import { BarStore } from './bar-store/index.ts';
import { StoredSeries, type Identify } from './stored-series.ts';

const range = { start: Date.parse('2023-01-01'), end: Date.parse('2023-04-01') };
const key = { symbol: 'SPY', timeframe: '1h' } as const;

/** Knows names in capitals and refuses anything with a sign in it. */
const identify: Identify = (symbol) => {
  if (!/^\w+$/.test(symbol)) throw new KtrdrError('invalid_input', `"${symbol}" is no symbol.`);
  return { symbol: symbol.toUpperCase(), calendar: 'us_equities' };
};

let folder: string;
let store: BarStore;
let stored: StoredSeries;
let bars: Bars;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktrdr-stored-'));
  store = await BarStore.open(folder);
  stored = new StoredSeries({ store, identify, clock: new ManualClock(Date.parse('2024-01-01')) });
  const { start } = expectedBars(calendarOf('us_equities'), '1h', range);
  bars = barsFromRows([...start].map((time) => ({ time, open: 1, high: 2, low: 0.5, close: 1.5, volume: 1 })));
  await store.append(key, { calendar: 'us_equities', bars, confirmedEmpty: [] });
  await store.append({ ...key, symbol: 'my series!' }, { calendar: 'us_equities', bars, confirmedEmpty: [] });
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('StoredSeries', () => {
  it('gives pages that together are the bars of a span, whatever the span and the limit', async () => {
    const instant = fc.integer({ min: range.start - 1e9, max: range.end + 1e9 });
    await fc.assert(
      fc.asyncProperty(
        fc.option(instant),
        fc.option(instant),
        fc.integer({ min: 1, max: 500 }),
        async (start, end, limit) => {
          const times: number[] = [];
          let from = start ?? undefined;
          for (;;) {
            const page = await stored.page(key, { start: from, end: end ?? undefined, limit });
            times.push(...page.time);
            if (page.time.length < limit) break;
            from = (page.time.at(-1) ?? Number.NaN) + 1;
          }
          expect(times).toEqual([...barsInRange(bars, { start: start ?? -Infinity, end: end ?? Infinity }).time]);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives the newest bars of a span', async () => {
    const instant = fc.integer({ min: range.start - 1e9, max: range.end + 1e9 });
    await fc.assert(
      fc.asyncProperty(
        fc.option(instant),
        fc.option(instant),
        fc.integer({ min: 1, max: 500 }),
        async (start, end, limit) => {
          const newest = await stored.newest(key, { start: start ?? undefined, end: end ?? undefined, limit });
          const all = barsInRange(bars, { start: start ?? -Infinity, end: end ?? Infinity });
          expect([...newest.time]).toEqual([...all.time].slice(-limit));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('finds a series by any spelling, and one that was stored under a name of its own', async () => {
    expect((await stored.info({ ...key, symbol: 'spy' })).key).toEqual(key);
    expect((await stored.info({ ...key, symbol: 'my series!' })).count).toBe(bars.time.length);
    await expect(stored.info({ ...key, symbol: 'qqq' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(stored.info({ ...key, symbol: 'no such!' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('removes a span, tells it as missing, and forgets a series of which nothing is left', async () => {
    const own = { symbol: 'my series!', timeframe: '1h' } as const;
    const cut = { start: Date.parse('2023-02-01'), end: Date.parse('2023-02-03') };
    expect(await stored.remove(own, cut)).toEqual({ key: own, removed: 14 });
    expect(await stored.absences(own, { all: false })).toMatchObject([{ kind: 'missing', bars: 14 }]);
    expect(await stored.coverage(own)).toMatchObject({ missing: 14 });
    await stored.remove(own, {});
    await expect(stored.info(own)).rejects.toMatchObject({ code: 'not_found' });
  });
});
