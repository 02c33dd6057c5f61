import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { barCount, barsFromRows, barsInRange, mergeBars, type Bars } from '../../market/index.ts';
import { BarStore, type SeriesKey } from './index.ts';

/**
 * A disk that keeps what was synced and nothing else. When `stepsLeft` runs out every call fails, as for a computer
 * without power; `restore` then leaves unsynced files empty and takes back renames whose folder was not synced.
 */
const disk = vi.hoisted(() => ({
  stepsLeft: Infinity,
  unsynced: new Set<string>(),
  renamed: new Map<string, Uint8Array | undefined>(),
  step(): void {
    if (this.stepsLeft <= 0) throw new Error('power is lost');
    this.stepsLeft -= 1;
  },
}));

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, flags) => {
    disk.step();
    const file = await real.open(path, flags);
    const name = String(path);
    const writeFile = file.writeFile.bind(file);
    const sync = file.sync.bind(file);
    file.writeFile = async (data) => {
      disk.unsynced.add(name);
      disk.step();
      await writeFile(data);
    };
    file.sync = async () => {
      disk.step();
      await sync();
      disk.unsynced.delete(name);
      for (const path of disk.renamed.keys()) if (path.startsWith(name)) disk.renamed.delete(path);
    };
    return file;
  };
  const rename: typeof real.rename = async (from, to) => {
    disk.step();
    disk.renamed.set(String(to), await real.readFile(to).catch(() => undefined));
    await real.rename(from, to);
    if (disk.unsynced.delete(String(from))) disk.unsynced.add(String(to));
  };
  const remove: typeof real.rm = async (path, options) => {
    disk.step();
    if (String(path).endsWith('.parquet'))
      disk.renamed.set(String(path), await real.readFile(path).catch(() => undefined));
    await real.rm(path, options);
  };
  return { ...real, open, rename, rm: remove };
});

async function restore(): Promise<void> {
  disk.stepsLeft = Infinity;
  for (const path of disk.unsynced) await writeFile(path, '').catch(() => undefined);
  for (const [path, before] of disk.renamed)
    await (before === undefined ? rm(path, { force: true }) : writeFile(path, before));
  disk.unsynced.clear();
  disk.renamed.clear();
}

const key: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const newYear = Date.UTC(2020, 0, 1);
const all = { start: -Infinity, end: Infinity };
const years = [
  { start: 0, end: newYear },
  { start: newYear, end: Infinity },
];

function minutes(from: number, count: number, price: number): Bars {
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({
      time: newYear + (from + index) * 60_000,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 1,
    })),
  );
}

const held = minutes(-30, 60, 100);
const incoming = minutes(-10, 50, 200);
const emptyBefore = [{ start: newYear + 3_600_000, end: newYear + 7_200_000 }];
const emptyAfter = [{ start: newYear + 3_600_000, end: newYear + 9_000_000 }];

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-power-'));
});

afterEach(async () => {
  await restore();
  await rm(root, { recursive: true, force: true });
});

/** Does something to a store that holds `held`, each time with power for one step more, and looks at what is left. */
async function loseDuring(
  act: (store: BarStore) => Promise<unknown>,
  examine: (store: BarStore) => Promise<void>,
): Promise<number> {
  for (let steps = 0; ; steps += 1) {
    const place = join(root, String(steps));
    await (
      await BarStore.open(place)
    ).append(key, { calendar: 'us_equities', bars: held, confirmedEmpty: emptyBefore });
    const store = await BarStore.open(place);
    disk.stepsLeft = steps;
    const outcome = await act(store).then(
      () => 'done',
      (error: unknown) => error,
    );
    await restore();
    await examine(await BarStore.open(place));
    if (outcome === 'done') return steps;
  }
}

it('an append that loses power at any step leaves each year as it was or as it shall be', async () => {
  const merged = mergeBars(held, incoming);
  const seen = new Set<string>();
  const steps = await loseDuring(
    (store) => store.append(key, { calendar: 'us_equities', bars: incoming, confirmedEmpty: emptyAfter }),
    async (store) => {
      const info = await store.info(key);
      const newYears: boolean[] = [];
      for (const year of years) {
        const bars = await store.read(key, year);
        const isNew = bars.close.includes(200);
        expect(bars).toEqual(barsInRange(isNew ? merged : held, year));
        newYears.push(isNew);
      }
      const isConfirmed = info?.confirmedEmpty[0]?.end === emptyAfter[0]?.end;
      seen.add(`${newYears.join()},${isConfirmed}`);
      expect(info?.confirmedEmpty).toEqual(isConfirmed ? emptyAfter : emptyBefore);
      expect(info?.count).toBe(barCount(await store.read(key)));
    },
  );
  expect([...seen], 'all of it at once').toEqual(['false,false,false', 'true,true,true']);
  expect(steps).toBeGreaterThan(15);
});

it('a removal that loses power at any step never leaves a removed bar looking confirmed empty', async () => {
  const steps = await loseDuring(
    async (store) => {
      expect(await store.remove(key, all)).toBe(60);
    },
    async (store) => {
      const info = await store.info(key);
      const left = await store.read(key);
      expect([0, 30, 60]).toContain(barCount(left));
      expect(info?.count ?? 0).toBe(barCount(left));
      const mayBeEmpty = barCount(left) === 60 ? emptyBefore : [];
      expect([[], mayBeEmpty]).toContainEqual(info?.confirmedEmpty ?? []);
    },
  );
  expect(steps).toBeGreaterThan(10);
});
