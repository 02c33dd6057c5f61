import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  systemClock,
  type Clock,
  type Progress,
  type ProgressUpdate,
  noCheckpoint,
} from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import { fetchBars, type BarRequest, type FetchBarsContext } from '../data/index.ts';
import { barCount, barsFromArrow, barsFromJson, jsonBarsSchema } from '../market/index.ts';
import {
  noChildren,
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type OperationContext,
} from '../operations/index.ts';
import { HostService, hostServiceConfig, type HostServiceOptions } from '../service/index.ts';
import { IbBarProvider } from './ib-bar-provider.ts';
import { IbDataAdapter } from './ib-data-adapter.ts';
import { IbGateway } from './ib-gateway.ts';
import { fetchBarsWork, gatewayReadiness, ibHostEndpoints } from './ib-host-endpoints.ts';
import { startGatewaySimulator, type GatewaySimulator, type GatewaySimulatorOptions } from './simulator/index.ts';

/** Friday noon in New York. */
const now = Date.parse('2025-06-13T16:00:30Z');
const clock: Clock = {
  now: () => now,
  elapsed: () => systemClock.elapsed(),
  after: (ms, callback) => systemClock.after(ms, callback),
  sleep: (ms, token) => systemClock.sleep(ms, token),
};
const { none } = CancellationToken;
const request: BarRequest = {
  symbol: 'AAPL',
  timeframe: '1h',
  range: { start: Date.parse('2025-06-09'), end: Date.parse('2025-06-13') },
};

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

function keep<R extends AsyncDisposable>(resource: R): R {
  open.push(resource);
  return resource;
}

interface World {
  readonly simulator: GatewaySimulator;
  readonly operations: OperationsService;
  readonly adapter: IbDataAdapter;
  readonly direct: IbBarProvider;
  readonly url: string;
}

/** The whole way: adapter, HTTP, host service, provider, TCP, gateway. */
async function start(
  options: GatewaySimulatorOptions = {},
  hostOptions: Partial<HostServiceOptions> = {},
): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'ktrdr-ib-host-'));
  keep({ [Symbol.asyncDispose]: () => rm(home, { recursive: true }) });
  const store = OperationStore.open(home);
  keep({ [Symbol.asyncDispose]: async () => store[Symbol.dispose]() });
  const simulator = keep(await startGatewaySimulator({ clock, ...options }));
  const gateway = keep(new IbGateway({ host: simulator.host, port: simulator.port, clock, log: silentLogger }));
  const direct = new IbBarProvider(gateway, clock);
  const operations = new OperationsService(store, clock);
  const orchestrator = keep(new ServiceOrchestrator({ operations, clock, log: silentLogger }));
  orchestrator.register(fetchBars, fetchBarsWork(direct));
  const host = keep(
    new HostService({
      name: 'ib-host',
      version: '1',
      orchestrator,
      endpoints: ibHostEndpoints(direct, orchestrator),
      readiness: { gateway: gatewayReadiness(direct) },
      clock,
      ...hostOptions,
    }),
  );
  const { url } = await host.listen(0);
  const adapter = keep(new IbDataAdapter({ config: hostServiceConfig({ baseUrl: url }), clock }));
  return { simulator, operations, adapter, direct, url };
}

function context(
  id: string,
  { token = none, updates = [] }: { token?: CancellationToken; updates?: ProgressUpdate<FetchBarsContext>[] } = {},
): OperationContext<FetchBarsContext> {
  const progress: Progress<FetchBarsContext> = {
    report: (update) => void updates.push(update),
    within: () => progress,
  };
  return { id, attempt: 1, checkpoint: noCheckpoint, children: noChildren, token, progress, log: silentLogger, clock };
}

const requestHistory = 20;
const cancelHistory = 25;
const requestHead = 87;
const cancelHead = 90;

/** Another process, which is to be killed. */
function dyingClient(script: string): ChildProcess {
  const client = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  keep({ [Symbol.asyncDispose]: async () => void client.kill('SIGKILL') });
  return client;
}

/** Resolves once the simulator has received a message of this id. */
async function received(simulator: GatewaySimulator, wanted: number): Promise<void> {
  while (!simulator.messages.some(({ direction, id }) => direction === 'received' && id === wanted)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('IbDataAdapter with its host', () => {
  it.each(['AAPL', 'eurusd'])('answers for %s as the provider itself does', async (symbol) => {
    const { adapter, direct } = await start();
    expect(await adapter.describe(symbol, { token: none })).toEqual(await direct.describe(symbol, { token: none }));
    expect(await adapter.earliest(symbol, '1d', { token: none })).toBe(
      await direct.earliest(symbol, '1d', { token: none }),
    );
    expect(await adapter.earliest(symbol, '1h', { token: none })).toBe(
      await direct.earliest(symbol, '1h', { token: none }),
    );
    const instrument = await adapter.describe(symbol, { token: none });
    expect(adapter.maxSpanMs('1m', instrument)).toBe(direct.maxSpanMs('1m', instrument));
    const fetched = await adapter.fetch({ ...request, symbol }, context('fetch-1'));
    expect(fetched).toEqual(await direct.fetch({ ...request, symbol }, context('direct')));
    expect(fetched.kind === 'bars' ? barCount(fetched.bars) : 0).toBeGreaterThan(20);
  });

  it('runs a fetch as one operation under the id of the caller, and relays its progress', async () => {
    const { adapter, operations } = await start();
    const updates: ProgressUpdate<FetchBarsContext>[] = [];
    await adapter.fetch(request, context('load-7-1', { updates }));
    expect(operations.get('load-7-1')).toMatchObject({ type: 'fetch_bars', status: 'completed' });
    expect(updates.at(-1)).toMatchObject({ phase: 'fetching', done: 1, total: 1, fraction: 1 });
  });

  it('keeps "empty" apart from failures', async () => {
    const { adapter } = await start();
    const weekend = { start: Date.parse('2025-06-07'), end: Date.parse('2025-06-08') };
    expect(await adapter.fetch({ ...request, range: weekend }, context('fetch-1'))).toEqual({ kind: 'empty' });
    await expect(adapter.fetch({ ...request, symbol: 'NOSUCH' }, context('fetch-2'))).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(adapter.describe('NOSUCH', { token: none })).rejects.toMatchObject({ code: 'not_found' });
    expect(await adapter.earliest('AAPL', '1d', { token: none })).toBeDefined();
  });

  it('carries a cancel all the way to the gateway within a second', async () => {
    const { adapter, operations, simulator } = await start({ faults: [{ kind: 'mute_history' }] });
    using source = new CancellationSource();
    const fetched = adapter.fetch(request, context('fetch-1', { token: source.token }));
    const failure = fetched.catch((error: unknown) => error);
    await received(simulator, requestHistory);
    const askedAt = performance.now();
    source.cancel('user');
    expect(await failure).toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    await received(simulator, cancelHistory);
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    expect(operations.get('fetch-1')).toMatchObject({ status: 'cancelled', cancellation: { forced: false } });
  });

  it('tells how it stands with the gateway', async () => {
    const { adapter, simulator, url } = await start();
    expect(await adapter.gatewayStatus({ token: none })).toMatchObject({ state: 'disconnected', port: simulator.port });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(await adapter.gatewayStatus({ token: none })).toMatchObject({
      state: 'ready',
      clientId: 1,
      serverVersion: 178,
    });
    using _ = simulator.inject({ kind: 'connectivity_lost' });
    while ((await adapter.gatewayStatus({ token: none })).state !== 'degraded');
    const ready = await fetch(`${url}/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('the gateway has lost its connection to IB'),
    });
  });

  it.each(['/data/fetch', '/data/historical'])('serves bars to simple clients at POST %s', async (path) => {
    const { url, direct } = await start();
    const expected = await direct.fetch(request, context('direct'));
    const post = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(request),
      });
    const json = jsonBarsSchema.parse(await (await post({})).json());
    expect({ kind: 'bars', bars: barsFromJson(json) }).toEqual(expected);
    const arrow = await post({ accept: 'application/vnd.apache.arrow.stream' });
    expect(arrow.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream');
    expect({ kind: 'bars', bars: await barsFromArrow(new Uint8Array(await arrow.arrayBuffer())) }).toEqual(expected);
  });

  it('stops a plain fetch whose caller has gone', async () => {
    const { url, simulator, operations } = await start({ faults: [{ kind: 'mute_history' }] });
    const caller = new AbortController();
    const answer = fetch(`${url}/data/fetch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: caller.signal,
    }).catch((error: unknown) => error);
    await received(simulator, requestHistory);
    caller.abort();
    await answer;
    await received(simulator, cancelHistory);
    const [operation] = operations.list().operations;
    for await (const { status } of operations.watch(operation?.id ?? '')) if (status === 'cancelled') break;
    expect(operations.list({ status: ['cancelled'] }).total).toBe(1);
  });

  it('stops a fetch at IB whose client was killed', async () => {
    const { url, simulator, operations } = await start({ faults: [{ kind: 'mute_history' }] }, { unfollowedMs: 100 });
    const client = dyingClient(`
      const headers = { 'content-type': 'application/json' };
      const body = ${JSON.stringify(JSON.stringify(request))};
      await fetch('${url}/operations/fetch_bars/lost-1', { method: 'PUT', headers, body });
      for await (const _ of (await fetch('${url}/operations/lost-1/events')).body);
    `);
    await received(simulator, requestHistory);
    // A client that lives may take longer than those may be away that have gone.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(operations.get('lost-1').status).toBe('running');
    const killedAt = performance.now();
    client.kill('SIGKILL');
    await received(simulator, cancelHistory);
    expect(performance.now() - killedAt).toBeLessThan(1_000);
    for await (const { status } of operations.watch('lost-1')) if (status === 'cancelled') break;
    expect(operations.get('lost-1').cancellation).toMatchObject({ reason: 'timeout', forced: false });
    expect(simulator.openRequests).toEqual([]);
  });

  it.each([
    ['the start of a history', '/data/head-timestamp?symbol=AAPL&timeframe=1d', requestHead, cancelHead],
    ['a plain fetch', '/data/fetch', requestHistory, cancelHistory],
  ] as const)('stops a call for %s at IB whose client was killed', async (_, path, asked, cancelled) => {
    const { url, simulator, direct } = await start();
    await direct.gateway.connect(none);
    simulator.inject({ kind: 'silence' });
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) };
    const client = dyingClient(`await fetch('${url}${path}', ${path.includes('?') ? '{}' : JSON.stringify(post)});`);
    await received(simulator, asked);
    const killedAt = performance.now();
    client.kill('SIGKILL');
    await received(simulator, cancelled);
    expect(performance.now() - killedAt).toBeLessThan(1_000);
  });

  it('names the gateway when it is not there', async () => {
    const { adapter, simulator } = await start();
    await simulator.close();
    await expect(adapter.fetch(request, context('fetch-1'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Cannot reach the IB gateway at 127.0.0.1'),
    });
  });
});
