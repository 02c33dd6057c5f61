import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../async/index.ts';
import { barsFromRows, barsInRange, emptyBars, mergeBars, sliceBars, type Bars } from '../../market/index.ts';
import { BarStore, snapshotOf, type BarSegment, type AnsweredRange, type SeriesKey } from './index.ts';
import { extentBytes } from './log-extent.ts';
import { seriesFolder } from './series.ts';

const spy: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const calendar = 'us_equities';
const minute = 60_000;
const newYear = Date.UTC(2020, 0, 1);
const logLimits = { bars: 20, bytes: 2 ** 16 };

let root: string;
let store: BarStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-log-'));
  store = await BarStore.open(root, { logLimits, clock: new ManualClock(newYear) });
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

function minutes(from: number, count: number, price = 100): Bars {
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({
      time: newYear + (from + index) * minute,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: index % 2 === 0 ? Number.NaN : index,
    })),
  );
}

function answer(requestId: string, [from, to]: [number, number], source = 'test'): AnsweredRange {
  const range = { start: newYear + from * minute, end: newYear + to * minute };
  return {
    ...range,
    source,
    requestId,
    fetchedAt: newYear,
    settings: { whatToShow: 'TRADES', regularHoursOnly: true },
  };
}

function add(bars: Bars, rest: Partial<BarSegment> = {}) {
  return store.append(spy, { calendar, bars, confirmedEmpty: [], ...rest });
}

async function files(): Promise<string[]> {
  return (await readdir(seriesFolder(root, spy))).sort();
}

const logPath = () => join(seriesFolder(root, spy), 'newest.1.log');

/** As another process would find it. */
async function reopen(options?: Parameters<typeof BarStore.open>[1]): Promise<BarStore> {
  await store[Symbol.asyncDispose]();
  store = await BarStore.open(root, options);
  return store;
}

describe('The newest bars of a series', () => {
  it('go to a log beside the files, which reads, counts and stamps see', async () => {
    await add(minutes(-5, 10));
    await add(minutes(5, 1));
    await add(minutes(6, 2), { confirmedEmpty: [{ start: newYear + 60 * minute, end: newYear + 61 * minute }] });
    expect(await files()).toEqual(['2019.1.parquet', '2020.1.parquet', 'newest.1.log', 'series.json']);
    const whole = mergeBars(mergeBars(minutes(-5, 10), minutes(5, 1)), minutes(6, 2));
    for (const reader of [store, await BarStore.open(root, { access: 'read' })]) {
      expect(await reader.read(spy)).toEqual(whole);
      expect(await reader.stamps(spy)).toEqual(whole.time);
      const range = { start: newYear + 2 * minute, end: newYear + 7 * minute };
      expect(await reader.read(spy, range)).toEqual(barsInRange(whole, range));
      expect(await reader.list()).toMatchObject([
        { key: spy, count: 13, last: newYear + 7 * minute, confirmedEmpty: [{ start: newYear + 60 * minute }] },
      ]);
    }
  });

  it('are saved with the files when the log is full, or a bar is not at the end', async () => {
    await add(minutes(0, 10));
    await add(minutes(10, 19));
    expect(await files()).toEqual(['2020.1.parquet', 'newest.1.log', 'series.json']);
    await add(minutes(29, 1));
    expect(await files(), 'the log is full').toEqual(['2020.2.parquet', 'newest.2.log', 'series.json']);
    await add(minutes(30, 1));
    await add(minutes(-1, 1));
    expect(await files(), 'a bar before the others').toEqual([
      '2019.3.parquet',
      '2020.3.parquet',
      'newest.3.log',
      'series.json',
    ]);
    expect((await store.stamps(spy)).length).toBe(32);
  });

  it('are dropped by the record where the writing of the last one was cut short, and nothing else is', async () => {
    await add(minutes(0, 10));
    await add(minutes(10, 1));
    const before = await readFile(logPath());
    const { length } = before;
    await add(minutes(11, 2));
    const whole = await readFile(logPath());
    // How far the log goes is written when the record is on the disk.
    whole.set(before.subarray(0, extentBytes));
    for (let size = length; size < whole.length; size += 7) {
      await writeFile(logPath(), whole.subarray(0, size));
      const again = await reopen({ logLimits });
      expect((await again.stamps(spy)).length).toBe(11);
      const torn = (await again.verify()).issues;
      expect(torn.length).toBe(size === length ? 0 : 1);
    }
    await writeFile(logPath(), whole.subarray(0, -1));
    const again = await reopen({ logLimits });
    await again.append(spy, { calendar, bars: minutes(11, 1, 7), confirmedEmpty: [] });
    expect((await again.read(spy)).close[11]).toBe(7);
    expect((await again.verify()).issues).toEqual([]);
  });

  it('that were damaged afterwards are told, and not taken for a torn end', async () => {
    await add(minutes(0, 10));
    await add(minutes(10, 1));
    await add(minutes(11, 1));
    const bytes = await readFile(logPath());
    bytes[250] = (bytes[250] ?? 0) ^ 1;
    await writeFile(logPath(), bytes);
    await expect(store.read(spy)).rejects.toMatchObject({ code: 'data_corrupt', details: { path: logPath() } });
    await expect(add(minutes(12, 1))).rejects.toMatchObject({ code: 'data_corrupt' });
    expect(await readFile(logPath())).toEqual(bytes);
  });

  it('are there again when the manifest is lost', async () => {
    await add(minutes(-5, 10));
    await add(minutes(5, 3));
    await rm(join(seriesFolder(root, spy), 'series.json'));
    const again = await reopen({ logLimits });
    expect(await again.read(spy)).toEqual(mergeBars(minutes(-5, 10), minutes(5, 3)));
    await again.append(spy, { calendar, bars: minutes(8, 1), confirmedEmpty: [] });
    expect(await again.info(spy)).toMatchObject({ count: 14 });
    expect((await again.verify()).issues).toEqual([]);
  });
});

describe('An append of what is held already', () => {
  it('changes nothing and writes nothing', async () => {
    const confirmedEmpty = [{ start: newYear + 100 * minute, end: newYear + 200 * minute }];
    await add(minutes(0, 10), { confirmedEmpty, provenance: [answer('a', [0, 10])] });
    await add(minutes(10, 5), { provenance: [answer('b', [10, 15])] });
    const before = await Promise.all((await files()).map((name) => readFile(join(seriesFolder(root, spy), name))));
    const same = await add(mergeBars(minutes(0, 10), minutes(10, 5)), {
      confirmedEmpty: [{ start: newYear + 150 * minute, end: newYear + 160 * minute }],
      provenance: [answer('c', [0, 160])],
    });
    expect(same).toEqual({ added: 0, unchanged: 15, revised: { count: 0, first: [] } });
    expect(await Promise.all((await files()).map((name) => readFile(join(seriesFolder(root, spy), name))))).toEqual(
      before,
    );
  });
});

describe('Bars that come again with other values', () => {
  it('are told, and the older values are kept apart', async () => {
    await add(minutes(0, 40), { provenance: [answer('a', [0, 40])] });
    await add(minutes(40, 2), { provenance: [answer('b', [40, 42])] });
    const outcome = await add(minutes(10, 32, 101), { provenance: [answer('c', [10, 42]), answer('d', [42, 50])] });
    expect(outcome).toMatchObject({ added: 0, unchanged: 0, revised: { count: 32 } });
    expect(outcome.revised.first.length).toBe(20);
    expect(outcome.revised.first[0]).toMatchObject({
      before: { time: newYear + 10 * minute, close: 100 },
      after: { time: newYear + 10 * minute, close: 101 },
    });
    await add(minutes(11, 1, 102));
    const again = await reopen();
    const [first, second] = await again.revisions(spy);
    expect(first).toMatchObject({ revision: 1, replacedAt: newYear, replacedBy: [answer('c', [10, 42])] });
    expect(first?.bars.close).toEqual(minutes(10, 32).close);
    expect(second?.bars.close).toEqual(Float64Array.of(101));
    expect(await again.info(spy)).toMatchObject({ revision: 2, count: 42 });
    const range = { start: newYear + 20 * minute, end: newYear + 21 * minute };
    expect((await again.revisions(spy, range)).map(({ bars }) => [...bars.time])).toEqual([[range.start]]);
    expect(await again.verify()).toMatchObject({ series: 1, issues: [] });
    await rm(join(seriesFolder(root, spy), 'series.json'));
    await again.append(spy, { calendar, bars: minutes(12, 1, 103), confirmedEmpty: [] });
    expect(
      (await again.revisions(spy)).map(({ revision }) => revision),
      'also without the manifest',
    ).toEqual([1, 2, 3]);
  });
});

describe('Provenance', () => {
  it('is kept by interval: the newest answer counts where answers overlap, and one answer is one interval', async () => {
    await add(minutes(0, 30), { provenance: [answer('a', [0, 30])] });
    await add(minutes(30, 1), { provenance: [answer('live', [30, 31])] });
    await add(minutes(31, 1), { provenance: [answer('live', [31, 32])] });
    await add(minutes(10, 5, 101), { provenance: [answer('fix', [10, 15], 'other')] });
    const wanted = [
      { ...answer('a', [0, 10]), revision: 0 },
      { ...answer('fix', [10, 15], 'other'), revision: 1 },
      { ...answer('a', [15, 30]), revision: 0 },
      { ...answer('live', [30, 32]), revision: 0 },
    ];
    expect(await store.provenance(spy)).toEqual(wanted);
    expect(
      await (await reopen()).provenance(spy, { start: newYear + 30 * minute, end: newYear + 31 * minute }),
    ).toEqual(wanted.slice(3));
  });
});

describe('A bar that is still being formed', () => {
  const finished = minutes(0, 10);

  it('is served on demand alone, and gives way to the final one without a revision', async () => {
    await add(minutes(0, 11, 100), { lastIsUnfinished: true });
    await add(minutes(10, 1, 101), { lastIsUnfinished: true });
    for (const reader of [store, await BarStore.open(root, { access: 'read' })]) {
      expect(await reader.read(spy)).toEqual(finished);
      expect((await reader.read(spy, undefined, { includeUnfinished: true })).close.at(-1)).toBe(101);
      expect(await reader.info(spy)).toMatchObject({ count: 10, unfinished: newYear + 10 * minute });
    }
    expect(await add(minutes(10, 1, 102))).toMatchObject({ added: 1, revised: { count: 0 } });
    expect(await store.info(spy)).toMatchObject({ count: 11, unfinished: undefined, revision: 0 });
    expect((await store.read(spy)).close.at(-1)).toBe(102);
    expect(await store.revisions(spy)).toEqual([]);
  });

  it('is kept over a save of the log, and dropped when a later bar is final', async () => {
    await add(minutes(0, 5));
    await add(minutes(5, 2), { lastIsUnfinished: true });
    await add(minutes(-3, 1));
    expect(await store.info(spy)).toMatchObject({ unfinished: newYear + 6 * minute });
    await add(minutes(7, 1));
    expect(await store.info(spy)).toMatchObject({ unfinished: undefined, last: newYear + 7 * minute });
    expect((await store.verify()).issues).toEqual([]);
  });
});

describe('verify()', () => {
  it('names every file that is not as it was written, from the root of the store, and changes nothing', async () => {
    const qqq: SeriesKey = { symbol: 'QQQ', timeframe: '1M' };
    await add(minutes(-5, 30), { provenance: [answer('a', [-5, 25])] });
    await add(minutes(0, 5, 90));
    await add(minutes(25, 1));
    const month = barsFromRows([{ time: newYear, open: 1, high: 1, low: 1, close: 1, volume: 1 }]);
    await store.append(qqq, { calendar, bars: month, confirmedEmpty: [] });
    expect(await store.verify()).toEqual({ series: 2, files: 3, bars: 32, issues: [] });
    const folder = seriesFolder(root, spy);
    for (const name of await files()) {
      const path = join(folder, name);
      const bytes = await readFile(path);
      const flipped = Buffer.from(bytes);
      flipped[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 4;
      await writeFile(path, flipped);
      const { issues } = await store.verify();
      expect(
        issues.map((issue) => issue.path),
        name,
      ).toContain(path.slice(root.length + 1));
      expect((await store.verify(qqq)).issues).toEqual([]);
      expect(await readFile(path)).toEqual(flipped);
      await writeFile(path, bytes);
    }
    await rm(join(folder, '2019.1.parquet'));
    await appendFile(join(folder, '2031.9.parquet'), 'left');
    expect((await store.verify()).issues).toMatchObject([
      { severity: 'damage', problem: 'it is missing', key: spy },
      { severity: 'leftover' },
    ]);
  });
});

describe('snapshot()', () => {
  it('is the content alone: equal for equal bars in any layout, other for any other value', async () => {
    const bars = minutes(-20, 60);
    const want = snapshotOf(bars);
    await add(bars);
    expect(await store.snapshot(spy)).toEqual(want);
    for (const bar of bars.time.keys())
      await store.append(
        { symbol: 'X', timeframe: '1m' },
        { calendar, bars: sliceBars(bars, bar, bar + 1), confirmedEmpty: [] },
      );
    expect(await store.snapshot({ symbol: 'X', timeframe: '1m' })).toEqual(want);
    const range = { start: newYear - 5 * minute, end: newYear + 38 * minute };
    const part = snapshotOf(barsInRange(bars, range));
    expect(await store.snapshot(spy, range)).toEqual(part);
    expect(await store.snapshot({ symbol: 'X', timeframe: '1m' }, range)).toEqual(part);
    await add(minutes(3, 1, 100.01));
    expect((await store.snapshot(spy)).sha256).not.toBe(want.sha256);
    expect((await store.snapshot(spy, { start: 0, end: newYear })).sha256).toBe(
      snapshotOf(barsInRange(bars, { start: 0, end: newYear })).sha256,
    );
    expect(await store.snapshot({ symbol: 'none', timeframe: '1d' })).toEqual(snapshotOf(emptyBars));
  });
});

describe('Readers beside a writer', () => {
  it('see a series as it was at one moment, over all its years', async () => {
    const reader = await BarStore.open(root, { access: 'read' });
    await add(minutes(-30, 60, 1));
    const writer = { isDone: false };
    const writing = (async () => {
      for (let price = 2; price < 40; price += 1) {
        await add(minutes(-30, 60, price));
        for (let more = 0; more < 3; more += 1) await add(minutes(price * 100 + more, 1, price));
      }
      writer.isDone = true;
    })();
    let reads = 0;
    while (!writer.isDone) {
      const { close, time } = await reader.read(spy);
      expect(new Set(close.subarray(0, 60)).size).toBe(1);
      expect(time.every((stamp, index) => index === 0 || stamp > (time[index - 1] ?? 0))).toBe(true);
      await reader.info(spy);
      await reader.snapshot(spy);
      reads += 1;
    }
    await writing;
    expect(reads).toBeGreaterThan(5);
  });
});
