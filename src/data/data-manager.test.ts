import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CancellationToken, cancelledError, ManualClock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { barsFromRows, barsInRange, calendarOf, expectedBars, type TimeRange } from '../market/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator, type Operation } from '../operations/index.ts';
import type { BarProvider, BarRequest, FetchedBars } from './bar-provider.ts';
import { BarStore } from './bar-store/index.ts';
import { DataManager } from './data-manager.ts';
import { loadBars, type LoadBarsInput } from './load-bars.ts';
import { StoredSeries } from './stored-series.ts';

const day = 86_400_000;
const at = (text: string): number => Date.parse(text);
const listedFrom = at('2023-01-03');
const now = at('2024-03-08T15:10Z');

/** A source of one bar for each expected hour, with a hole in its own data. */
class HourlySource implements BarProvider {
  readonly requests: BarRequest[] = [];
  readonly names: string[] = [];
  hole: TimeRange = { start: at('2023-06-05'), end: at('2023-06-06') };
  /** Of every bar it has, as it is adjusted by now. */
  price = 10;
  /** What it says of the hours of the days around now. */
  reported: { hours?: string; timeZone?: string } = {};
  beforeAnswer: (request: BarRequest, token: CancellationToken) => Promise<void> = async () => {};

  async describe(symbol: string) {
    if (symbol !== 'AAPL') throw new KtrdrError('not_found', `There is no symbol "${symbol}".`);
    const calendar = 'us_equities' as const;
    const words = { description: 'Apple', exchange: 'SMART', currency: 'USD' };
    return { symbol, assetType: 'stock' as const, calendar, ...words, ...this.reported };
  }

  async earliest() {
    return listedFrom;
  }

  requestsAtOnce = 1;

  estimateMs(requests: readonly number[]) {
    return requests.length * 1_000;
  }

  maxSpanMs() {
    return 90 * day;
  }

  async fetch(request: BarRequest, { id, token }: Parameters<BarProvider['fetch']>[1]): Promise<FetchedBars> {
    this.requests.push(request);
    this.names.push(id);
    await this.beforeAnswer(request, token);
    const { start } = expectedBars(calendarOf('us_equities'), '1h', { start: listedFrom, end: now + day });
    const rows = [...start]
      .filter((time) => time < this.hole.start || time >= this.hole.end)
      .map((time) => {
        const { price } = this;
        return { time, open: price, high: price + 1, low: price - 1, close: price, volume: 100 };
      });
    const bars = barsInRange(barsFromRows(rows), request.range);
    return bars.time.length === 0 ? { kind: 'empty' } : { kind: 'bars', bars };
  }
}

let directory: string;
let records: OperationStore;
let store: BarStore;
let orchestrator: ServiceOrchestrator;
let source: HourlySource;
let manager: DataManager;
let clock: ManualClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ktrdr-data-'));
  records = OperationStore.open(directory);
  store = await BarStore.open(join(directory, 'bars'));
  source = new HourlySource();
  clock = new ManualClock(now);
  orchestrator = new ServiceOrchestrator({
    operations: new OperationsService(records, clock),
    clock,
    log: silentLogger,
  });
  manager = new DataManager({ store, provider: source, orchestrator, clock });
});

afterEach(async () => {
  await orchestrator[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  records[Symbol.dispose]();
  await rm(directory, { recursive: true });
});

const key = { symbol: 'AAPL', timeframe: '1h' } as const;
const load = (input: Partial<LoadBarsInput>) => manager.load({ ...key, mode: 'full', ...input }).result;

/** Moves the clock on until the work has ended. */
async function whileTimeGoesOn<T>(work: Promise<T>): Promise<T> {
  const ticking = setInterval(() => clock.advance(1_000), 1);
  try {
    return await work;
  } finally {
    clearInterval(ticking);
  }
}

describe('DataManager', () => {
  it('loads everything once: a second load asks for nothing', async () => {
    const first = await load({});
    expect(first.coverage).toMatchObject({ missing: 0, confirmedEmpty: 7 });
    expect(first.loaded).toEqual({ bars: first.stored.bars, segments: 5 });
    expect(first.gaps).toEqual([]);
    source.requests.length = 0;
    const second = await load({});
    expect(source.requests).toEqual([]);
    expect(second).toMatchObject({ loaded: { bars: 0, segments: 0 }, stored: first.stored });
  });

  it('keeps for every bar which request brought it', async () => {
    await load({});
    const { time } = await store.read(key);
    const answers = await store.provenance(key);
    for (const stamp of time) {
      const answer = answers.find(({ start, end }) => start <= stamp && stamp < end);
      expect(answer?.requestId).toMatch(/-a1-\d+$/);
    }
    expect(new Set(answers.map(({ requestId }) => requestId)).size).toBe(5);
  });

  it('finds a hole cut into the store and refills exactly it', async () => {
    await load({});
    const before = await store.read(key);
    const hole = { start: at('2023-09-06T15:00Z'), end: at('2023-09-08T18:00Z') };
    const removed = await store.remove(key, hole);
    expect((await manager.stored.coverage(key)).missing).toBe(removed);
    source.requests.length = 0;
    const result = await load({});
    expect(source.requests.map(({ range }) => range)).toEqual([{ start: hole.start, end: at('2023-09-08T18:00Z') }]);
    expect(result.loaded).toEqual({ bars: removed, segments: 1 });
    expect(await store.read(key)).toEqual(before);
  });

  it('expects on the days around now what the source reports, over the rules', async () => {
    const range = { start: at('2024-03-07'), end: at('2024-03-09') };
    const byRule = await load(range);
    expect(byRule.coverage.expected).toBe(8);
    source.reported = { hours: 'whenever we like', timeZone: 'US/Eastern' };
    expect((await load(range)).coverage).toEqual(byRule.coverage);
    source.reported = { hours: '20240307:0930-20240307:1100;20240308:CLOSED', timeZone: 'US/Eastern' };
    expect((await load(range)).coverage).toMatchObject({ expected: 2, missing: 0 });
  });

  it('keeps with the series what the source reported, so that every view counts the same bars as the load', async () => {
    const holiday = { start: at('2024-03-06'), end: at('2024-03-07') };
    source.hole = holiday;
    source.reported = { hours: '20240306:CLOSED;20240307:0930-20240307:1600', timeZone: 'US/Eastern' };
    const range = { start: at('2024-03-04'), end: at('2024-03-08') };
    const { coverage } = await load(range);
    expect(coverage).toEqual({ expected: 21, present: 21, confirmedEmpty: 0, missing: 0 });
    source.reported = {};
    for (const mode of ['local', 'full'] as const) expect((await load({ ...range, mode })).coverage).toEqual(coverage);
    await store[Symbol.asyncDispose]();
    await using again = await BarStore.open(join(directory, 'bars'), { access: 'read' });
    const stored = new StoredSeries({ store: again, identify: (symbol) => ({ symbol }), clock });
    expect(await stored.coverage(key, range)).toEqual({ ...coverage, gaps: [] });
    expect((await stored.coverageBy('day', key, range)).map(({ expected }) => expected)).toEqual([7, 7, 7]);
    expect(await stored.absences(key, { ...range, all: false })).toEqual([]);
    expect(await stored.absences(key, { ...holiday, all: true })).toContainEqual(
      expect.objectContaining({ kind: 'closure', name: 'Closed by the reported hours', bars: 0 }),
    );
    expect(await again.info(key)).toMatchObject({ hours: [{ date: at('2024-03-06'), sessions: [] }] });
  });

  it('learns of hours also when it has nothing to ask for, and forgets those that are back to the rules', async () => {
    const range = { start: at('2024-03-06'), end: at('2024-03-08') };
    await load(range);
    const removed = { start: at('2024-03-07T19:00Z'), end: at('2024-03-08') };
    await store.remove(key, removed);
    source.requests.length = 0;
    source.reported = { hours: '20240307:0930-20240307:1400', timeZone: 'US/Eastern' };
    expect((await load(range)).coverage).toMatchObject({ expected: 12, missing: 0 });
    expect(source.requests).toEqual([]);
    expect(await manager.stored.coverage(key, range)).toMatchObject({ expected: 12, missing: 0 });
    const { updatedAt } = await manager.stored.info(key);
    clock.advance(1_000);
    await load(range);
    expect((await manager.stored.info(key)).updatedAt, 'what is known is not written again').toBe(updatedAt);
    source.reported = { hours: '20240307:0930-20240307:1600', timeZone: 'US/Eastern' };
    expect((await load(range)).coverage).toMatchObject({ expected: 14, present: 14 });
    expect((await manager.stored.info(key)).hours).toEqual([]);
  });

  it('does not take the bar that is still being formed for history', async () => {
    await load({});
    expect(new Date((await store.info(key))?.last ?? 0).toISOString()).toBe('2024-03-08T14:30:00.000Z');
  });

  it('keeps what a cancelled load has fetched, and the next load continues', async () => {
    const { id, result } = manager.load({ ...key, mode: 'backfill' });
    source.beforeAnswer = async (_, token) => {
      if (source.requests.length < 3) return;
      orchestrator.operations.cancel(id);
      token.throwIfCancelled();
    };
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    const kept = await manager.stored.coverage(key);
    expect(kept.present).toBeGreaterThan(500);
    expect(kept.missing, 'going back from the newest leaves no hole behind').toBe(0);
    source.beforeAnswer = async () => {};
    const rest = await load({ mode: 'backfill' });
    expect(rest.loaded.segments).toBe(3);
    expect((await load({ mode: 'full' })).loaded.segments).toBe(0);
  });

  it('fails with the source’s own error when it stays silent, and keeps what came before it', async () => {
    source.beforeAnswer = async () => {
      if (source.requests.length >= 2) throw new KtrdrError('deadline_exceeded', 'no answer in 60 s');
    };
    await expect(whileTimeGoesOn(load({ mode: 'full' }))).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(source.requests).toHaveLength(1 + 5);
    const coverage = await manager.stored.coverage(key, { start: listedFrom, end: now });
    expect(coverage.present).toBeGreaterThan(0);
    expect(coverage.missing, 'a timeout is not "no data"').toBeGreaterThan(0);
  });

  it('fails at once for what asking again does not change', async () => {
    source.beforeAnswer = async () => {
      throw new KtrdrError('permission_denied', 'no subscription');
    };
    await expect(load({})).rejects.toMatchObject({ code: 'permission_denied' });
    expect(source.requests).toHaveLength(1);
  });

  it('asks a source again that was away for a while, by another name, and says so', async () => {
    const faults = [
      new KtrdrError('unavailable', 'connection refused'),
      new KtrdrError('interrupted', 'the process that ran it ended'),
      new KtrdrError('rate_limited', 'too fast'),
      cancelledError('shutdown'),
    ];
    source.beforeAnswer = async () => {
      const fault = source.requests.length > 1 ? faults.shift() : undefined;
      if (fault !== undefined) throw fault;
    };
    const messages: string[] = [];
    const { id, result } = manager.load({ ...key, mode: 'full' });
    const watched = (async () => {
      for await (const { message } of orchestrator.operations.watch(id)) messages.push(message);
    })();
    expect(await whileTimeGoesOn(result)).toMatchObject({ loaded: { segments: 5 }, coverage: { missing: 0 } });
    await watched;
    expect(messages).toContain(
      'Loading AAPL 1h data (full mode) [1/5] - the source does not answer, trying again in 2 s (1 of 4)',
    );
    expect(messages.join('\n')).toMatch(
      /trying again in 4 s \(2 of 4\)[^]*limits its pace, trying again in 8 s \(3 of 4\)/,
    );
    expect(source.names).toEqual(Array.from({ length: 9 }, (_, index) => `${id}-a1-${index + 1}`));
  });

  it.each([
    ['timeout', 'completed'],
    ['user', 'cancelled'],
  ] as const)('whose request was cancelled at the source for reason %s ends as %s', async (reason, status) => {
    let isGivenUp = false;
    source.beforeAnswer = async () => {
      if (source.requests.length !== 2 || isGivenUp) return;
      isGivenUp = true;
      throw cancelledError(reason);
    };
    const { id, result } = manager.load({ ...key, mode: 'full' });
    await whileTimeGoesOn(result).catch(() => {});
    expect(orchestrator.operations.get(id).status).toBe(status);
  });

  it('says at once when there is no source to begin with', async () => {
    source.describe = async () => {
      throw new KtrdrError('unavailable', 'nobody listens');
    };
    await expect(load({})).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('stops at once when it is cancelled between two tries', async () => {
    source.beforeAnswer = async () => {
      throw new KtrdrError('unavailable', 'connection refused');
    };
    const { id, result } = manager.load({ ...key, mode: 'full' });
    await vi.waitFor(() => expect(source.requests).toHaveLength(1));
    orchestrator.operations.cancel(id);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(source.requests).toHaveLength(1);
  });

  it('goes on by itself after its process died: with what is stored, under names of its own', async () => {
    source.beforeAnswer = async (_, token) => {
      if (source.requests.length < 3) return;
      await new Promise((resolve) => token.onCancelled(() => resolve(undefined)));
      token.throwIfCancelled();
    };
    const { id } = manager.load({ ...key, mode: 'full' });
    await vi.waitFor(() => expect(source.requests).toHaveLength(3));
    // The records as they lie on disk at this moment are what a killed process leaves.
    records[Symbol.dispose]();
    const dead = orchestrator;
    records = OperationStore.open(directory);
    source.beforeAnswer = async () => {};
    const operations = new OperationsService(records, clock);
    orchestrator = new ServiceOrchestrator({ operations, clock, log: silentLogger });
    manager = new DataManager({ store, provider: source, orchestrator, clock });
    orchestrator.recover();
    let last: Operation | undefined;
    for await (last of operations.watch(id));
    expect(last).toMatchObject({ status: 'completed', attempt: 2 });
    expect(source.names.slice(3)).toEqual([`${id}-a2-1`, `${id}-a2-2`, `${id}-a2-3`]);
    expect(await manager.stored.coverage(key, { start: listedFrom })).toMatchObject({ missing: 0 });
    await dead[Symbol.asyncDispose]();
  });

  it('tells in words where it stands', async () => {
    const messages: string[] = [];
    const { id } = manager.load({ ...key, mode: 'backfill' });
    for await (const { message } of orchestrator.operations.watch(id)) messages.push(message);
    expect(messages.at(-1)).toBe('Loading AAPL 1h data (backfill mode) [5/5]');
  });

  it('never calls out in local mode, and says what is missing', async () => {
    await load({ end: at('2023-03-01') });
    source.requests.length = 0;
    const result = await load({ mode: 'local', start: listedFrom, end: at('2023-04-01') });
    expect(source.requests).toEqual([]);
    expect(result.coverage.missing).toBe(0);
    await expect(load({ mode: 'local', symbol: 'MSFT' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('lets two loads of a series share the work: each stretch is asked for once', async () => {
    source.beforeAnswer = () => new Promise((resolve) => setTimeout(resolve, 5));
    const [one, other] = await Promise.all([load({}), load({})]);
    const asked = source.requests.map(({ range }) => range.start);
    expect(new Set(asked).size).toBe(asked.length);
    expect(one.loaded.segments + other.loaded.segments).toBe(5);
    expect(one.loaded.bars + other.loaded.bars).toBe(one.stored.bars);
    expect(one.coverage).toMatchObject({ missing: 0 });
    expect(other.coverage).toEqual(one.coverage);
  });

  it('fetches no bar twice for loads whose requests have other edges', async () => {
    source.beforeAnswer = () => new Promise((resolve) => setImmediate(resolve));
    await Promise.all([
      load({ start: at('2023-01-01') }),
      load({ start: at('2023-02-07') }),
      load({ start: at('2023-03-01'), end: at('2023-12-07') }),
      load({ mode: 'backfill', end: at('2024-01-17') }),
    ]);
    const ranges = source.requests.map(({ range }) => range).toSorted((a, b) => a.start - b.start);
    for (const [index, { start }] of ranges.entries()) {
      if (index > 0) expect(start, JSON.stringify(ranges)).toBeGreaterThanOrEqual(ranges[index - 1]?.end ?? 0);
    }
    expect(await manager.stored.coverage(key, { start: listedFrom })).toMatchObject({ missing: 0 });
  });

  it('ends a load that waits for another one as soon as it is cancelled, and the other goes on', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    source.beforeAnswer = () => held;
    const first = load({});
    await vi.waitFor(() => expect(source.requests).toHaveLength(1));
    const second = manager.load({ ...key, mode: 'full' });
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(orchestrator.operations.find(second.id)?.message).toContain('waiting for another load of AAPL 1h');
    });
    orchestrator.operations.cancel(second.id);
    await expect(second.result).rejects.toMatchObject({ code: 'cancelled' });
    release();
    expect((await first).loaded.segments).toBe(5);
  });

  it('asks again for a bar that the source was only late with', async () => {
    const late = at('2024-03-08T14:30Z');
    source.hole = { start: late, end: late + 1 };
    const first = await load({});
    expect(first.gaps).toMatchObject([{ bars: 1 }]);
    source.hole = { start: 0, end: 0 };
    const second = await load({ mode: 'tail' });
    expect(second).toMatchObject({ loaded: { bars: 1, segments: 1 }, stored: { last: late } });
  });

  it('tells what a load would ask for, and asks for no bar', async () => {
    const within = { token: CancellationToken.none };
    const plan = await manager.planLoad({ ...key, mode: 'full' }, within);
    expect(plan).toMatchObject({ requests: 5, estimatedMs: 5_000 });
    expect([source.requests, await manager.stored.list()]).toEqual([[], []]);
    const { coverage } = await load({});
    expect(plan.bars).toBe(coverage.expected);
    expect(await manager.planLoad({ ...key, mode: 'full' }, within)).toMatchObject({ requests: 0, bars: 0 });
    expect(await manager.planLoad({ ...key, mode: 'local' }, within)).toMatchObject({ requests: 0 });
    await expect(manager.planLoad({ ...key, symbol: 'NOPE', mode: 'full' }, within)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  describe('after a split that the source has adjusted its prices for', () => {
    const split = '4:1';
    const held = { start: at('2024-01-02'), end: at('2024-02-14T17:00Z') };

    beforeEach(async () => {
      source.price = 40;
      await load(held);
      source.price = 10;
    });

    it('says where the bars that it loads meet those of before, on either side and in the middle of a day', async () => {
      const { id, result } = manager.load({ ...key, mode: 'tail' });
      expect((await result).probableSplits).toEqual([{ at: at('2024-02-14T17:00Z'), split }]);
      expect(orchestrator.operations.logs(id).lines).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          message: 'loaded bars meet stored ones as the prices of a split do',
          fields: { ...key, at: at('2024-02-14T17:00Z'), split },
        }),
      );
      expect((await load({ mode: 'backfill' })).probableSplits).toEqual([{ at: at('2024-01-02T14:30Z'), split }]);
    });

    it('says it of a hole that it fills, at both of its ends', async () => {
      const hole = { start: at('2024-01-10'), end: at('2024-01-12') };
      await store.remove(key, hole);
      expect((await load(held)).probableSplits).toEqual([
        { at: at('2024-01-10T14:30Z'), split },
        { at: at('2024-01-12T14:30Z'), split },
      ]);
    });

    it('says nothing where bars are far apart, where no split explains the jump, and where none is stored', async () => {
      expect(await load({ start: at('2024-02-28') })).not.toHaveProperty('probableSplits');
      source.price = 36;
      expect(await load({ start: at('2023-12-01') })).not.toHaveProperty('probableSplits');
      await store.remove(key, { start: -Infinity, end: Infinity });
      source.price = 10;
      expect(await load(held)).not.toHaveProperty('probableSplits');
    });

    it('has all bars in the prices of today after they were deleted and loaded anew', async () => {
      await load({ mode: 'tail' });
      await manager.stored.remove(key, {});
      expect(await load({ start: held.start })).not.toHaveProperty('probableSplits');
      expect(new Set((await store.read(key)).close)).toEqual(new Set([10]));
    });
  });

  it('takes what is stored for a side of a range that is left open', async () => {
    await load({});
    const whole = await manager.stored.coverage(key);
    expect(await manager.stored.coverage(key, {})).toEqual(whole);
    const [early, late] = [{ end: at('2023-09-01') }, { start: at('2023-09-01') }];
    const [before, after] = [await manager.stored.coverage(key, early), await manager.stored.coverage(key, late)];
    expect(before.expected + after.expected).toBe(whole.expected);
    expect(before.expected).toBeGreaterThan(0);
    expect(after.expected).toBeGreaterThan(0);
  });

  it('refuses an unknown symbol and stores nothing of it', async () => {
    await expect(load({ symbol: 'NOPE' })).rejects.toMatchObject({ code: 'not_found' });
    expect(await manager.stored.list()).toEqual([]);
  });

  it('refuses input that makes no sense before anything happens', () => {
    expect(() => manager.load({ ...key, mode: 'full', start: 2, end: 1 })).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringContaining('start must lie before end') as string,
      }),
    );
    expect(() => orchestrator.startByType(loadBars.type, { ...key, timeframe: '7m', mode: 'full' })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});
