import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cancelledError, ManualClock, systemClock, type Clock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { barsFromRows, calendarOf, expectedBars } from '../market/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator, type Operation } from '../operations/index.ts';
import type { BarProvider } from './bar-provider.ts';
import { BarStore } from './bar-store/index.ts';
import { DataManager } from './data-manager.ts';
import { seriesToLoad, type LoadSeriesInput } from './load-series.ts';

const start = Date.parse('2024-01-02');
const input: LoadSeriesInput = {
  symbols: ['AAPL', 'MSFT', 'NVDA'],
  timeframes: ['1h', '1d'],
  mode: 'full',
  start,
  end: Date.parse('2024-02-01'),
};

describe('loading several series', () => {
  let directory: string;
  let records: OperationStore;
  let store: BarStore;
  let orchestrator: ServiceOrchestrator;
  let manager: DataManager;
  let asked: string[];
  let beforeAnswer: (...asked: Parameters<BarProvider['fetch']>) => Promise<unknown>;
  let describeFault: KtrdrError | undefined;

  const source: BarProvider = {
    async describe(symbol) {
      if (describeFault !== undefined) throw describeFault;
      if (symbol === 'NOPE') throw new KtrdrError('not_found', 'There is no symbol "NOPE".');
      const calendar = 'us_equities';
      return { symbol, assetType: 'stock', calendar, description: symbol, exchange: 'SMART', currency: 'USD' };
    },
    earliest: async () => start,
    requestsAtOnce: 2,
    estimateMs: () => 0,
    maxSpanMs: () => 366 * 86_400_000,
    async fetch(request, context) {
      asked.push(`${request.symbol} ${request.timeframe}`);
      await beforeAnswer(request, context);
      const { start: times } = expectedBars(calendarOf('us_equities'), request.timeframe, request.range);
      const rows = [...times].map((time) => ({ time, open: 10, high: 11, low: 9, close: 10, volume: 100 }));
      return { kind: 'bars', bars: barsFromRows(rows) };
    },
  };

  function open(clock: Clock = systemClock): void {
    records = OperationStore.open(directory);
    const operations = new OperationsService(records, clock);
    orchestrator = new ServiceOrchestrator({ operations, clock, log: silentLogger });
    manager = new DataManager({ store, provider: source, orchestrator, clock });
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-series-'));
    store = await BarStore.open(join(directory, 'bars'));
    asked = [];
    beforeAnswer = async () => {};
    describeFault = undefined;
    open();
  });

  afterEach(async () => {
    await orchestrator[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    records[Symbol.dispose]();
    await rm(directory, { recursive: true });
  });

  const childrenOf = (id: string): Operation[] =>
    orchestrator.operations.list({ parent: id }).operations.toSorted((a, b) => a.id.localeCompare(b.id));

  it('is one operation with a load of its own for each', async () => {
    const { id, result } = manager.loadSeries(input);
    const { series } = await result;
    expect(series.map(({ symbol, timeframe }) => `${symbol} ${timeframe}`)).toEqual([
      'AAPL 1h',
      'AAPL 1d',
      'MSFT 1h',
      'MSFT 1d',
      'NVDA 1h',
      'NVDA 1d',
    ]);
    expect(series.map((one) => one.result?.coverage.missing)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(childrenOf(id).map(({ type, status }) => `${type} ${status}`)).toEqual(Array(6).fill('load_bars completed'));
    expect(orchestrator.operations.get(id)).toMatchObject({
      message: 'Loading AAPL, MSFT, NVDA [1h, 1d] data (full mode) [6/6]',
      progress: { fraction: 1 },
    });
  });

  it('goes on when one of them fails, and says which', async () => {
    const { id, result } = manager.loadSeries({ ...input, symbols: ['AAPL', 'NOPE'], timeframes: ['1d'] });
    const { series } = await result;
    expect(series).toMatchObject([
      { symbol: 'AAPL', result: { coverage: { missing: 0 } } },
      { symbol: 'NOPE', error: { code: 'not_found' } },
    ]);
    expect(orchestrator.operations.get(id).message).toBe('Loading AAPL, NOPE [1d] data (full mode) [2/2], 1 failed');
  });

  it('fails with the first error when all of them do', async () => {
    const { result } = manager.loadSeries({ ...input, symbols: ['NOPE'] });
    await expect(result).rejects.toMatchObject({ code: 'not_found', message: 'There is no symbol "NOPE".' });
  });

  it('stops all of them when it is cancelled', async () => {
    beforeAnswer = (_, { token }) =>
      new Promise((_resolve, reject) => token.onCancelled(() => reject(cancelledError('user'))));
    const { id, result } = manager.loadSeries(input);
    await vi.waitFor(() => expect(asked.length).toBe(4));
    orchestrator.operations.cancel(id);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(childrenOf(id).map(({ status }) => status)).toEqual(Array(4).fill('cancelled'));
    expect(asked).toHaveLength(4);
  });

  it('goes on after its process died: what was loaded stays, and a source may come a little later', async () => {
    beforeAnswer = async ({ timeframe }) => {
      if (timeframe === '1h') await new Promise(() => {});
    };
    const { id } = manager.loadSeries({ ...input, symbols: ['AAPL', 'MSFT'] });
    await vi.waitFor(() => expect(childrenOf(id).filter(({ status }) => status === 'completed')).toHaveLength(2));
    records[Symbol.dispose]();
    asked.length = 0;
    beforeAnswer = async () => {};
    describeFault = new KtrdrError('unavailable', 'the host is starting');
    const clock = new ManualClock(Date.now());
    open(clock);
    orchestrator.recover();
    await vi.waitFor(() => {
      clock.advance(200);
      expect(childrenOf(id).map(({ message }) => message)).toContainEqual(
        expect.stringContaining('the source does not answer, trying again in 2 s (1 of 4)'),
      );
    });
    describeFault = undefined;
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(orchestrator.operations.get(id)).toMatchObject({ status: 'completed', attempt: 2 });
    });
    expect(asked.toSorted()).toEqual(['AAPL 1h', 'MSFT 1h']);
    expect(await store.list()).toHaveLength(4);
  });

  it('loads no series twice', () => {
    expect(seriesToLoad({ ...input, symbols: ['AAPL', 'AAPL'], timeframes: ['1d', '1d'] })).toHaveLength(1);
  });
});
