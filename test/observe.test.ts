import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../src/async/index.ts';
import { newOperationId, newTraceId } from '../src/base/index.ts';
import { readToken } from '../src/config/index.ts';
import { loadBars } from '../src/data/index.ts';
import { isTerminal, type Operation } from '../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../src/service/index.ts';
import { trainModel } from '../src/training/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { startServices, type Services } from './support/services.ts';
import { exampleStrategy } from './support/strategy.ts';

const none = CancellationToken.none;
const traceId = newTraceId();
const start = Date.parse('2023-01-01');
const end = Date.parse('2024-01-01');

let home: TemporaryDirectory;
let services: Services;
let token: string;
let client: OperationsClient;

beforeAll(async () => {
  home = await temporaryDirectory();
  services = await startServices({ home: home.path });
  token = readToken({ file: join(home.path, 'token') }) ?? '';
  const shown = { read: () => token, origin: 'the test' };
  const config = hostServiceConfig({ baseUrl: services.urls.api, token: shown });
  client = new OperationsClient('api', { config, traceId });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function run(type: string, input: unknown): Promise<Operation> {
  const id = newOperationId(type, systemClock.now());
  await client.start({ type, input, id }, none);
  for await (const operation of client.follow(id, { token: none })) if (isTerminal(operation.status)) return operation;
  return client.get(id, none);
}

describe('one trace', () => {
  it('goes from the client through the API into the records of the hosts', { timeout: 30_000 }, async () => {
    const load = await run(loadBars.type, { symbol: 'AAPL', timeframe: '1h', mode: 'full', start, end });
    expect(load).toMatchObject({ status: 'completed', traceId });
    const strategy = exampleStrategy({ symbol: 'AAPL', epochs: 1 });
    expect(await run(trainModel.type, { strategy })).toMatchObject({ status: 'completed', traceId });
    for (const host of [services.ibHost, services.trainingHost]) {
      const { operations } = await host.list({}, none);
      expect(operations.length).toBeGreaterThan(0);
      expect(new Set(operations.map((operation) => operation.traceId))).toEqual(new Set([traceId]));
    }
  });
});

describe('the log of a training on a host', () => {
  it('is answered by the API, with what the host says in its place', async () => {
    const { operations } = await services.api.list({ type: trainModel.type }, none);
    const [{ id } = { id: '' }] = operations;
    const { lines } = await services.api.logsOf({ id }, none);
    const there = lines.filter(({ fields }) => fields['service'] === 'training host').map(({ message }) => message);
    expect(there).toEqual(expect.arrayContaining(['operation started', 'model saved', 'operation completed']));
    expect(lines.at(-1)).toMatchObject({ message: 'operation completed', fields: {} });
    expect(lines.at(-1)?.fields).not.toHaveProperty('service');
    expect(JSON.stringify(lines)).not.toContain(home.path);
    expect(JSON.stringify(lines)).not.toContain(token);
  });
});

describe('GET /metrics of the API', () => {
  const metrics = async (url: string): Promise<string> =>
    (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();

  it('tells of the calls to its hosts too', async () => {
    const text = await metrics(services.urls.api);
    for (const host of ['the IB host service', 'training host']) {
      expect(text).toMatch(new RegExp(`^client_calls_total\\{service="${host}"\\} [1-9]`, 'm'));
      expect(text).toMatch(new RegExp(`^client_connections_opened_total\\{service="${host}"\\} [1-9]`, 'm'));
    }
    expect(text).toMatch(/^service_operations\{type="load_bars",status="completed"\} 1$/m);
  });

  it('is asked for with the token, as everything is', async () => {
    for (const url of Object.values(services.urls)) {
      expect((await fetch(`${url}/metrics`)).status).toBe(401);
      expect((await fetch(`${url}/health`)).status).toBe(200);
      expect(await metrics(url)).toContain('service_request_seconds_bucket');
    }
  });
});
