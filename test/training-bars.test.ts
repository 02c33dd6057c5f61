import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi } from '../src/apps/api.ts';
import { clientToken } from '../src/apps/client-token.ts';
import { getSnapshot } from '../src/apps/data-endpoints.ts';
import { Resources } from '../src/apps/serve.ts';
import { startTrainingHost } from '../src/apps/training-host.ts';
import { CancellationToken } from '../src/async/index.ts';
import { silentLogger as log } from '../src/base/index.ts';
import { processSettings, type Settings } from '../src/config/index.ts';
import { BarStore } from '../src/data/index.ts';
import { ModelStore } from '../src/models/index.ts';
import type { Operation } from '../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../src/service/index.ts';
import { walk } from '../src/samples/random-walk.fixture.ts';
import { sampleStrategy } from '../src/strategies/sample-strategy.fixture.ts';
import { trainModel, type TrainModelResult } from '../src/training/index.ts';
import { temporaryDirectory } from './support/ktrdr-process.ts';

const { none: token } = CancellationToken;
/** More than one answer of the API takes. */
const bars = 21_000;

describe('a training host with a home of its own', () => {
  const resources = new Resources();
  let away: Awaited<ReturnType<typeof temporaryDirectory>>;
  let api: OperationsClient;
  let host: OperationsClient;

  beforeAll(async () => {
    const home = resources.add(await temporaryDirectory());
    away = resources.add(await temporaryDirectory());
    {
      await using store = await BarStore.open(join(home.path, 'bars'));
      for (const [index, symbol] of ['AAA', 'BBB'].entries()) {
        const series = { symbol, timeframe: '1h' } as const;
        const held = walk({ seed: index + 1, count: bars });
        await store.append(series, { calendar: 'us_equities', bars: held, confirmedEmpty: [] });
      }
    }
    const here = await processSettings({ KTRDR_HOME: home.path, KTRDR_API_PORT: '0', KTRDR_LOG_LEVEL: 'silent' });
    const { url } = resources.add(await startApi(here, { port: 0, log }));
    const there: Settings = {
      ...here,
      home: away.path,
      api: { ...here.api, url },
      training: { ...here.training, bars: 'api' },
    };
    const training = resources.add(await startTrainingHost(there, { port: 0, log }));
    const clientOf = (baseUrl: string): OperationsClient =>
      resources.add(new OperationsClient('test', { config: hostServiceConfig({ baseUrl, token: clientToken(here) }) }));
    api = clientOf(url);
    host = clientOf(training.url);
  });

  afterAll(() => resources[Symbol.asyncDispose]());

  let trainings = 0;

  async function ended(client: OperationsClient, strategy: string): Promise<Operation> {
    trainings += 1;
    const { id } = await client.start({ type: trainModel.type, input: { strategy }, id: `t-${trainings}` }, token);
    for await (const _ of client.follow(id, { token }));
    return client.get(id, token);
  }

  async function snapshotOf(symbol: string): Promise<string> {
    const query = { symbol, timeframe: '1h' as const };
    return (await api.call(getSnapshot, { query }, token)).sha256;
  }

  async function train(client: OperationsClient): Promise<TrainModelResult> {
    const { id } = await ended(client, sampleStrategy());
    return client.result(trainModel, id, token);
  }

  it('asks the API for the bars, and gives the weights that the API itself gives', { timeout: 60_000 }, async () => {
    const [far, near] = [await train(host), await train(api)];
    expect(far.dataFingerprint).toBe(near.dataFingerprint);
    expect(far.weightsSha256).toBe(near.weightsSha256);
    expect(far.metrics).toEqual(near.metrics);
    const { metadata } = await (
      await ModelStore.open(join(away.path, 'models'))
    ).get(far.model.name, far.model.version);
    const named = metadata.series.map(({ snapshot }) => snapshot);
    expect(named).toEqual([await snapshotOf('AAA'), await snapshotOf('BBB')]);
  });

  it('names what the API does not hold', async () => {
    const strategy = sampleStrategy(['[AAA, BBB]', '[AAA, CCC]']);
    const { status, error } = await ended(host, strategy);
    expect(status).toBe('failed');
    expect(error).toMatchObject({ code: 'failed_precondition', detail: expect.stringContaining('CCC 1h') as string });
  });
});
