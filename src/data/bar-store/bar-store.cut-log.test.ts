import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barColumns, barsFromRows, barsInRange, type Bars } from '../../market/index.ts';
import { BarStore, type SeriesKey } from './index.ts';
import { asSecondLayout } from './second-layout.fixture.ts';
import { seriesFolder } from './series.ts';

const spy: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const calendar = 'us_equities';
const minute = 60_000;
const newYear = Date.UTC(2020, 0, 1);
const saved = 5;
const everything = { start: -Infinity, end: Infinity };

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-cut-log-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const logPath = () => join(seriesFolder(root, spy), 'newest.1.log');

function minutes(from: number, count: number): Bars {
  const row = { open: 1, high: 1, low: 1, close: 1, volume: Number.NaN };
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({ time: newYear + (from + index) * minute, ...row })),
  );
}

function segment(from: number, count: number) {
  return { calendar, bars: minutes(from, count), confirmedEmpty: [] } as const;
}

/** A series with one bar file, and a log to which bars were added so many at a time. */
async function grown(counts: readonly number[]): Promise<Bars> {
  await using store = await BarStore.open(root);
  await store.append(spy, segment(0, saved));
  let next = saved;
  for (const count of counts) {
    await store.append(spy, segment(next, count));
    next += count;
  }
  return minutes(0, next);
}

async function damage(store: BarStore): Promise<{ problem: string; remedy: string; path: string }[]> {
  return (await store.verify()).issues.filter(({ severity }) => severity === 'damage');
}

const anyCounts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 });

describe('A log that lost its end', () => {
  it('is never taken for a shorter one, wherever it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyCounts, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (counts, at) => {
        await rm(root, { recursive: true, force: true });
        await grown(counts);
        const { length } = await readFile(logPath());
        await truncate(logPath(), Math.floor(at * length));
        await using store = await BarStore.open(root);
        const refusal = { code: 'data_corrupt', details: { path: logPath() } };
        await expect(store.read(spy)).rejects.toMatchObject(refusal);
        await expect(store.info(spy)).rejects.toMatchObject(refusal);
        await expect(store.snapshot(spy)).rejects.toMatchObject(refusal);
        await expect(store.append(spy, segment(100, 1))).rejects.toMatchObject(refusal);
        expect(await damage(store)).toMatchObject([{ path: expect.stringMatching(/newest\.1\.log$/) }]);
      }),
      { numRuns: 25 },
    );
  });

  it('is told with how much of it is there, and what to do', async () => {
    await grown([3, 3]);
    const { length } = await readFile(logPath());
    await truncate(logPath(), length - 100);
    await using store = await BarStore.open(root, { access: 'read' });
    await expect(store.read(spy)).rejects.toThrow(
      `is damaged: it is cut off: it has ${length - 100} of its ${length} bytes. Put it back from a backup, or give its bars up with "ktrdr data delete SPY -t 1m --start 2020-01-01T00:04 --yes" and load them again with "ktrdr data load SPY -t 1m --mode tail"`,
    );
  });

  it('or is missing hides no damage of the other files', async () => {
    await grown([1]);
    await rm(logPath());
    await writeFile(join(seriesFolder(root, spy), '2020.1.parquet'), 'no bars');
    await using store = await BarStore.open(root);
    expect((await damage(store)).map(({ path }) => path.split('/').at(-1))).toEqual(['newest.1.log', '2020.1.parquet']);
  });

  it('is replaced when the bars behind those of the files are removed, and by nothing less', async () => {
    const bars = await grown([3, 3]);
    const last = newYear + (saved - 1) * minute;
    for (const cut of [() => truncate(logPath(), 200), () => rm(logPath()), () => writeFile(logPath(), 'no log')]) {
      const store = await BarStore.open(root);
      await cut();
      for (const less of [
        { start: last + minute, end: Infinity },
        { start: 0, end: last + 10 * minute },
      ])
        await expect(store.remove(spy, less)).rejects.toMatchObject({ code: 'data_corrupt' });
      expect(await store.remove(spy, { start: last, end: Infinity })).toBe(1);
      expect(await store.read(spy)).toEqual(minutes(0, saved - 1));
      await store.append(spy, {
        calendar,
        bars: barsInRange(bars, { start: last, end: Infinity }),
        confirmedEmpty: [],
      });
      expect(await store.read(spy)).toEqual(bars);
      expect((await store.verify()).issues).toEqual([]);
      await store[Symbol.asyncDispose]();
      await rm(root, { recursive: true });
      await grown([3, 3]);
    }
  });

  it('goes with a series that is removed as a whole', async () => {
    await grown([2]);
    await rm(logPath());
    await using store = await BarStore.open(root);
    expect(await store.remove(spy, everything)).toBe(saved);
    expect(await store.info(spy)).toBeUndefined();
    expect((await store.verify()).issues).toEqual([]);
    await store.append(spy, segment(0, 1));
    expect(await store.read(spy)).toEqual(minutes(0, 1));
  });
});

describe('A log of which a bit was flipped', () => {
  it('is told, or holds the same bars', async () => {
    await fc.assert(
      fc.asyncProperty(anyCounts, fc.nat(), fc.nat(7), async (counts, at, bit) => {
        await rm(root, { recursive: true, force: true });
        const bars = await grown(counts);
        const bytes = await readFile(logPath());
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
        await writeFile(logPath(), bytes);
        await using store = await BarStore.open(root);
        const { issues } = await store.verify();
        expect(issues).toHaveLength(1);
        if (issues[0]?.severity === 'damage')
          await expect(store.read(spy)).rejects.toMatchObject({ code: 'data_corrupt' });
        else expect(await store.read(spy)).toEqual(bars);
      }),
      { numRuns: 40 },
    );
  });

  it('is told also where both notes of its length were', async () => {
    await grown([2, 2]);
    const bytes = await readFile(logPath());
    for (const at of [9, 17]) bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(logPath(), bytes);
    await using store = await BarStore.open(root);
    await expect(store.read(spy)).rejects.toThrow(/it does not say how far it goes/);
  });

  it('has a note that cannot be read replaced by the next append', async () => {
    const bars = await grown([2]);
    const bytes = await readFile(logPath());
    // The one that is not the newest.
    bytes[9] = (bytes[9] ?? 0) ^ 1;
    await writeFile(logPath(), bytes);
    await using store = await BarStore.open(root);
    expect((await store.verify()).issues).toMatchObject([{ severity: 'leftover' }]);
    await store.append(spy, segment(bars.time.length, 1));
    expect((await store.verify()).issues).toEqual([]);
  });
});

describe('A reader', () => {
  it('never takes a log that grows for one that was cut off', async () => {
    await grown([1]);
    await using store = await BarStore.open(root);
    const reader = await BarStore.open(root, { access: 'read' });
    const writer = { isDone: false };
    const writing = (async () => {
      for (let at = saved + 1; at < 400; at += 1) await store.append(spy, segment(at, 1));
      writer.isDone = true;
    })();
    let newest = 0;
    while (!writer.isDone) {
      const { length } = await reader.stamps(spy);
      expect(length).toBeGreaterThanOrEqual(newest);
      newest = length;
    }
    await writing;
    expect((await reader.stamps(spy)).length).toBe(400);
  });
});

describe('A series of the second layout', () => {
  const secondLayout = () => asSecondLayout(seriesFolder(root, spy));

  it('is read as it is, and becomes one of today by the next write', async () => {
    const bars = await grown([3, 3]);
    await secondLayout();
    await using store = await BarStore.open(root);
    expect(await store.read(spy)).toEqual(bars);
    expect(await store.info(spy)).toMatchObject({ count: bars.time.length });
    expect((await store.verify()).issues).toEqual([]);
    await store.append(spy, segment(bars.time.length, 1));
    expect((await readdir(seriesFolder(root, spy))).sort()).toEqual(['2020.2.parquet', 'newest.2.log', 'series.json']);
    expect(await store.read(spy)).toEqual(minutes(0, bars.time.length + 1));
    expect((await store.verify()).issues).toEqual([]);
    await truncate(join(seriesFolder(root, spy), 'newest.2.log'), 60);
    expect(await damage(store)).toHaveLength(1);
  });

  it('may be without a log', async () => {
    await grown([]);
    await secondLayout();
    await rm(logPath());
    await using store = await BarStore.open(root);
    expect(await store.read(spy)).toEqual(minutes(0, saved));
    expect((await store.verify()).issues).toEqual([]);
    await store.append(spy, segment(saved, 1));
    expect(await store.read(spy)).toEqual(minutes(0, saved + 1));
  });
});

describe('A series that lost its manifest in a save that was cut short', () => {
  it('has the bars of both logs', async () => {
    const bars = await grown([3]);
    const kept = await readFile(logPath());
    await using store = await BarStore.open(root);
    await store.append(spy, segment(-10, 1));
    // The names of the new bar files were lost with the power, that of the new log was not.
    const folder = seriesFolder(root, spy);
    await writeFile(logPath(), kept);
    for (const name of await readdir(folder)) if (name.includes('.2.parquet')) await rm(join(folder, name));
    await rename(join(folder, 'series.json'), join(root, 'moved.away'));
    const found = await store.read(spy);
    expect([...found.time]).toEqual([...bars.time].slice(saved));
    for (const column of barColumns) expect(found[column].length).toBe(3);
  });
});
