import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  CancellationSource,
  CancellationToken,
  ManualClock,
  ProgressReporter,
  systemClock,
  type Clock,
  type ProgressState,
  noCheckpoint,
} from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import {
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type OperationContext,
  type OperationContract,
  type OperationStatus,
  type OperationWork,
  noChildren,
} from '../operations/index.ts';
import type { AdapterOptions } from './async-service-adapter.ts';
import { defineEndpoint, encodable } from './endpoint.ts';
import { hostServiceConfig, type HostServiceConfig } from './host-service-config.ts';
import { HostService } from './host-service.ts';
import { binary, implement } from './implement.ts';
import { memoryTransport } from './memory-transport.ts';
import { OperationsClient } from './operations-client.ts';
import { agentTransport } from './agent-transport.ts';
import { poolTransport } from './pool-transport.ts';
import type { Transport } from './transport.ts';

const none = CancellationToken.none;
const caught = (thrown: unknown): KtrdrError => KtrdrError.from(thrown);

interface Count {
  counted: number;
}

const count: OperationContract<{ to: number }, Count, { sum: number }> = {
  type: 'count',
  input: z.object({ to: z.number().int() }),
  context: z.object({ counted: z.number() }),
  result: z.object({ sum: z.number() }),
  begin: () => ({ counted: 0 }),
  render: ({ done, total }) => `${done} of ${total}`,
};

const paint: OperationContract<{ color: number }, Count, Uint8Array> = {
  type: 'paint',
  context: count.context,
  begin: () => ({ counted: 0 }),
  render: count.render,
  input: z.object({ color: z.number().int() }),
  result: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  encoding: {
    mediaType: 'application/x-paint',
    encode: async (bytes) => bytes,
    decode: async (bytes) => new Uint8Array(bytes),
  },
};

const echo = defineEndpoint({
  method: 'POST',
  path: '/echo/{word}',
  summary: 'Says it again',
  params: z.object({ word: z.string() }),
  query: z.object({ times: z.coerce.number<number>().int().max(9).default(1) }),
  body: z.object({ tail: z.string() }),
  response: z.object({ said: z.string() }),
});

const flaky = defineEndpoint({ method: 'GET', path: '/flaky', summary: 'Fails at first', response: z.string() });
const flakyOrder = defineEndpoint({ ...flaky, method: 'POST' });
const stuck = defineEndpoint({ method: 'GET', path: '/stuck', summary: 'Waits for the token', response: z.string() });
const wrong = defineEndpoint({ method: 'GET', path: '/wrong', summary: 'Breaks its word', response: z.string() });
const doubled = defineEndpoint({
  method: 'GET',
  path: '/doubled',
  summary: 'A number, also as bytes',
  response: encodable(z.number(), {
    mediaType: 'application/x-byte',
    encode: async (value) => Uint8Array.of(value),
    decode: async ([value = 0]) => value * 2,
  }),
});
const picture = defineEndpoint({ method: 'GET', path: '/picture', summary: 'Bytes', response: 'binary' });

/** A gate that work waits at, so that tests decide when it goes on. */
class Gate {
  readonly passed: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.passed = new Promise((resolve) => (this.open = resolve));
  }
}

class Fixture implements AsyncDisposable {
  readonly host: HostService;
  readonly orchestrator: ServiceOrchestrator;
  readonly store: OperationStore;
  readonly directory: string;
  readonly entered = new Gate();
  readonly release = new Gate();
  flakyFailures = 0;
  flakyCalls = 0;
  readonly stuckCancelled = new Gate();
  readonly stuckEntered = new Gate();
  readonly reasons: (string | undefined)[] = [];

  constructor(directory: string) {
    this.directory = directory;
    this.store = OperationStore.open(directory);
    const operations = new OperationsService(this.store, systemClock);
    const counting: OperationWork<{ to: number }, Count, { sum: number }> = async ({ to }, { progress, token }) => {
      let sum = 0;
      for (let i = 1; i <= Math.abs(to); i += 1) {
        sum += i;
        progress.report({ phase: 'counting', done: i, total: Math.abs(to), context: { counted: i } });
      }
      this.entered.open();
      if (to === 13) throw new KtrdrError('rate_limited', 'Thirteen is too many.', { details: { limit: 12 } });
      if (to < 0) {
        await new Promise<void>((resolve) => {
          void this.release.passed.then(resolve);
          token.onCancelled(resolve);
        });
        if (to < -90) await this.release.passed;
        this.reasons.push(token.reason);
        token.throwIfCancelled('counting');
      }
      return { sum };
    };
    this.orchestrator = new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger })
      .register(count, counting)
      .register(paint, async ({ color }) => new Uint8Array(100_000).fill(color));
    const failing = (): string => {
      this.flakyCalls += 1;
      if (this.flakyFailures > 0) {
        this.flakyFailures -= 1;
        throw new KtrdrError('unavailable', 'Not now.', { details: { retryAfterMs: 1 } });
      }
      return 'at last';
    };
    this.host = new HostService({
      name: 'test host',
      version: '1.2.3',
      prefix: '/api/v1',
      orchestrator: this.orchestrator,
      endpoints: [
        implement(echo, ({ params, query, body }) => ({ said: params.word.repeat(query.times) + body.tail })),
        implement(flaky, failing),
        implement(flakyOrder, failing),
        implement(stuck, async (_, { token }) => {
          token.onCancelled(() => this.stuckCancelled.open());
          this.stuckEntered.open();
          await this.stuckCancelled.passed;
          token.throwIfCancelled();
          return '';
        }),
        implement(wrong, () => 7 as unknown as string),
        implement(doubled, () => 21),
        implement(picture, () => binary(Uint8Array.of(1, 2, 3), 'image/x-test')),
      ],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release.open();
    this.stuckCancelled.open();
    await this.orchestrator[Symbol.asyncDispose]();
    await this.host[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
    await rm(this.directory, { recursive: true });
  }
}

const ways = {
  memory: async (host: HostService) => ({ baseUrl: `http://memory${host.prefix}`, transport: memoryTransport(host) }),
  pool: async (host: HostService) => {
    const { url } = await host.listen(0);
    return { baseUrl: url, transport: poolTransport(hostServiceConfig({ baseUrl: url })) };
  },
  agent: async (host: HostService) => {
    const { url } = await host.listen(0);
    return { baseUrl: url, transport: agentTransport(hostServiceConfig({ baseUrl: url })) };
  },
};

describe.each(['memory', 'pool', 'agent'] as const)('a client over %s', (way) => {
  let fixture: Fixture;
  let config: HostServiceConfig;
  let transport: Transport;
  let client: OperationsClient;

  beforeEach(async () => {
    fixture = new Fixture(await mkdtemp(join(tmpdir(), 'service-')));
    const { baseUrl, transport: made } = await ways[way](fixture.host);
    config = hostServiceConfig({ baseUrl });
    transport = made;
    client = new OperationsClient('test host', { config, transport });
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  const clientOver = (overrides: Partial<Transport>, more: Partial<AdapterOptions> = {}): OperationsClient =>
    new OperationsClient('test host', { config, transport: { ...transport, ...overrides }, ...more });

  describe('call', () => {
    it('carries params, query and body, and gives back the parsed answer', async () => {
      const input = { params: { word: 'a/b ü%' }, query: { times: 2 }, body: { tail: '!' } };
      expect(await client.call(echo, input, none)).toEqual({ said: 'a/b ü%a/b ü%!' });
    });

    it('takes an encodable answer as bytes, and a binary one with its media type', async () => {
      expect(await client.call(doubled, {}, none), 'the decoder doubles').toBe(42);
      expect(await client.call(picture, {}, none)).toEqual({
        mediaType: 'image/x-test',
        bytes: Uint8Array.of(1, 2, 3),
      });
    });

    it('throws the error that the host threw, with the service and the endpoint', async () => {
      const thrown = await client.get('nobody', none).catch(caught);
      expect(thrown).toMatchObject({
        code: 'not_found',
        message: 'There is no operation "nobody".',
        details: { service: 'test host', endpoint: 'GET /operations/{id}' },
      });
    });

    it('names every wrong field of its input', async () => {
      const input = { params: { word: 'x' }, query: { times: 10 }, body: { tail: '' } };
      const thrown = await client.call(echo, input, none).catch(caught);
      expect(thrown).toMatchObject({ code: 'invalid_input', details: { issues: [{ path: 'times' }] } });
    });

    it('calls an answer of another shape corrupt', async () => {
      await expect(client.call(wrong, {}, none)).rejects.toMatchObject({ code: 'data_corrupt' });
    });

    it('tries an idempotent endpoint again, after the pause that the host asks for', async () => {
      fixture.flakyFailures = 2;
      expect(await client.call(flaky, {}, none)).toBe('at last');
      expect(fixture.flakyCalls).toBe(3);
      expect(client.metrics).toMatchObject({ requests: 1, retries: 2, failures: 0, latency: { count: 1 } });
    });

    it('sends an endpoint that is not idempotent once', async () => {
      fixture.flakyFailures = 1;
      await expect(client.call(flakyOrder, {}, none)).rejects.toMatchObject({ code: 'unavailable' });
      expect(fixture.flakyCalls).toBe(1);
      expect(client.metrics).toMatchObject({ requests: 1, retries: 0, failures: 1 });
    });

    it('gives up an idempotent endpoint when its retries are used up', async () => {
      fixture.flakyFailures = 100;
      await expect(client.call(flaky, {}, none)).rejects.toMatchObject({ code: 'unavailable', message: 'Not now.' });
      expect(fixture.flakyCalls).toBe(1 + config.retries);
    });

    it('calls a host unavailable that does not take a connection', async () => {
      const message = 'Connect Timeout Error (attempted address: 10.0.0.7:5001, timeout: 5000ms)';
      const deaf = clientOver(
        { send: async () => Promise.reject(Object.assign(new Error(message), { code: 'UND_ERR_CONNECT_TIMEOUT' })) },
        { config: { ...config, retries: 0 } },
      );
      await expect(deaf.call(flaky, {}, none)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('timeout: 5000ms'),
      });
    });

    it('is cancelled in flight on both sides', async () => {
      using source = new CancellationSource();
      const call = client.call(stuck, {}, source.token);
      await fixture.stuckEntered.passed;
      source.cancel('shutdown');
      await expect(call).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'shutdown' } });
      await fixture.stuckCancelled.passed;
    });

    it('tells a handler of a shutdown, and the caller, who cancelled nothing, that the host cannot answer now', async () => {
      const asksOnce = clientOver({}, { config: { ...config, retries: 0 } });
      const call = asksOnce.call(stuck, {}, none);
      await fixture.stuckEntered.passed;
      await Promise.all([
        fixture.host[Symbol.asyncDispose](),
        expect(call).rejects.toMatchObject({
          code: 'unavailable',
          message: expect.stringContaining('shutting down'),
          details: { reason: 'shutdown', endpoint: 'GET /stuck' },
        }),
      ]);
    });

    it('ends at its own time limit', async () => {
      const clock = new ManualClock();
      const impatient = clientOver({}, { clock, config: { ...config, timeoutMs: 2_000, retries: 0 } });
      const call = impatient.call(stuck, {}, none).catch(caught);
      await fixture.stuckEntered.passed;
      clock.advance(2_000);
      const thrown = await call;
      expect(thrown).toMatchObject({ code: 'deadline_exceeded', details: { endpoint: 'GET /stuck' } });
      await fixture.stuckCancelled.passed;
    });

    it('sends nothing when it is cancelled already', async () => {
      using source = new CancellationSource();
      source.cancel();
      await expect(client.call(flaky, {}, source.token)).rejects.toMatchObject({ code: 'cancelled' });
      expect(fixture.flakyCalls).toBe(0);
    });
  });

  it('asks for health once in a few seconds', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const counting = clientOver({ send: (request) => ((asked += 1), transport.send(request)) }, { clock });
    expect(await counting.health(none)).toEqual({ service: 'test host', version: '1.2.3', status: 'ok' });
    await counting.health(none);
    expect(asked).toBe(1);
    clock.advance(3_001);
    await counting.health(none);
    expect(asked).toBe(2);
  });

  describe('run', () => {
    it('relays progress that never falls, and the result', async () => {
      const { context, states } = contextOf('run-1');
      expect(await client.run(count, { to: 400 }, context)).toEqual({ sum: 80_200 });
      const fractions = states.map(({ fraction }) => fraction);
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      expect(states.at(-1)).toMatchObject({ phase: 'counting', done: 400, fraction: 1, context: { counted: 400 } });
    });

    it('brings a result in the encoding of its contract', async () => {
      const bytes = await client.run(paint, { color: 7 }, contextOf('run-2').context);
      expect(bytes).toEqual(new Uint8Array(100_000).fill(7));
    });

    it('fails with the code and the details of the operation', async () => {
      const thrown = await client.run(count, { to: 13 }, contextOf('run-3').context).catch(caught);
      expect(thrown).toMatchObject({
        code: 'rate_limited',
        message: 'Thirteen is too many.',
        details: { limit: 12, service: 'test host', operation: 'run-3' },
      });
    });

    it('relays a cancel, and ends when the host has stopped', async () => {
      using source = new CancellationSource();
      const run = client.run(count, { to: -5 }, contextOf('run-4', source.token).context);
      await fixture.entered.passed;
      source.cancel('timeout');
      await expect(run).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
      expect(fixture.orchestrator.operations.get('run-4')).toMatchObject({
        status: 'cancelled',
        cancellation: { reason: 'timeout', forced: false },
      });
      expect(fixture.reasons).toEqual(['timeout']);
    });

    it('says that a cancel is unconfirmed when the work does not stop in time', async () => {
      const clock = new ManualClock();
      using source = new CancellationSource();
      const run = clientOver({}, { clock }).run(count, { to: -99 }, contextOf('run-5', source.token, clock).context);
      await fixture.entered.passed;
      source.cancel();
      await reaches('run-5', 'cancelling');
      clock.advance(5_000);
      await expect(run).rejects.toMatchObject({ code: 'cancelled', details: { unconfirmed: true } });
    });

    it('starts nothing when it is cancelled already', async () => {
      using source = new CancellationSource();
      source.cancel();
      const run = client.run(count, { to: 1 }, contextOf('run-6', source.token).context);
      await expect(run).rejects.toMatchObject({ code: 'cancelled' });
      expect(fixture.orchestrator.operations.find('run-6')).toBeUndefined();
    });

    it('joins its operation when the answer to the start was lost', async () => {
      let isLost = false;
      const lossy = clientOver({
        async send(request) {
          const response = await transport.send(request);
          if (request.method !== 'PUT' || isLost) return response;
          isLost = true;
          await response.bytes();
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        },
      });
      expect(await lossy.run(count, { to: 4 }, contextOf('run-7').context)).toEqual({ sum: 10 });
      expect(isLost).toBe(true);
      expect(fixture.orchestrator.operations.list().total).toBe(1);
    });

    it('still sends a cancel that was asked for while the start was on its way', async () => {
      const [putHeld, cancelRefused] = [new Gate(), new Gate()];
      const slow = clientOver({
        async send(request) {
          if (request.method === 'PUT') {
            putHeld.open();
            await cancelRefused.passed;
          }
          const response = await transport.send(request);
          if (request.path.endsWith('/cancel') && response.status === 404) cancelRefused.open();
          return response;
        },
      });
      using source = new CancellationSource();
      const run = slow.run(count, { to: -5 }, contextOf('run-8', source.token).context);
      await putHeld.passed;
      source.cancel();
      await expect(run).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
      expect(fixture.orchestrator.operations.get('run-8').status).toBe('cancelled');
    });

    it('takes a dropped stream up behind the last event it had', async () => {
      const streams: string[] = [];
      const leaky = clientOver({
        async send(request) {
          const response = await transport.send(request);
          if (request.isStream !== true) return response;
          streams.push(request.path);
          return streams.length > 1 ? response : { ...response, chunks: () => cutAfter(response.chunks(), 'running') };
        },
      });
      const run = leaky.run(count, { to: -5 }, contextOf('run-9').context);
      await expect.poll(() => streams.length).toBe(2);
      fixture.release.open();
      expect(await run).toEqual({ sum: 15 });
      const after = streams.map((path) => Number(new URLSearchParams(path.split('?')[1]).get('after')));
      expect(after[1]).toBeGreaterThan(after[0] ?? Infinity);
    });

    it('looks at the record again and again where events do not get through', async () => {
      const clock = new ManualClock();
      const asked: string[] = [];
      const overrides: Partial<Transport> = {
        send(request) {
          asked.push(request.path);
          // A host that does not know how to wait, behind a proxy that knows no streams.
          const path = request.isStream === true ? '/health' : request.path;
          return transport.send({ ...request, path, headers: { ...request.headers, prefer: '' } });
        },
      };
      const proxied = clientOver(overrides, { clock });
      const run = proxied.run(count, { to: -5 }, contextOf('run-10', none, clock).context);
      const polls = (): number => asked.filter((path) => path.startsWith('/operations/run-10?')).length;
      await expect.poll(() => (clock.advance(500), polls()), { interval: 1 }).toBeGreaterThan(2);
      fixture.release.open();
      await expect.poll(() => (clock.advance(500), asked.at(-1)), { interval: 1 }).toBe('/operations/run-10/result');
      expect(await run).toEqual({ sum: 15 });
      expect(asked.filter((path) => path.includes('/events'))).toHaveLength(1);
    });

    it('gives the host up after a time without contact, and says that the work may go on', async () => {
      const clock = new ManualClock();
      const cut = clientOver(
        {
          async send(request) {
            if (request.method === 'PUT') return transport.send(request);
            throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
          },
        },
        { clock },
      );
      const run = cut.run(count, { to: -5 }, contextOf('run-11', none, clock).context).catch(caught);
      let isOver = false;
      void run.then(() => (isOver = true));
      await expect.poll(() => (clock.advance(500), isOver), { interval: 1 }).toBe(true);
      expect(await run).toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('which may still run there'),
        details: { operation: 'run-11', service: 'test host' },
      });
      expect(clock.elapsed()).toBeGreaterThanOrEqual(15_000);
    });
  });

  describe('an operations client', () => {
    it('starts, lists, follows, cancels and reads results', async () => {
      expect(await client.start({ type: 'count', input: { to: 3 }, id: 'c-1' }, none)).toMatchObject({ id: 'c-1' });
      const states = [];
      for await (const state of client.follow('c-1', { token: none })) states.push(state);
      expect(states.at(-1)).toMatchObject({ status: 'completed', message: '3 of 3' });
      expect(await client.result(count, 'c-1', none)).toEqual({ sum: 6 });
      await client.start({ type: 'count', input: { to: -3 }, id: 'c-2' }, none);
      await client.cancel({ id: 'c-2' }, none);
      await reaches('c-2', 'cancelled');
      const listed = await client.list({ status: ['cancelled', 'failed'], limit: 5 }, none);
      expect(listed).toMatchObject({ total: 1, operations: [{ id: 'c-2' }] });
      expect((await client.list({ status: 'completed' }, none)).operations.map(({ id }) => id)).toEqual(['c-1']);
    });

    it('refuses an id that belongs to other work', async () => {
      await client.start({ type: 'count', input: { to: 3 }, id: 'c-3' }, none);
      const again = client.start({ type: 'count', input: { to: 4 }, id: 'c-3' }, none);
      await expect(again).rejects.toMatchObject({ code: 'conflict' });
    });

    it('stops following without stopping the operation', async () => {
      await client.start({ type: 'count', input: { to: -3 }, id: 'c-4' }, none);
      using source = new CancellationSource();
      const following = (async () => {
        for await (const { status } of client.follow('c-4', { token: source.token })) {
          if (status === 'running') source.cancel();
        }
      })();
      await expect(following).rejects.toMatchObject({ code: 'cancelled' });
      expect(fixture.orchestrator.operations.get('c-4').status).toBe('running');
    });

    it('does not follow what does not exist', async () => {
      const following = client.follow('nobody', { token: none }).next();
      await expect(following).rejects.toMatchObject({ code: 'not_found' });
    });
  });

  async function reaches(id: string, status: OperationStatus): Promise<void> {
    for await (const operation of fixture.orchestrator.operations.watch(id)) if (operation.status === status) return;
    throw new Error(`${id} never was ${status}`);
  }
});

async function* cutAfter(chunks: AsyncIterable<Uint8Array>, word: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    if (new TextDecoder().decode(chunk).includes(word)) return;
  }
}

function contextOf(
  id: string,
  token: CancellationToken = none,
  clock: Clock = systemClock,
): { context: OperationContext<Count>; states: ProgressState<Count>[] } {
  const states: ProgressState<Count>[] = [];
  const progress = new ProgressReporter<Count>({
    clock,
    context: { counted: 0 },
    emit: (state) => states.push(state),
    intervalMs: 0,
  });
  return {
    context: {
      id,
      attempt: 1,
      checkpoint: noCheckpoint,
      children: noChildren,
      token,
      progress,
      log: silentLogger,
      clock,
    },
    states,
  };
}
