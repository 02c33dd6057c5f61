import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barsFromRows } from '../../market/index.ts';
import { BarStore, type SeriesKey } from './index.ts';
import { seriesFolder } from './series.ts';

const spy: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const newYear = Date.UTC(2020, 0, 1);
const bar = barsFromRows([{ time: newYear, open: 1, high: 1, low: 1, close: 1, volume: 1 }]);
const segment = {
  calendar: 'us_equities',
  bars: bar,
  confirmedEmpty: [{ start: newYear + 60_000, end: newYear + 120_000 }],
} as const;

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'newer-store-'));
  folder = seriesFolder(root, spy);
  await using store = await BarStore.open(root);
  await store.append(spy, segment);
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function rewriteManifest(change: (series: Record<string, unknown>) => Record<string, unknown>): Promise<void> {
  const path = join(folder, 'series.json');
  const { series } = JSON.parse(await readFile(path, 'utf8')) as { series: Record<string, unknown> };
  const changed = change(series);
  const sha256 = createHash('sha256').update(JSON.stringify(changed)).digest('hex');
  await writeFile(path, JSON.stringify({ sha256, series: changed }));
}

/** As a version to come may write it, with things in it that are not known yet. */
async function makeManifestNewer(): Promise<void> {
  await rewriteManifest((series) => ({ ...series, version: 4, calendar: 'tokyo', shards: [] }));
}

async function makeLedgerNewer(): Promise<void> {
  const name = (await readdir(folder)).find((file) => file.startsWith('ledger.')) ?? '';
  const ledger = JSON.parse(gunzipSync(await readFile(join(folder, name))).toString('utf8')) as object;
  const bytes = gzipSync(JSON.stringify({ ...ledger, version: 3, origins: undefined }));
  await writeFile(join(folder, name), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await rewriteManifest((series) => ({ ...series, ledger: { name, sha256 } }));
}

describe('A series that a newer version has written', () => {
  it.each([
    ['manifest', makeManifestNewer],
    ['ledger', makeLedgerNewer],
  ])('is told as such by its %s, and nothing of it is changed', async (_, makeNewer) => {
    await makeNewer();
    const before = await contents();
    await using store = await BarStore.open(root);
    const refusal = { code: 'failed_precondition', message: expect.stringContaining('newer version of ktrdr') };
    await expect(store.info(spy)).rejects.toMatchObject(refusal);
    await expect(store.append(spy, { ...segment, bars: later(2) })).rejects.toMatchObject(refusal);
    await expect(store.remove(spy, { start: 0, end: Infinity })).rejects.toMatchObject(refusal);
    expect(await store.list()).toEqual([]);
    const { issues } = await store.verify();
    expect(issues).toHaveLength(1);
    expect(issues[0]?.problem).toContain('newer version of ktrdr');
    expect(await contents()).toEqual(before);
  });
});

function later(minutes: number): typeof bar {
  return { ...bar, time: bar.time.map((stamp) => stamp - minutes * 60_000) };
}

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const bytes = await Promise.all(names.map((name) => readFile(join(folder, name), 'base64')));
  return Object.fromEntries(names.map((name, index) => [name, bytes[index] ?? '']));
}
