import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken } from '../../src/async/index.ts';
import { loadBars } from '../../src/data/index.ts';
import type { Operation } from '../../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../../src/service/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { oneOf } from '../support/random.ts';
import { startServices, type Services } from '../support/services.ts';
import { History } from './history.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';
import { diskOf, persistently, stateOf } from './system.ts';
import { ask, expectProblem } from './wire.ts';

const { none: token } = CancellationToken;
const spans = { start: Date.UTC(2024, 0), end: Date.UTC(2024, 6) };
const load = { symbol: 'AAPL', timeframe: '1h', mode: 'full', ...spans } as const;

describe(`starts that are repeated (seed ${seed})`, () => {
  const random = randomOf('starts');
  const history = new History();
  let home: TemporaryDirectory;
  let services: Services;
  let proxy: Proxy;
  let secret: string;
  let client: OperationsClient;

  beforeAll(async () => {
    home = await temporaryDirectory();
    services = await startServices({ home: home.path, gateway: { latencyMs: 5, enforcePacing: false } });
    secret = (await services.token.read()) ?? '';
    proxy = await startProxy(Number(new URL(services.urls.api).port));
    const baseUrl = `http://127.0.0.1:${proxy.port}/api/v1`;
    client = new OperationsClient('api', { config: hostServiceConfig({ baseUrl, token: services.token }) });
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await services[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const post = (key: string, input: object): ReturnType<typeof ask> =>
    ask(`${services.urls.api}/data/load`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(input),
    });

  it('are one operation when the answers were lost', timeoutFor(60_000), async () => {
    for (let round = 0; round < Math.ceil(10 * scale); round += 1) {
      const id = `lost-${round}`;
      const lost = 1 + Math.floor(random() * 3);
      const before = proxy.dropped;
      proxy.dropAnswers(lost);
      history.started(await persistently(() => client.start({ type: loadBars.type, input: load, id }, token)));
      expect(proxy.dropped - before, 'the answers were really lost').toBe(lost);
      const act = oneOf(random, ['cancel', 'follow'] as const);
      if (act === 'cancel') {
        proxy.dropAnswers(1);
        history.cancelled(await persistently(() => client.cancel({ id }, token)));
      }
      const end = await stateOf(id, { client, history, reader: id });
      expect(act === 'cancel' ? ['cancelled', 'completed'] : ['completed']).toContain(end.status);
      expect(end.attempt).toBe(1);
    }
    expect((await services.api.list({ type: loadBars.type, limit: 1_000 }, token)).total).toBe(history.ids.length);
  });

  it('are one operation when a hundred come at once with one key', timeoutFor(30_000), async () => {
    for (let round = 0; round < Math.ceil(scale); round += 1) {
      const before = (await services.api.list({ limit: 1 }, token)).total;
      const answers = await Promise.all(Array.from({ length: 100 }, () => post(`key-${round}`, load)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      const operations = answers.map(({ body }) => JSON.parse(body) as Operation);
      for (const operation of operations) history.started(operation);
      expect(new Set(operations.map(({ id }) => id)).size).toBe(1);
      expect((await services.api.list({ limit: 1 }, token)).total).toBe(before + 1);

      const secrets = [secret, home.path];
      const other = await post(`key-${round}`, { ...load, symbol: 'MSFT' });
      expectProblem(other, { status: 409, secrets, where: 'the same key, another input' });
      for (const { id } of operations.slice(0, 1)) {
        expect(await stateOf(id, { client: services.api, history, reader: id })).toMatchObject({ status: 'completed' });
      }
      const late = await post(`key-${round}`, load);
      expect(late.status, 'the same key after the end').toBe(202);
      history.seen('late', JSON.parse(late.body) as Operation);
    }
  });

  it('leave a record that holds', async () => {
    await services[Symbol.asyncDispose]();
    using disk = diskOf(home.path);
    expect(history.violations(disk)).toEqual([]);
    expect(disk.operations.length).toBe(history.ids.length);
  });
});
