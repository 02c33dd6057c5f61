import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CancellationSource, ManualClock } from '../../async/index.ts';
import { silentLogger } from '../../base/index.ts';
import {
  barCount,
  barsFromRows,
  barsInRange,
  concatBars,
  emptyBars,
  mergeBars,
  type Bars,
} from '../../market/index.ts';
import { BarStore, type AppendOutcome, type SeriesKey } from './index.ts';
import { seriesFolder } from './series.ts';

const spy: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const calendar = 'us_equities';
const hostileSymbols = [
  '',
  '..',
  '../x',
  '/etc/passwd',
  'CON',
  'con',
  'BRK B',
  'EUR.USD',
  'a\0b',
  'x'.repeat(10_000),
  '\u202Egpj.SPY',
  '\ud800',
  '\ud801',
  '__proto__',
  'sha256:',
];
const minute = 60_000;
const newYear = Date.UTC(2020, 0, 1);

let root: string;
let store: BarStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-'));
  store = await BarStore.open(root);
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** Bars a minute apart, `from` minutes after the turn of the year 2019 to 2020. */
function minutes(from: number, count: number, price = 100): Bars {
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({
      time: newYear + (from + index) * minute,
      open: price,
      high: price + 1,
      low: price - 1,
      close: price,
      volume: index,
    })),
  );
}

function add(bars: Bars, key = spy): Promise<AppendOutcome> {
  return store.append(key, { calendar, bars, confirmedEmpty: [] });
}

function pathOf(name: string, key = spy): string {
  return join(seriesFolder(root, key), name);
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

describe('BarStore', () => {
  it('has nothing before the first append', async () => {
    expect(await store.list()).toEqual([]);
    expect(await store.info(spy)).toBeUndefined();
    expect(await store.read(spy)).toEqual(emptyBars);
    expect(await store.stamps(spy)).toEqual(new Float64Array());
    expect(await store.remove(spy, { start: 0, end: Infinity })).toBe(0);
    expect(await symbolFolders()).toEqual([]);
  });

  it('gives back what was added, also after it is opened again', async () => {
    const bars = minutes(-1000, 2000);
    await add(bars);
    const again = await reopen();
    expect(await again.read(spy)).toEqual(bars);
    expect(await again.stamps(spy)).toEqual(bars.time);
    expect((await readdir(seriesFolder(root, spy))).sort((a, b) => a.localeCompare(b))).toEqual([
      '2019.1.parquet',
      '2020.1.parquet',
      'newest.1.log',
      'series.json',
    ]);
  });

  it('reads ranges within one year, across years and beyond', async () => {
    const bars = minutes(-1000, 2000);
    await add(bars);
    for (const [from, to] of [
      [-900, -800],
      [-10, 10],
      [0, 1000],
      [-5000, 5000],
      [5, 5],
      [2000, 3000],
      [10, -10],
    ] as const) {
      const range = { start: newYear + from * minute, end: newYear + to * minute };
      expect(await store.read(spy, range)).toEqual(barsInRange(bars, range));
      expect(await store.stamps(spy, range)).toEqual(barsInRange(bars, range).time);
    }
  });

  it('tells what a series holds', async () => {
    const clock = new ManualClock(newYear);
    const timed = await reopen({ clock });
    const confirmedEmpty = [{ start: newYear + 60 * minute, end: newYear + 90 * minute }];
    await timed.append(spy, { calendar, bars: minutes(-10, 30), confirmedEmpty });
    clock.advance(5000);
    await timed.append(spy, {
      calendar,
      bars: emptyBars,
      confirmedEmpty: [{ start: newYear + 90 * minute, end: newYear + 95 * minute }],
    });
    expect(await timed.info(spy)).toEqual({
      key: spy,
      calendar,
      count: 30,
      first: newYear - 10 * minute,
      last: newYear + 19 * minute,
      unfinished: undefined,
      hours: [],
      revision: 0,
      confirmedEmpty: [{ start: newYear + 60 * minute, end: newYear + 95 * minute }],
      updatedAt: newYear + 5000,
    });
    expect(await timed.list()).toEqual([await timed.info(spy)]);
  });

  it('keeps daily bars in one file, stamped with dates', async () => {
    const key: SeriesKey = { symbol: 'SPY', timeframe: '1d' };
    const day = 1440 * minute;
    const bars = barsFromRows(
      [-400, 0, 400].map((date) => ({ time: newYear + date * day, open: 1, high: 1, low: 1, close: 1, volume: 1 })),
    );
    await add(bars, key);
    expect(await store.read(key)).toEqual(bars);
    expect(await readdir(seriesFolder(root, key))).toEqual(['all.1.parquet', 'newest.1.log', 'series.json']);
    await expect(add(minutes(1, 1), key)).rejects.toMatchObject({ code: 'invalid_input' });
    const confirmedEmpty = [{ start: newYear + minute, end: newYear + day }];
    await expect(store.append(key, { calendar, bars: emptyBars, confirmedEmpty })).rejects.toThrow(/session dates/);
  });

  it('is the merge of all appends, in whatever pieces they come', async () => {
    const anyPiece = fc.record({
      from: fc.integer({ min: -60, max: 50 }),
      count: fc.nat(40),
      price: fc.integer({ min: 2, max: 99 }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyPiece, { maxLength: 6 }), async (pieces) => {
        run += 1;
        const key: SeriesKey = { symbol: `run ${run}`, timeframe: '1m' };
        const added = pieces.map(({ from, count, price }) => minutes(from, count, price));
        // Not awaited one by one: appends of one series take turns in the order they were asked for.
        await Promise.all(added.map((bars) => add(bars, key)));
        const wanted = added.reduce(mergeBars, emptyBars);
        expect(await store.read(key)).toEqual(wanted);
        expect((await store.info(key))?.count ?? 0).toBe(barCount(wanted));
      }),
      { numRuns: 25 },
    );
  });

  it('writes series side by side and never shows a reader half a file', async () => {
    await add(minutes(0, 500));
    const writing = Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        Promise.all([add(minutes(0, 500, index + 10)), add(minutes(0, 50), { symbol: `S${index}`, timeframe: '1m' })]),
      ),
    );
    const counts = new Set<number>();
    const prices = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const { open } = await store.read(spy);
      counts.add(open.length);
      prices.add(new Set(open).size);
    }
    await writing;
    expect([...counts]).toEqual([500]);
    expect([...prices], 'each read shows the bars of one append').toEqual([1]);
    expect((await store.list()).length).toBe(11);
    expect((await store.read(spy)).open[0]).toBe(19);
  });

  it('waits for writes when it is disposed of', async () => {
    const writing = add(minutes(0, 5));
    await store[Symbol.asyncDispose]();
    expect(barCount(await store.read(spy))).toBe(5);
    await writing;
  });

  it('takes any symbol and keeps it exactly', async () => {
    for (const [index, symbol] of hostileSymbols.entries()) await add(minutes(index, 1), { symbol, timeframe: '1m' });
    const again = await reopen();
    expect((await again.list()).map(({ key }) => key.symbol).sort()).toEqual([...hostileSymbols].sort());
    for (const [index, symbol] of hostileSymbols.entries())
      expect(await again.read({ symbol, timeframe: '1m' })).toEqual(minutes(index, 1));
    expect((await symbolFolders()).length).toBe(hostileSymbols.length);
  });
});

describe('BarStore.append() refuses', () => {
  it('bars that break a rule, and writes nothing', async () => {
    const bars = minutes(0, 3);
    bars.low[1] = 1000;
    await expect(add(bars)).rejects.toMatchObject({ code: 'data_corrupt' });
    expect(await symbolFolders()).toEqual([]);
  });

  it('another calendar than the series has', async () => {
    await add(minutes(0, 1));
    await expect(
      store.append(spy, { calendar: 'currencies', bars: minutes(1, 1), confirmedEmpty: [] }),
    ).rejects.toMatchObject({ code: 'conflict' });
    expect(barCount(await store.read(spy))).toBe(1);
  });

  it('stamps that no year of four digits names, and empty ranges without end', async () => {
    const early = barsFromRows([{ time: Date.UTC(-1, 0, 1), open: 1, high: 1, low: 1, close: 1, volume: 1 }]);
    await expect(add(early)).rejects.toThrow(/years 1000 to 9999/);
    await expect(
      store.append(spy, { calendar, bars: emptyBars, confirmedEmpty: [{ start: 0, end: Infinity }] }),
    ).rejects.toThrow(/must be whole milliseconds/);
    expect(await symbolFolders()).toEqual([]);
  });
});

describe('BarStore.append() that is cancelled', () => {
  it('leaves the series as it was and nothing of its own behind, and a new series not at all', async () => {
    using source = new CancellationSource();
    source.cancel('user');
    const { token } = source;
    const append = (from: number) =>
      store.append(spy, { calendar, bars: minutes(from, 2_000), confirmedEmpty: [] }, token);
    const empty = await readdir(root, { recursive: true });
    await expect(append(0)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(root, { recursive: true })).toEqual(empty);
    await store.append(spy, { calendar, bars: minutes(0, 10), confirmedEmpty: [] });
    const before = { names: await readdir(seriesFolder(root, spy)), snapshot: await store.snapshot(spy) };
    await expect(append(-3_000)).rejects.toMatchObject({ code: 'cancelled' });
    expect({ names: await readdir(seriesFolder(root, spy)), snapshot: await store.snapshot(spy) }).toEqual(before);
  });
});

describe('BarStore.remove()', () => {
  it('cuts out the range and leaves the rest', async () => {
    const bars = minutes(-100, 200);
    await add(bars);
    const range = { start: newYear - 10 * minute, end: newYear + 20 * minute };
    expect(await store.remove(spy, range)).toBe(30);
    expect(await store.read(spy)).toEqual(
      concatBars([
        barsInRange(bars, { start: 0, end: range.start }),
        barsInRange(bars, { start: range.end, end: Infinity }),
      ]),
    );
    expect(await store.info(spy)).toMatchObject({ count: 170 });
    expect(await store.remove(spy, range)).toBe(0);
  });

  it('forgets what was confirmed empty there', async () => {
    const hour = 60 * minute;
    await store.append(spy, {
      calendar,
      bars: minutes(0, 1),
      confirmedEmpty: [{ start: newYear + hour, end: newYear + 5 * hour }],
    });
    await store.remove(spy, { start: newYear + 2 * hour, end: newYear + 3 * hour });
    expect((await store.info(spy))?.confirmedEmpty).toEqual([
      { start: newYear + hour, end: newYear + 2 * hour },
      { start: newYear + 3 * hour, end: newYear + 5 * hour },
    ]);
  });

  it('forgets whole cells: those of the bars whose stamps are in the range', async () => {
    const key: SeriesKey = { symbol: 'SPY', timeframe: '1h' };
    const [morning, evening] = [Date.UTC(2020, 0, 6, 14), Date.UTC(2020, 0, 6, 21)];
    // In New York 09:00 to 16:00; the hour that begins at 09:00 is stamped 09:30.
    for (const [from, until, left] of [
      [30, 7 * 60, []],
      [0, 31, [{ start: morning + 60 * minute, end: evening }]],
      [31, 7 * 60, [{ start: morning, end: morning + 60 * minute }]],
      [-60, 30, [{ start: morning, end: evening }]],
      [
        120,
        150,
        [
          { start: morning, end: morning + 120 * minute },
          { start: morning + 180 * minute, end: evening },
        ],
      ],
    ] as const) {
      const bars = barsFromRows([{ time: morning - 4320 * minute, open: 1, high: 1, low: 1, close: 1, volume: 1 }]);
      await store.append(key, { calendar, bars, confirmedEmpty: [{ start: morning, end: evening }] });
      await store.remove(key, { start: morning + from * minute, end: morning + until * minute });
      expect((await store.info(key))?.confirmedEmpty, `${from} to ${until}`).toEqual(left);
    }
  });

  it('removes a year of which nothing is left, and at last the series', async () => {
    await add(minutes(-10, 20));
    await store.remove(spy, { start: newYear, end: Infinity });
    expect(await readdir(seriesFolder(root, spy))).toEqual(['2019.1.parquet', 'newest.2.log', 'series.json']);
    expect(await store.remove(spy, { start: -Infinity, end: Infinity })).toBe(10);
    expect(await store.info(spy)).toBeUndefined();
    expect(await symbolFolders()).toEqual([]);
  });
});

describe('BarStore after a crash', () => {
  it('holds what the manifest names, and takes away what a save that was cut short had written', async () => {
    await add(minutes(-50, 40));
    const before = await readFile(pathOf('series.json'));
    const older = await Promise.all(
      ['2019.1.parquet', 'newest.1.log'].map(async (name) => ({ name, bytes: await readFile(pathOf(name)) })),
    );
    await add(minutes(-5, 2000));
    await writeFile(pathOf('series.json'), before);
    for (const { name, bytes } of older) await writeFile(pathOf(name), bytes);
    const again = await reopen();
    expect(await again.read(spy)).toEqual(minutes(-50, 40));
    expect((await again.verify()).issues).toMatchObject([
      { severity: 'leftover', path: expect.stringMatching(/1m.2019\.2\.parquet/) },
      { severity: 'leftover', path: expect.stringMatching(/1m.2020\.2\.parquet/) },
      { severity: 'leftover', path: expect.stringMatching(/1m.newest\.2\.log/) },
    ]);
    await again.append(spy, { calendar, bars: minutes(35, 5), confirmedEmpty: [] });
    expect(await again.read(spy)).toEqual(concatBars([minutes(-50, 40), minutes(35, 5)]));
    expect(await readdir(seriesFolder(root, spy))).toEqual(['2019.1.parquet', 'newest.1.log', 'series.json']);
    expect((await again.verify()).issues).toEqual([]);
  });

  it('makes a lost manifest again from the files', async () => {
    await add(minutes(-10, 30));
    await rm(pathOf('series.json'));
    await writeFile(pathOf('2020.0.parquet'), 'what a save could not remove');
    const again = await reopen();
    expect(await again.list()).toMatchObject([{ key: spy, calendar, count: 30, updatedAt: 0 }]);
    await again.append(spy, { calendar, bars: minutes(20, 1), confirmedEmpty: [] });
    expect(await again.info(spy)).toMatchObject({ count: 31 });
    await again.append(spy, { calendar, bars: minutes(21, 1), confirmedEmpty: [] });
    expect((await again.verify()).issues).toEqual([]);
  });

  it('clears away half-written files when it opens, and no others', async () => {
    await add(minutes(0, 10));
    await writeFile(pathOf('.2020.1.parquet.4711-3.tmp'), 'half');
    await writeFile(pathOf('.notes.tmp'), 'mine');
    const again = await reopen();
    expect(await readdir(seriesFolder(root, spy))).toEqual([
      '.notes.tmp',
      '2020.1.parquet',
      'newest.1.log',
      'series.json',
    ]);
    expect(barCount(await again.read(spy))).toBe(10);
  });
});

describe('BarStore with a bar file that is missing', () => {
  const years = { missing: { start: 0, end: newYear }, sound: { start: newYear, end: Infinity } };
  const sound = barsInRange(minutes(-10, 30), years.sound);
  const elsewhere = () => join(root, '2019.1.parquet');

  beforeEach(async () => {
    await add(minutes(-10, 30));
    await rename(pathOf('2019.1.parquet'), elsewhere());
  });

  it('refuses what needs it, naming file, series and what to do, and serves the rest', async () => {
    const refusal = { code: 'data_corrupt', details: { path: pathOf('2019.1.parquet') } };
    for (const act of [
      () => store.read(spy),
      () => store.read(spy, { start: newYear - 2 * minute, end: newYear + minute }),
      () => store.stamps(spy),
      () => store.snapshot(spy),
      () => add(minutes(-10, 1, 5)),
      () => add(minutes(-20, 1)),
      () => store.remove(spy, { start: newYear - minute, end: Infinity }),
    ])
      await expect(act()).rejects.toMatchObject(refusal);
    await expect(store.read(spy)).rejects.toThrow(
      /2019\.1\.parquet of SPY 1m is damaged: it is missing\. .*"ktrdr data delete SPY -t 1m --start 2019-01-01 --end 2020-01-01 --yes"/,
    );
    expect(await store.info(spy)).toMatchObject({ count: 30, first: newYear - 10 * minute });
    expect(await store.read(spy, years.sound)).toEqual(sound);
    expect(await add(minutes(20, 1))).toMatchObject({ added: 1 });
    expect(await add(minutes(0, 1, 5))).toMatchObject({ revised: { count: 1 } });
    await rename(elsewhere(), pathOf('2019.1.parquet'));
    expect(barCount(await store.read(spy)), 'put back, it is as if nothing had been').toBe(31);
  });

  it('lets go of its bars when they are removed, and takes them again', async () => {
    expect(await store.remove(spy, years.missing)).toBe(10);
    expect(await store.read(spy)).toEqual(sound);
    expect((await store.verify()).issues).toEqual([]);
    await add(minutes(-10, 10));
    expect(await store.read(spy)).toEqual(minutes(-10, 30));
  });
});

describe('A store that is open for writing', () => {
  it('is the only one of its folder, until it is closed', async () => {
    const refusal = { code: 'conflict', message: expect.stringMatching(/in use by this ktrdr process/) as string };
    await expect(BarStore.open(root)).rejects.toMatchObject(refusal);
    await expect(BarStore.open(join(root, '..', basename(root), '.'))).rejects.toMatchObject(refusal);
    await using reader = await BarStore.open(root, { access: 'read' });
    const writing = add(minutes(0, 5));
    const closing = store[Symbol.asyncDispose]();
    await expect(add(minutes(5, 1))).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('is closed') as string,
    });
    await closing;
    await writing;
    expect(barCount(await reader.read(spy))).toBe(5);
    await using next = await BarStore.open(root);
    await next.append(spy, { calendar, bars: minutes(5, 1), confirmedEmpty: [] });
    expect(barCount(await reader.read(spy))).toBe(6);
  });
});

describe('BarStore with a damaged file', () => {
  async function damage(name: string): Promise<Buffer> {
    const bytes = await readFile(pathOf(name));
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    await writeFile(pathOf(name), bytes);
    return bytes;
  }

  it('names the bar file and what to do, and overwrites nothing', async () => {
    await add(minutes(-10, 500));
    const bytes = await damage('2020.1.parquet');
    const { mtimeMs } = await stat(pathOf('2019.1.parquet'));
    await expect(store.read(spy)).rejects.toMatchObject({
      code: 'data_corrupt',
      details: { path: pathOf('2020.1.parquet') },
    });
    await expect(store.read(spy)).rejects.toThrow(
      /2020\.1\.parquet of SPY 1m is damaged: .* load them again with "ktrdr data load SPY -t 1m --mode full --start 2020/,
    );
    await expect(add(minutes(-10, 30, 5))).rejects.toMatchObject({ code: 'data_corrupt' });
    expect(await readFile(pathOf('2020.1.parquet'))).toEqual(bytes);
    expect((await stat(pathOf('2019.1.parquet'))).mtimeMs, 'the sound year is left alone, too').toBe(mtimeMs);
    expect(barCount(await store.read(spy, { start: 0, end: newYear }))).toBe(10);
  });

  it('names the manifest and what to do; without it the bars are there again', async () => {
    await add(minutes(0, 10));
    const warnings: unknown[] = [];
    const watched = await reopen({
      log: { ...silentLogger, warn: (_message, fields) => void warnings.push(fields) },
    });
    for (const text of ['{', '{"version":2}', '\xff']) {
      await writeFile(pathOf('series.json'), text, 'latin1');
      await expect(watched.info(spy)).rejects.toThrow(/manifest .*series\.json is damaged\. Move it away/);
      await expect(watched.append(spy, { calendar, bars: minutes(10, 1), confirmedEmpty: [] })).rejects.toMatchObject({
        code: 'data_corrupt',
      });
      await expect(watched.read(spy)).rejects.toMatchObject({ code: 'data_corrupt' });
      expect(await watched.list()).toEqual([]);
    }
    expect(warnings.length).toBe(3);
    await rm(pathOf('series.json'));
    expect(barCount(await watched.read(spy))).toBe(10);
  });

  it('says in one line what is wrong with a manifest of another form', async () => {
    await add(minutes(0, 10));
    await writeFile(pathOf('series.json'), JSON.stringify({ sha256: '', series: { version: 3, generation: 'none' } }));
    const { issues } = await store.verify(spy);
    expect(issues).toMatchObject([
      { severity: 'damage', problem: 'what it says at "series.generation" is not of the form that was written' },
    ]);
  });

  it('refuses a sound file in another place, and another than the manifest names', async () => {
    const qqq: SeriesKey = { symbol: 'QQQ', timeframe: '1m' };
    await add(minutes(0, 10));
    await add(minutes(0, 10), qqq);
    const own = await readFile(pathOf('2020.1.parquet'));
    await writeFile(pathOf('2020.1.parquet'), await readFile(pathOf('2020.1.parquet', qqq)));
    await expect(store.read(spy)).rejects.toThrow(/it was written as 2020\.1\.parquet of QQQ 1m/);
    await writeFile(pathOf('2020.1.parquet'), own);
    await store.remove(spy, { start: 0, end: Infinity });
    await add(minutes(0, 11));
    await writeFile(pathOf('2020.1.parquet'), own);
    await expect(store.read(spy)).rejects.toThrow(/not the file that the manifest names/);
  });
});

describe('A reader beside the writer', () => {
  it('sees what is durable, touches nothing that is being written, and writes nothing', async () => {
    await store.append(spy, { calendar, bars: minutes(0, 3), confirmedEmpty: [] });
    const [folder = ''] = await symbolFolders();
    const halfWritten = join(root, folder, '1m', `.2020.parquet.${process.pid}-99.tmp`);
    await writeFile(halfWritten, 'half a file');
    const reader = await BarStore.open(root, { access: 'read' });
    expect(barCount(await reader.read(spy))).toBe(3);
    expect(await readFile(halfWritten, 'utf8')).toBe('half a file');
    const segment = { calendar, bars: minutes(3, 1), confirmedEmpty: [] } as const;
    await expect(reader.append(spy, segment)).rejects.toMatchObject({ code: 'failed_precondition' });
    await expect(reader.remove(spy, { start: 0, end: newYear * 2 })).rejects.toMatchObject({
      code: 'failed_precondition',
    });
    expect(barCount(await store.read(spy))).toBe(3);
  });

  it('stops reading between two files when it is cancelled', async () => {
    await store.append(spy, { calendar, bars: minutes(-5, 10), confirmedEmpty: [] });
    using source = new CancellationSource();
    const reading = store.read(spy, undefined, { token: source.token });
    source.cancel();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  });
});
