import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allAtOnce } from '../../base/index.ts';
import { barColumns, barsFromRows, barsInRange, mergeBars, type Bars } from '../../market/index.ts';
import { barSchema } from './bar-file-format.ts';
import { encodeBarFile } from './encode-bar-file.ts';
import { BarStore, snapshotOf, type SeriesKey } from './index.ts';
import { openSeal, writeSeal } from './seal.ts';
import { seriesFolder } from './series.ts';

const spy: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const newYear = Date.UTC(2020, 0, 1);
const years = { '2019.parquet': { start: 0, end: newYear }, '2020.parquet': { start: newYear, end: Infinity } };

/** A bar file as it was written before: compressed, and sealed as a whole. */
function encodeOlderBarFile(bars: Bars, name: string): { bytes: Uint8Array; seal: string } {
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      schema: barSchema,
      rowGroupSize: 50_000,
      columnData: barColumns.map((column) =>
        column === 'time'
          ? { name: column, data: BigInt64Array.from(bars.time, BigInt), encoding: 'DELTA_BINARY_PACKED' }
          : { name: column, data: bars[column], statistics: false },
      ),
      createdBy: 'ktrdr',
      kvMetadata: [
        { key: 'ktrdr.series', value: JSON.stringify({ ...spy, calendar: 'us_equities', name }) },
        { key: 'ktrdr.seal', value: openSeal },
      ],
    }),
  );
  return { seal: writeSeal(bytes), bytes };
}

function minutes(from: number, count: number, price = 100): Bars {
  const row = { open: price, high: price, low: price, close: price };
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({ time: newYear + (from + index) * 60_000, ...row, volume: index })),
  );
}

const bars = minutes(-500, 1500);
const confirmedEmpty = [{ start: newYear - 1e9, end: newYear - 9e8 }];

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'older-store-'));
  folder = seriesFolder(root, spy);
  await mkdir(folder, { recursive: true });
  const files: Record<string, object> = {};
  for (const [name, range] of Object.entries(years)) {
    const part = barsInRange(bars, range);
    const { bytes, seal } = encodeOlderBarFile(part, name);
    await writeFile(join(folder, name), bytes);
    files[name] = { count: part.time.length, first: part.time[0], last: part.time.at(-1), seal };
  }
  const manifest = { version: 1, ...spy, calendar: 'us_equities', confirmedEmpty, updatedAt: 7, files };
  await writeFile(join(folder, 'series.json'), JSON.stringify(manifest));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('A store of the older layout', () => {
  it('is read as it is', async () => {
    await using store = await BarStore.open(root, { access: 'read' });
    expect(await store.read(spy)).toEqual(bars);
    const range = { start: newYear - 6e6, end: newYear + 6e6 };
    expect(await store.read(spy, range)).toEqual(barsInRange(bars, range));
    expect(await store.list()).toMatchObject([{ key: spy, count: 1500, confirmedEmpty, updatedAt: 7, revision: 0 }]);
    expect(await store.snapshot(spy)).toEqual(snapshotOf(bars));
    expect(await store.verify()).toEqual({ series: 1, files: 2, bars: 1500, issues: [] });
  });

  it('counts a file that was written after its manifest', async () => {
    const newer = mergeBars(barsInRange(bars, years['2020.parquet']), minutes(1000, 5));
    await writeFile(join(folder, '2020.parquet'), encodeOlderBarFile(newer, '2020.parquet').bytes);
    await using store = await BarStore.open(root);
    expect(await store.info(spy)).toMatchObject({ count: 1505 });
    expect(await store.read(spy)).toEqual(mergeBars(bars, minutes(1000, 5)));
  });

  it('becomes one of today where it is written to, and keeps everything', async () => {
    await using store = await BarStore.open(root);
    const segment = { calendar: 'us_equities', confirmedEmpty: [] } as const;
    await store.append(spy, { ...segment, bars: minutes(1000, 1) });
    expect((await readdir(folder)).sort()).toEqual([
      '2019.parquet',
      '2020.1.parquet',
      'ledger.1.json.gz',
      'newest.1.log',
      'series.json',
    ]);
    await store.append(spy, { ...segment, bars: minutes(1001, 1) });
    const all = mergeBars(mergeBars(bars, minutes(1000, 1)), minutes(1001, 1));
    await store[Symbol.asyncDispose]();
    await using again = await BarStore.open(root);
    expect(await again.read(spy)).toEqual(all);
    expect(await again.snapshot(spy)).toEqual(snapshotOf(all));
    expect(await again.info(spy)).toMatchObject({ count: 1502, confirmedEmpty });
    expect((await again.verify()).issues).toEqual([]);
  });

  it('counts nothing of a first write of today that was cut short', async () => {
    const name = '2021.1.parquet';
    const later = minutes(366 * 1440, 3);
    const { parts } = allAtOnce(encodeBarFile(later, { ...spy, calendar: 'us_equities', name }));
    await writeFile(join(folder, name), Buffer.concat(parts));
    await using store = await BarStore.open(root);
    expect(await store.info(spy)).toMatchObject({ count: 1500 });
    await store.append(spy, { calendar: 'us_equities', bars: minutes(1000, 1), confirmedEmpty: [] });
    expect(await store.read(spy)).toEqual(mergeBars(bars, minutes(1000, 1)));
    await store.append(spy, { calendar: 'us_equities', bars: minutes(1001, 1), confirmedEmpty: [] });
    expect(await readdir(folder)).toContain('2019.parquet');
    expect((await store.verify()).issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
  });

  it('tells a file of which a bit was flipped', async () => {
    const { bytes } = encodeOlderBarFile(barsInRange(bars, years['2020.parquet']), '2020.parquet');
    bytes[300] = (bytes[300] ?? 0) ^ 1;
    await writeFile(join(folder, '2020.parquet'), bytes);
    await using store = await BarStore.open(root);
    await expect(store.read(spy)).rejects.toMatchObject({ code: 'data_corrupt' });
    expect((await store.verify()).issues).toMatchObject([
      { severity: 'damage', problem: expect.stringMatching(/seal/) },
    ]);
  });
});
