import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barsFromRows, emptyBars, mergeBars, type Bars, type ReportedDay } from '../../market/index.ts';
import { BarStore, type AnsweredRange, type BarSegment, type SeriesKey } from './index.ts';
import { seriesFolder } from './series.ts';

const spy: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const calendar = 'us_equities';
const minute = 60_000;
const newYear = Date.UTC(2020, 0, 1);

let root: string;
let store: BarStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-loss-'));
  store = await BarStore.open(root);
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

function minutes(from: number, count: number, price = 100): Bars {
  const row = { open: price, high: price, low: price, close: price, volume: 1 };
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({ time: newYear + (from + index) * minute, ...row })),
  );
}

function add(bars: Bars, rest: Partial<BarSegment> = {}): ReturnType<BarStore['append']> {
  return store.append(spy, { calendar, bars, confirmedEmpty: [], ...rest });
}

const answer = (from: number, to: number): AnsweredRange => ({
  start: newYear + from * minute,
  end: newYear + to * minute,
  source: 'ib',
  requestId: 'load-1',
  fetchedAt: 1,
  settings: {},
});

function session(open: number, close: number): ReportedDay {
  return { date: newYear, sessions: [{ date: newYear, open, close }] };
}

/** As another process would find it. */
async function reopen(options?: Parameters<typeof BarStore.open>[1]): Promise<BarStore> {
  await store[Symbol.asyncDispose]();
  store = await BarStore.open(root, options);
  return store;
}

/** The names in the store's folder, less those of its claim. */
async function symbolFolders(): Promise<string[]> {
  return (await readdir(root)).filter((name) => !name.startsWith('owner.'));
}

describe('A series whose bars are all in its log', () => {
  it('is made out from the log when the manifest is moved away, and goes on from there', async () => {
    await add(emptyBars, { confirmedEmpty: [answer(-10, 0)] });
    await add(minutes(0, 3));
    const folder = seriesFolder(root, spy);
    expect(await readdir(folder)).toContain('newest.1.log');
    await rename(join(folder, 'series.json'), join(root, 'moved-away'));
    const again = await reopen();
    expect(await again.list()).toMatchObject([{ key: spy, calendar, count: 3 }]);
    expect(await again.read(spy)).toEqual(minutes(0, 3));
    await again.append(spy, { calendar, bars: minutes(3, 1), confirmedEmpty: [] });
    expect(await again.read(spy)).toEqual(minutes(0, 4));
    await again.append(spy, { calendar, bars: minutes(4, 1), confirmedEmpty: [] });
    expect((await again.verify()).issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
  });
});

describe('remove()', () => {
  it('forgets a series of which only answers without bars would be left', async () => {
    await add(minutes(0, 3), { provenance: [answer(-10, 10)] });
    await add(minutes(0, 3, 101), { provenance: [answer(-10, 10)] });
    expect(await store.revisions(spy)).toHaveLength(1);
    expect(await store.remove(spy, { start: newYear, end: newYear + 3 * minute })).toBe(3);
    expect(await store.info(spy)).toBeUndefined();
    expect(await store.revisions(spy)).toEqual([]);
    expect(await store.list()).toEqual([]);
    expect((await store.verify()).issues).toEqual([]);
    expect(await symbolFolders()).toEqual([]);
    await add(minutes(5, 1));
    expect(await store.read(spy)).toEqual(minutes(5, 1));
  });
});

describe('append()', () => {
  it.each(['log', 'files'])(
    'keeps or refuses what is held otherwise where the segment says so, in the %s',
    async (where) => {
      await add(minutes(0, 3));
      if (where === 'log') await add(minutes(3, 2));
      else await add(minutes(-2, 5));
      const held = await store.read(spy);
      await expect(add(minutes(0, 8, 101), { whereHeld: 'refuse' })).rejects.toMatchObject({ code: 'conflict' });
      expect(await store.read(spy)).toEqual(held);
      const outcome = await add(minutes(-4, 12, 101), { whereHeld: 'keep' });
      expect(outcome).toEqual({ added: 7, unchanged: 5, revised: { count: 0, first: [] } });
      expect(await store.read(spy)).toEqual(mergeBars(minutes(-4, 12, 101), held));
      expect(await store.revisions(spy)).toEqual([]);
    },
  );

  it.each([
    ['an empty range between milliseconds', { confirmedEmpty: [{ start: newYear + 0.5, end: newYear + minute }] }],
    ['an answer without beginning', { provenance: [{ ...answer(0, 1), start: -Infinity }] }],
    ['an answer that came at no time', { provenance: [{ ...answer(0, 1), fetchedAt: Number.NaN }] }],
    ['hours of no date', { hours: [{ date: newYear + 1, sessions: [] }] }],
    ['hours that are no numbers', { hours: [session(Number.NaN, newYear + minute)] }],
    ['hours that run backwards', { hours: [session(newYear + minute, newYear)] }],
    ['a setting that is no number', { provenance: [{ ...answer(0, 1), settings: { adjusted: Number.NaN } }] }],
  ])('refuses %s, which could not be read back', async (_, rest) => {
    await add(minutes(0, 1));
    await expect(add(minutes(1, 1), rest)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await store.read(spy)).toEqual(minutes(0, 1));
    expect(await store.info(spy)).toMatchObject({ count: 1 });
    expect((await store.verify()).issues).toEqual([]);
  });
});
