import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../async/index.ts';
import { barColumns, barsFromRows, type Bars } from '../../market/index.ts';
import { BarStore, type BarSegment, type SeriesKey } from './index.ts';
import { asSecondLayout } from './second-layout.fixture.ts';
import { seriesFolder } from './series.ts';

/**
 * A disk whose calls that change something are counted. From the call `failsAt` on all of them fail, as for a computer
 * without power, or that one alone, as on a disk that is full for a moment. It remembers what was not yet synced, so
 * that `restore` can take it away again.
 */
const disk = vi.hoisted(() => ({
  calls: 0,
  failsAt: Infinity,
  failsOn: false,
  /** What the disk surely has of files that were changed since they were synced; undefined for a file it has not. */
  contents: new Map<string, Uint8Array | undefined>(),
  /** The same for names that were given or taken since their folder was synced. */
  names: new Map<string, Uint8Array | undefined>(),
  call(): void {
    this.calls += 1;
    const isOut = this.failsOn ? this.calls >= this.failsAt : this.calls === this.failsAt;
    if (isOut) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  },
}));

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  const content = (path: string) => real.readFile(path).catch(() => undefined);
  const remember = async (map: typeof disk.contents, path: string): Promise<void> => {
    if (!map.has(path)) map.set(path, await content(path));
  };
  const open: typeof real.open = async (path, flags) => {
    const name = String(path);
    if (flags === 'wx') {
      disk.call();
      await remember(disk.names, name);
    }
    const file = await real.open(path, flags);
    const plain = {
      writeFile: file.writeFile.bind(file),
      write: file.write.bind(file),
      truncate: file.truncate.bind(file),
    };
    const changes = async <T>(act: () => Promise<T>): Promise<T> => {
      await remember(disk.contents, name);
      disk.call();
      return act();
    };
    // The real disk need not do it: what is synced is what this one says.
    const sync = async (): Promise<void> => {
      disk.call();
      disk.contents.delete(name);
      for (const path of disk.names.keys()) if (path.startsWith(`${name}/`)) disk.names.delete(path);
    };
    return Object.assign(file, {
      writeFile: (data: Uint8Array) => changes(() => plain.writeFile(data)),
      write: (bytes: Uint8Array, offset: number, length: number, position: number) =>
        changes(() => plain.write(bytes, offset, length, position)),
      truncate: (length: number) => changes(() => plain.truncate(length)),
      sync,
      datasync: sync,
    });
  };
  const rename: typeof real.rename = async (from, to) => {
    disk.call();
    await remember(disk.names, String(to));
    await real.rename(from, to);
    if (disk.contents.has(String(from))) disk.contents.set(String(to), disk.contents.get(String(from)));
    disk.contents.delete(String(from));
    disk.names.delete(String(from));
  };
  const remove: typeof real.rm = async (path, options) => {
    disk.call();
    await remember(disk.names, String(path));
    await real.rm(path, options);
  };
  return { ...real, open, rename, rm: remove };
});

/** What may become of what was not synced. */
type Loss = (typeof losses)[number];

const losses = [
  'nothing of it is there',
  'files are half-written',
  'only the newest name is there',
  'all of it is there',
] as const;

async function restore(loss: Loss = 'all of it is there'): Promise<void> {
  const { contents, names } = disk;
  Object.assign(disk, { failsAt: Infinity, contents: new Map(), names: new Map() });
  const { readFile } = await import('node:fs/promises');
  const put = (path: string, bytes: Uint8Array | undefined): Promise<void> =>
    bytes === undefined ? rm(path, { force: true }) : writeFile(path, bytes).catch(() => undefined);
  if (loss === 'all of it is there') return;
  for (const [path, before] of contents) {
    const now = await readFile(path).catch(() => undefined);
    const kept = before?.length ?? 0;
    if (now !== undefined && loss === 'files are half-written' && now.length > kept)
      await put(path, now.subarray(0, kept + Math.floor((now.length - kept) / 2)));
    else if (now !== undefined) await put(path, before ?? new Uint8Array());
  }
  const newest = loss === 'nothing of it is there' ? undefined : [...names.keys()].at(-1);
  if (loss !== 'files are half-written')
    for (const [path, before] of names) if (path !== newest) await put(path, before);
  Object.assign(disk, { contents: new Map(), names: new Map() });
}

const key: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
/** Of which nothing is stored. */
const fresh: SeriesKey = { symbol: 'QQQ', timeframe: '1m' };
const newYear = Date.UTC(2020, 0, 1);
const hour = 3_600_000;

function minutes(from: number, count: number, price: number): Bars {
  const row = { open: price, high: price, low: price, close: price, volume: 1 };
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({ time: newYear + (from + index) * 60_000, ...row })),
  );
}

function segment(requestId: string, bars: Bars, emptyHours: number): BarSegment {
  return {
    calendar: 'us_equities',
    bars,
    confirmedEmpty: [{ start: newYear + 10 * hour, end: newYear + (10 + emptyHours) * hour }],
    provenance: [{ source: 'test', requestId, fetchedAt: 1, settings: {}, start: newYear - hour, end: newYear + hour }],
  };
}

const clock = new ManualClock(newYear);
/** Two years, and a log behind them. */
const held = [segment('first', minutes(-30, 60, 100), 1), segment('second', minutes(30, 2, 101), 2)];
const revising = segment('third', minutes(-10, 50, 200), 3);
const acts: Record<string, (store: BarStore, place: string) => Promise<unknown>> = {
  'an append to the log': (store) => store.append(key, segment('third', minutes(32, 3, 102), 3)),
  'an append that saves the log': (store) => store.append(key, segment('third', minutes(32, 40, 102), 3)),
  'an append that revises two years': (store) => store.append(key, revising),
  'an append of an unfinished bar': (store) =>
    store.append(key, { ...segment('third', minutes(32, 1, 102), 2), lastIsUnfinished: true }),
  'the first append to a series of the second layout': async (store, place) => {
    await asSecondLayout(seriesFolder(place, key));
    await store.append(key, segment('third', minutes(32, 3, 102), 3));
  },
  'the first append to a series': (store) => store.append(fresh, revising),
  'a removal across two years': (store) => store.remove(key, { start: newYear - hour / 6, end: newYear + hour / 6 }),
  'a removal of everything': (store) => store.remove(key, { start: -Infinity, end: Infinity }),
};

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-power-'));
});

afterEach(async () => {
  await restore();
  await rm(root, { recursive: true, force: true });
});

function open(place: string): Promise<BarStore> {
  return BarStore.open(place, { clock, logLimits: { bars: 20, bytes: 2 ** 16 } });
}

async function filled(place: string): Promise<BarStore> {
  const template = join(root, 'template');
  if (!existsSync(template)) {
    await using store = await open(template);
    for (const part of held) await store.append(key, part);
  }
  await cp(template, place, { recursive: true });
  return open(place);
}

/** Everything that can be asked of the series, and what there is of the other one, as text. */
async function everything(store: BarStore): Promise<string> {
  const bars = await store.read(key, undefined, { includeUnfinished: true });
  const info = await store.info(key);
  return JSON.stringify({
    bars: barColumns.map((column) => [...bars[column]]),
    info: { ...info, updatedAt: 0 },
    snapshot: await store.snapshot(key),
    provenance: await store.provenance(key),
    revisions: (await store.revisions(key)).map(({ bars: older, ...rest }) => ({ ...rest, close: [...older.close] })),
    fresh: { ...(await store.info(fresh)), updatedAt: 0, snapshot: await store.snapshot(fresh) },
  });
}

describe.each(Object.entries(acts))('%s', (_, act) => {
  async function outcomes(): Promise<{ before: string; after: string; calls: number }> {
    const place = join(root, 'sound');
    await using store = await filled(place);
    const before = await everything(store);
    disk.calls = 0;
    await act(store, place);
    return { calls: disk.calls, before, after: await everything(store) };
  }

  it.each(losses)('that loses power at any step happens as a whole or not at all: %s', async (loss) => {
    const { before, after, calls } = await outcomes();
    for (let step = 1; step <= calls + 1; step += 1) {
      const place = join(root, String(step));
      const store = await filled(place);
      await restore();
      Object.assign(disk, { calls: 0, failsAt: step, failsOn: true });
      const isDone = await act(store, place).then(
        () => true,
        () => false,
      );
      await restore(loss);
      await store[Symbol.asyncDispose]();
      await using again = await open(place);
      const found = await everything(again);
      expect(isDone ? [after] : [before, after], `step ${step}`).toContain(found);
      const { issues } = await again.verify();
      expect(issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
      await again.append(key, segment('later', minutes(2000, 1, 100), 4));
      expect((await again.verify()).issues, 'what was left behind is cleared away').toEqual([]);
      expect((await again.read(key)).time.at(-1)).toBe(newYear + 2000 * 60_000);
    }
  });

  it('that the disk refuses at any step happens as a whole or not at all, and can be tried again', async () => {
    const { before, after, calls } = await outcomes();
    for (let step = 1; step <= calls; step += 1) {
      const place = join(root, String(step));
      const store = await filled(place);
      await restore();
      Object.assign(disk, { calls: 0, failsAt: step, failsOn: false });
      const error: unknown = await act(store, place).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      Object.assign(disk, { failsAt: Infinity });
      if (error !== undefined) expect(error).toMatchObject({ code: 'failed_precondition' });
      expect(error === undefined ? [after] : [before, after], `step ${step}`).toContain(await everything(store));
      await act(store, place);
      expect(await everything(store)).toBe(after);
      await store[Symbol.asyncDispose]();
      await using again = await open(place);
      expect(await everything(again)).toBe(after);
      expect((await again.verify()).issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
    }
  });
});
