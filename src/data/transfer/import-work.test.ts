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
import { barsFromRows, type Bars } from '../../market/index.ts';
import { BarStore, type SeriesKey } from '../bar-store/index.ts';
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
  series?: SeriesKey;
  given?: Partial<ImportBarsInput>;
  token?: CancellationToken;
  onPhase?: (phase: string) => void;
}

async function importRows(
  rows: readonly string[],
  { series = key, given, token = CancellationToken.none, onPhase }: Run = {},
): Promise<ImportBarsResult> {
  await writeFile(path, ['Date,Open,High,Low,Close', ...rows].join('\n'));
  const clock = new ManualClock(now);
  const input: ImportBarsInput = { path, ...series, ...given };
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
  return importFile(input, context, { store, key: series, usualCalendar: 'us_equities' });
}

const row = (date: string, close = 2): string => `${date},1,3,0.5,${close}`;

const datesOf = ({ time }: Bars): string[] => Array.from(time, (stamp) => new Date(stamp).toISOString().slice(0, 10));

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

  it('gives weeks and months the stamp that the calendar does, whatever day of them the file names', async () => {
    const [week, month] = [
      { symbol: 'SPY', timeframe: '1w' },
      { symbol: 'SPY', timeframe: '1M' },
    ] as const;
    // A Friday, the Monday of Presidents' Day and a Sunday; then the ends and the beginning of months.
    await importRows([row('2024-02-16'), row('2024-02-19'), row('2024-03-03')], { series: week });
    await importRows([row('2023-12-31'), row('2024-01-01'), row('2024-02-29')], { series: month });
    expect(datesOf(await store.read(week))).toEqual(['2024-02-12', '2024-02-20', '2024-02-26']);
    expect(datesOf(await store.read(month))).toEqual(['2023-12-01', '2024-01-02', '2024-02-01']);
    const again = await importRows([row('2024-02-01')], { series: month });
    expect(again.stored).toEqual({ added: 0, same: 1, different: 0 });
  });

  it.each(['refuse', 'keep', 'replace'] as const)(
    'stores no two bars of one cell of the market (%s), for they would count twice',
    async (conflicts) => {
      const hours = { symbol: 'SPY', timeframe: '1h' } as const;
      const at = (time: string): string => row(`2024-03-07T${time}Z`);
      await importRows([at('14:30'), at('15:00'), at('16:00')], { series: hours });
      const other = importRows([at('14:00'), at('15:30'), at('17:30')], { series: hours, given: { conflicts } });
      await expect(other).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/2024-03-07T14:00:00.000Z .* 2024-03-07T14:30:00.000Z/) as string,
      });
      expect((await store.info(hours))?.count).toBe(3);
    },
  );

  it('tells of what is stored only the bars that it brought as its own', async () => {
    const answer = { source: 'ib', requestId: 'load-1', fetchedAt: 1, settings: {} };
    const march = (from: number, to: number) => ({ start: Date.UTC(2024, 2, from), end: Date.UTC(2024, 2, to) });
    await importRows([row('2024-03-01'), row('2024-03-05')]);
    await store.remove(key, march(1, 8));
    const held = barsFromRows(
      [4, 6].map((day) => ({ time: Date.UTC(2024, 2, day), open: 1, high: 3, low: 0.5, close: 2, volume: Number.NaN })),
    );
    await store.append(key, {
      calendar: 'us_equities',
      bars: held,
      confirmedEmpty: [],
      provenance: [{ ...answer, ...march(4, 7) }],
    });
    const rows = [row('2024-03-01'), row('2024-03-04'), row('2024-03-05'), row('2024-03-06', 2.5), row('2024-03-07')];
    const { stored } = await importRows(rows, { given: { conflicts: 'keep' } });
    expect(stored).toEqual({ added: 3, same: 1, different: 1 });
    const sourceOf = async (day: number): Promise<string[]> =>
      (await store.provenance(key, march(day, day + 1)))
        .filter(({ start }) => start <= Date.UTC(2024, 2, day))
        .map(({ source }) => source);
    expect(await Promise.all([1, 4, 5, 6, 7].map(async (day) => (await sourceOf(day))[0]))).toEqual([
      'import',
      'ib',
      'import',
      'ib',
      'import',
    ]);
  });

  it('keeps what was stored while it ran, and brings back nothing that was removed meanwhile', async () => {
    await importRows([row('2024-03-04'), row('2024-03-05')]);
    let meanwhile: Promise<unknown> = Promise.resolve();
    await importRows([row('2024-03-04', 2.5), row('2024-03-05', 2.5), row('2024-03-06', 2.5)], {
      given: { conflicts: 'keep' },
      onPhase: (phase) => {
        if (phase !== 'storing') return;
        const loaded = { time: Date.UTC(2024, 2, 5), open: 1, high: 3, low: 0.5, close: 2.75, volume: Number.NaN };
        meanwhile = store
          .remove(key, { start: Date.UTC(2024, 2, 4), end: Date.UTC(2024, 2, 5) })
          .then(() => store.append(key, { calendar: 'us_equities', bars: barsFromRows([loaded]), confirmedEmpty: [] }));
        void meanwhile;
      },
    });
    await meanwhile;
    expect([...(await store.read(key)).close]).toEqual([2.5, 2.75, 2.5]);
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

  it('tells the zone that a file was read in among the settings of its origin', async () => {
    await importRows([row('2024-03-06')], { given: { zone: 'America/New_York' } });
    expect(await store.provenance(key)).toMatchObject([{ settings: { file: 'spy.csv', zone: 'America/New_York' } }]);
  });

  it('finds by a check what would refuse the import', async () => {
    await importRows([row('2024-03-04')]);
    const given = { check: true, calendar: 'currencies' } as const;
    await expect(importRows([row('2024-03-06')], { given })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('keeps what it replaces among the revisions', async () => {
    await importRows([row('2024-03-06')]);
    await importRows([row('2024-03-06', 2.5)], { given: { conflicts: 'replace' } });
    const revisions = await store.revisions(key);
    expect(revisions.map(({ bars }) => [...bars.close])).toEqual([[2]]);
  });

  it('leaves the process free while it reads and checks', async () => {
    const minutes = { symbol: 'SPY', timeframe: '1m' } as const;
    const rows = Array.from({ length: 60_000 }, (_, minute) => row(new Date(minute * 60_000 + 1e12).toISOString()));
    const before = performance.eventLoopUtilization();
    const { bars, unfinished } = await importRows(rows.toReversed(), {
      series: minutes,
      given: { check: true, repairs: ['sort'], calendar: 'currencies' },
    });
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
    expect([bars.count, unfinished]).toEqual([60_000, 0]);
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
