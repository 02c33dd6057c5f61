import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteBars } from '../src/apps/data-endpoints.ts';
import { CancellationToken, noCheckpoint, ProgressReporter, systemClock } from '../src/async/index.ts';
import { newOperationId, silentLogger } from '../src/base/index.ts';
import { BarStore, loadBars, type LoadBarsInput, type LoadBarsResult } from '../src/data/index.ts';
import { barsInRange, type Timeframe } from '../src/market/index.ts';
import { noChildren, type OperationContract } from '../src/operations/index.ts';
import { trainModel } from '../src/training/index.ts';
import { hasMarketData, marketData, readMarketData } from '../src/data/market-data.fixture.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { startServices, type Services } from './support/services.ts';
import { exampleStrategy } from './support/strategy.ts';

const end = Date.parse('2021-04-01');

// Loading 23 years of hours keeps IB's pacing of five requests in two seconds.
const loadTimeoutMs = 120_000;

describe.skipIf(!hasMarketData)(
  'real market data through the whole chain (skipped where ../shared/data is absent)',
  () => {
    let home: TemporaryDirectory;
    let services: Services;

    beforeAll(async () => {
      home = await temporaryDirectory();
      services = await startServices({ home: home.path, gateway: { replay: marketData } });
    });

    afterAll(async () => {
      await services[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    });

    const load = (input: Partial<LoadBarsInput> & { symbol: string; timeframe: Timeframe }): Promise<LoadBarsResult> =>
      run(services, loadBars, { mode: 'full', end, ...input });

    const readStore = async (symbol: string, timeframe: Timeframe) => {
      await using store = await BarStore.open(`${home.path}/bars`, { access: 'read' });
      return store.read({ symbol, timeframe });
    };

    it('stores AAPL 1d and SPY 1h bar for bar as they stand in the files', { timeout: loadTimeoutMs }, async () => {
      const days = await load({ symbol: 'AAPL', timeframe: '1d' });
      const hours = await load({ symbol: 'SPY', timeframe: '1h' });
      expect(await readStore('AAPL', '1d')).toEqual(await readMarketData('AAPL_1d_raw.csv'));
      expect(await readStore('SPY', '1h')).toEqual(await readMarketData('SPY_1h_raw.csv'));
      expect(days).toMatchObject({ stored: { bars: 5_849 }, coverage: { missing: 0 }, gaps: [] });
      expect(hours).toMatchObject({ stored: { bars: 40_832 }, coverage: { missing: 0 }, gaps: [] });
      expect(hours.coverage.confirmedEmpty, 'the feed lacks single bars, and that is known').toBeGreaterThan(0);
      expect(services.gateway.counters.violations).toBe(0);
    });

    it('fetches nothing the second time', async () => {
      const before = services.gateway.counters.historyRequests;
      for (const [symbol, timeframe] of [
        ['AAPL', '1d'],
        ['SPY', '1h'],
      ] as const) {
        expect((await load({ symbol, timeframe })).loaded).toEqual({ bars: 0, segments: 0 });
      }
      expect(services.gateway.counters.historyRequests).toBe(before);
    });

    it('finds a hole cut into the store and refills exactly it', async () => {
      const hole = { start: Date.parse('2015-03-05T15:00Z'), end: Date.parse('2015-03-10T17:00Z') };
      const original = await readMarketData('SPY_1h_raw.csv');
      const query = { symbol: 'SPY', timeframe: '1h', ...hole } as const;
      const { removed } = await services.api.call(deleteBars, { query }, CancellationToken.none);
      expect(removed).toBe(barsInRange(original, hole).time.length);
      const result = await load({ symbol: 'SPY', timeframe: '1h' });
      expect(result.loaded).toEqual({ bars: barsInRange(original, hole).time.length, segments: 1 });
      expect(await readStore('SPY', '1h')).toEqual(original);
    });

    it('trains the same weights on the host and locally', { timeout: 60_000 }, async () => {
      const input = { strategy: exampleStrategy({ symbol: 'SPY', epochs: 3 }), strategyName: 'spy.yaml' };
      const onHost = await run(services, trainModel, input);
      const { operations } = await services.trainingHost.list({ type: 'train_model' }, CancellationToken.none);
      expect(operations.map(({ status }) => status)).toEqual(['completed']);

      await services[Symbol.asyncDispose]();
      services = await startServices({ home: home.path, gateway: { replay: marketData }, routing: 'local' });
      const here = await run(services, trainModel, input);
      expect(here.weightsSha256).toBe(onHost.weightsSha256);
      expect(here.metrics).toEqual(onHost.metrics);
      expect(here.dataFingerprint).toBe(onHost.dataFingerprint);
      const onHostNow = await services.trainingHost.list({ type: 'train_model' }, CancellationToken.none);
      expect(onHostNow.total, 'the second training did not run on the host').toBe(1);
    });
  },
);

function run<I, C, R>({ api }: Services, contract: OperationContract<I, C, R>, input: I): Promise<R> {
  const progress = new ProgressReporter<C>({ clock: systemClock, context: contract.begin(input), emit: () => {} });
  const id = newOperationId(contract.type, systemClock.now());
  return api.run(contract, input, {
    id,
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token: CancellationToken.none,
    progress,
    log: silentLogger,
    clock: systemClock,
  });
}
