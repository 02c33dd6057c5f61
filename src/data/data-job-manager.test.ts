import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  ManualClock,
  noCheckpoint,
  ProgressReporter,
  type ProgressState,
} from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { barsFromRows, calendarOf, expectedBars, expectedRuns } from '../market/index.ts';
import { noChildren, type OperationContext } from '../operations/index.ts';
import type { BarProvider, BarRequest } from './bar-provider.ts';
import { BarStore } from './bar-store/index.ts';
import { coverageOf, storedCoverage, type Coverage } from './coverage.ts';
import { DataJobManager } from './data-job-manager.ts';
import type { LoadBarsContext, LoadBarsResult } from './load-bars.ts';
import { planJobs, type Planning } from './plan-jobs.ts';
import { storedStretches } from './stretches.ts';
import type { LoadMode } from './choices.ts';

const day = 86_400_000;
const calendar = 'us_equities';
const key = { symbol: 'AAPL', timeframe: '1h' } as const;
const range = { start: Date.UTC(2023, 0, 3), end: Date.UTC(2023, 5, 1) };
const cells = expectedBars(calendarOf(calendar), key.timeframe, range);
const runs = expectedRuns(calendarOf(calendar), key.timeframe, range);
const stretches = 10;

let directory: string;
let store: BarStore;
let manager: DataJobManager;
let source: BarProvider;
let asked: BarRequest[];
let beforeAnswer: (index: number, token: CancellationToken) => Promise<void>;
let states: ProgressState<LoadBarsContext>[];
let estimateMs: Planning['estimateMs'];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ktrdr-jobs-'));
  store = await BarStore.open(join(directory, 'bars'));
  asked = [];
  states = [];
  beforeAnswer = async () => {};
  // Only bars cost something, so no two gaps are joined.
  estimateMs = (requests) => requests.reduce((sum, bars) => sum + bars, 0);
  source = {
    requestsAtOnce: 4,
    maxSpanMs: () => 15 * day,
    estimateMs: (requests) => estimateMs(requests),
    earliest: async () => range.start,
    describe: () => Promise.reject(new KtrdrError('internal', 'nobody asks')),
    async fetch(request, { token }) {
      await beforeAnswer(asked.push(request) - 1, token);
      const { start } = expectedBars(calendarOf(calendar), request.timeframe, request.range);
      const rows = [...start].map((time) => ({ time, open: 10, high: 11, low: 9, close: 10, volume: 100 }));
      return { kind: 'bars', bars: barsFromRows(rows) };
    },
  };
  manager = new DataJobManager(store, source);
});

afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function coverage(): Promise<Coverage> {
  return storedCoverage(store, key, runs);
}

async function load(
  mode: LoadMode,
  token: CancellationToken = CancellationToken.none,
): Promise<LoadBarsResult['loaded']> {
  const clock = new ManualClock(Date.UTC(2024, 0, 1));
  const planning: Planning = { mode, maxSpanMs: 15 * day, estimateMs };
  const storedBefore = manager.storedSoFar(key);
  const jobs = planJobs(await storedStretches(store, key, runs), planning);
  const context: OperationContext<LoadBarsContext> = {
    id: 'load',
    attempt: 1,
    token,
    clock,
    log: silentLogger,
    checkpoint: noCheckpoint,
    children: noChildren,
    progress: new ProgressReporter({
      clock,
      intervalMs: 0,
      context: { ...key, mode, loadedBars: 0 },
      emit: (state) => states.push(state),
    }),
  };
  const days = calendarOf(calendar);
  const { loaded } = await manager.run({ key, calendar, days, hours: [], runs, jobs, storedBefore, planning }, context);
  return loaded;
}

const untilCancelled = async (token: CancellationToken): Promise<void> => {
  await new Promise((resolve) => token.onCancelled(() => resolve(undefined)));
  token.throwIfCancelled();
};

describe('DataJobManager', () => {
  it.each(['full', 'backfill', 'tail'] as const)('loads several stretches at a time in %s mode', async (mode) => {
    let open = 0;
    let most = 0;
    beforeAnswer = async (index) => {
      open += 1;
      most = Math.max(most, open);
      // Of each four, those that were asked last answer first.
      await new Promise((resolve) => setTimeout(resolve, 20 - 5 * (index % 4)));
      open -= 1;
    };
    expect(await load(mode)).toEqual({ bars: cells.start.length, segments: stretches });
    expect(await coverage()).toMatchObject({ missing: 0 });
    expect(most).toBe(4);
    const starts = asked.map((request) => request.range.start);
    const oldestFirst = starts.toSorted((a, b) => a - b);
    const inOrder = mode === 'backfill' ? oldestFirst.toReversed() : oldestFirst;
    const displaced = starts.map((start, index) => Math.abs(inOrder.indexOf(start) - index));
    expect(Math.max(...displaced), 'but for those under way together').toBeLessThan(4);
    const fractions = states.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(states.at(-1)).toMatchObject({ fraction: 1, done: stretches, total: stretches });
    expect(states.at(-1)?.context.loadedBars).toBe(cells.start.length);
  });

  it.each(['backfill', 'tail'] as const)('leaves no hole behind when it is cancelled in %s mode', async (mode) => {
    using cancel = new CancellationSource();
    // The second stretch is not answered, those behind it are.
    beforeAnswer = (index, token) => (index === 1 ? untilCancelled(token) : Promise.resolve());
    const loading = load(mode, cancel.token);
    const failure = loading.catch((error: unknown) => error);
    await vi.waitFor(async () => expect((await coverage()).present).toBeGreaterThan(0));
    cancel.cancel('user');
    expect(await failure).toMatchObject({ code: 'cancelled' });
    const { gaps } = await coverage();
    expect(gaps).toHaveLength(1);
    const [edge] = gaps;
    expect(mode === 'tail' ? edge?.end : edge?.start).toBe(mode === 'tail' ? cells.cellEnd.at(-1) : cells.cellStart[0]);
    beforeAnswer = async () => {};
    await load(mode);
    expect(await coverage()).toMatchObject({ missing: 0 });
  });

  it('keeps all that was fetched when it looks for every hole anyway', async () => {
    using cancel = new CancellationSource();
    beforeAnswer = (index, token) => (index === 1 ? untilCancelled(token) : Promise.resolve());
    const failure = load('full', cancel.token).catch((error: unknown) => error);
    await vi.waitFor(() => expect(asked).toHaveLength(stretches));
    await new Promise((resolve) => setTimeout(resolve, 20));
    cancel.cancel('user');
    expect(await failure).toMatchObject({ code: 'cancelled' });
    beforeAnswer = async () => {};
    expect(await load('full')).toMatchObject({ segments: 1 });
    expect(await coverage()).toMatchObject({ missing: 0 });
  });

  it('cancels every request that is under way, and begins none', async () => {
    using cancel = new CancellationSource();
    let ended = 0;
    beforeAnswer = (_, token) => untilCancelled(token).finally(() => (ended += 1));
    const failure = load('full', cancel.token).catch((error: unknown) => error);
    await vi.waitFor(() => expect(asked).toHaveLength(4));
    cancel.cancel('user');
    expect(await failure).toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    expect([ended, asked.length]).toEqual([4, 4]);
  });

  it('stores what was asked before the stretch that failed, and gives up those behind it', async () => {
    beforeAnswer = async (index, token) => {
      if (index === 0) await new Promise((resolve) => setTimeout(resolve, 30));
      if (index === 1) throw new KtrdrError('permission_denied', 'no subscription');
      if (index > 1) await untilCancelled(token);
    };
    await expect(load('tail')).rejects.toMatchObject({ code: 'permission_denied' });
    const { gaps, present } = await coverage();
    expect(present).toBeGreaterThan(0);
    expect(gaps).toHaveLength(1);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it('looks at the store for its plan alone while no other load adds to the series', async () => {
    const looks = vi.spyOn(store, 'info');
    await load('full');
    expect(asked.length).toBeGreaterThan(1);
    expect(looks).toHaveBeenCalledTimes(1);
  });

  it('fetches nothing twice for loads of one series that meet', async () => {
    beforeAnswer = () => new Promise((resolve) => setTimeout(resolve, 2));
    const loaded = await Promise.all([load('tail'), load('backfill'), load('full')]);
    expect(loaded.reduce((sum, { bars }) => sum + bars, 0)).toBe(cells.start.length);
    const ranges = asked.map((request) => request.range).toSorted((a, b) => a.start - b.start);
    for (const [index, { start }] of ranges.entries()) {
      if (index > 0) expect(start).toBeGreaterThanOrEqual(ranges[index - 1]?.end ?? 0);
    }
  });

  it('asks for neighbouring holes at once, and takes nothing that was held for loaded or for empty', async () => {
    estimateMs = (requests) => requests.length;
    const week = [...cells.start.subarray(0, 21)];
    const rowOf = (time: number) => ({ time, open: 10, high: 11, low: 9, close: 10, volume: 100 });
    const held = week.filter((_, index) => index !== 3 && index !== 7 && index !== 12);
    await store.append(key, { calendar, bars: barsFromRows(held.map(rowOf)), confirmedEmpty: [] });
    // The source has the first of the three holes, and of what is held the half.
    const had = week.filter((_, index) => index === 3 || (index % 2 === 0 && index !== 12));
    source.fetch = async (request) => {
      asked.push(request);
      const bars = had.filter((time) => time >= request.range.start && time < request.range.end);
      return { kind: 'bars', bars: barsFromRows(bars.map(rowOf)) };
    };
    const jobs = planJobs(await storedStretches(store, key, runs), {
      mode: 'full',
      maxSpanMs: 15 * day,
      estimateMs,
    });
    expect(jobs[0]).toMatchObject({ missing: 3, expected: 10, gaps: [{ bars: 1 }, { bars: 1 }, { bars: 1 }] });
    expect(await load('full')).toMatchObject({ bars: 1, segments: jobs.length });
    expect(asked).toHaveLength(jobs.length);
    const first = coverageOf(await storedStretches(store, key, runs.slice(0, 3)));
    expect(first).toMatchObject({ expected: 21, present: 19, confirmedEmpty: 2, missing: 0 });
    const { confirmedEmpty = [] } = (await store.info(key)) ?? {};
    for (const time of week.filter((_, index) => index !== 7 && index !== 12))
      expect(confirmedEmpty.some(({ start, end }) => start <= time && time < end)).toBe(false);
  });
});
