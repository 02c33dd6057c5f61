import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  ManualClock,
  noCheckpoint,
  ProgressReporter,
} from '../../async/index.ts';
import { silentLogger } from '../../base/index.ts';
import { noChildren } from '../../operations/index.ts';
import { BarStore } from '../bar-store/index.ts';
import { importBars, type ImportBarsContext, type ImportBarsInput, type ImportBarsResult } from './import-bars.ts';
import { importFile } from './import-work.ts';

const key = { symbol: 'SPY', timeframe: '1d' } as const;
const now = Date.parse('2024-03-08T18:00Z');

let folder: string;
let store: BarStore;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktrdr-import-'));
  store = await BarStore.open(join(folder, 'bars'));
  path = join(folder, 'spy.csv');
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Run {
  given?: Partial<ImportBarsInput>;
  token?: CancellationToken;
  onPhase?: (phase: string) => void;
}

async function importRows(
  rows: readonly string[],
  { given, token = CancellationToken.none, onPhase }: Run = {},
): Promise<ImportBarsResult> {
  await writeFile(path, ['Date,Open,High,Low,Close', ...rows].join('\n'));
  const clock = new ManualClock(now);
  const input: ImportBarsInput = { path, ...key, ...given };
  const progress = new ProgressReporter<ImportBarsContext>({
    clock,
    context: importBars.begin(input),
    emit: ({ phase }) => onPhase?.(phase),
    intervalMs: 0,
  });
  const context = {
    id: 'op_import',
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token,
    progress,
    log: silentLogger,
    clock,
  };
  return importFile(input, context, { store, key, usualCalendar: 'us_equities' });
}

const row = (date: string, close = 2): string => `${date},1,3,0.5,${close}`;

describe('importFile()', () => {
  it('stores a file with what is known of its origin, and its result is as the contract says', async () => {
    const result = await importRows([row('2024-03-06'), row('2024-03-07'), row('2024-03-08')]);
    expect(importBars.result.parse(result)).toEqual(result);
    expect(result).toMatchObject({ bars: { count: 2 }, unfinished: 1, stored: { added: 2, same: 0, different: 0 } });
    expect((await store.read(key)).close).toEqual(Float64Array.of(2, 2));
    expect(await store.provenance(key)).toMatchObject([
      { source: 'import', requestId: 'op_import', fetchedAt: now, settings: { file: 'spy.csv', format: 'csv' } },
    ]);
  });

  it('stores the same file twice as once', async () => {
    const rows = [row('2024-03-06'), row('2024-03-07')];
    await importRows(rows);
    const before = await store.info(key);
    expect((await importRows(rows)).stored).toEqual({ added: 0, same: 2, different: 0 });
    expect(await store.info(key)).toMatchObject({ count: 2, revision: before?.revision });
  });

  it.each([
    ['a wrong row at its end', [row('2024-03-06'), row('2024-03-07', 9)], {}, 'invalid_input'],
    ['a calendar that the series does not have', [row('2024-03-06')], { calendar: 'currencies' }, 'conflict'],
  ] as const)('stores nothing of a file with %s', async (_, rows, given, code) => {
    await importRows([row('2024-03-04')]);
    await expect(importRows(rows, { given })).rejects.toMatchObject({ code });
    expect((await store.info(key))?.count).toBe(1);
  });

  it('stores nothing when it only checks, and tells what would be different', async () => {
    await importRows([row('2024-03-06')]);
    const { stored } = await importRows([row('2024-03-06', 2.5), row('2024-03-07')], { given: { check: true } });
    expect(stored).toEqual({ added: 1, same: 0, different: 1 });
    expect((await store.info(key))?.count).toBe(1);
  });

  it('keeps what it replaces among the revisions', async () => {
    await importRows([row('2024-03-06')]);
    await importRows([row('2024-03-06', 2.5)], { given: { conflicts: 'replace' } });
    const revisions = await store.revisions(key);
    expect(revisions.map(({ bars }) => [...bars.close])).toEqual([[2]]);
  });

  it.each(['reading', 'checking'])('stores nothing when it is cancelled while %s', async (when) => {
    using source = new CancellationSource();
    const importing = importRows([row('2024-03-06')], {
      token: source.token,
      onPhase: (phase) => (phase === when ? source.cancel('user') : undefined),
    });
    await expect(importing).rejects.toMatchObject({ code: 'cancelled' });
    expect(await store.info(key)).toBeUndefined();
  });
});
