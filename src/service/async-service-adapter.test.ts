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
  type ProgressState,
} from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import {
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type OperationContext,
  type OperationContract,
  type OperationWork,
} from '../operations/index.ts';
import { defineEndpoint, encodable } from './endpoint.ts';
import { hostServiceConfig, type HostServiceConfig } from './host-service-config.ts';
import { HostService } from './host-service.ts';
import { binary, implement } from './implement.ts';
import { memoryTransport } from './memory-transport.ts';
import { cancelOperation, startOperation, watchOperation } from './operation-endpoints.ts';
import { OperationsClient } from './operations-client.ts';
import { poolTransport } from './pool-transport.ts';
import type { Transport, TransportResponse } from './transport.ts';

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
  socket: async (host: HostService) => {
    const { url } = await host.listen(0);
    return { baseUrl: url, transport: poolTransport(hostServiceConfig({ baseUrl: url })) };
  },
};

describe.each(['memory', 'socket'] as const)('a client over %s', (way) => {
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

  const clientOver = (overrides: Partial<Transport>): OperationsClient =>
    new OperationsClient('test host', { config, transport: { ...transport, ...overrides } });

  it('calls an endpoint with params, query and body', async () => {
    const input = { params: { word: 'a/b ü%' }, query: { times: 2 }, body: { tail: '!' } };
    expect(await client.call(echo, input, CancellationToken.none)).toEqual({ said: 'a/b ü%a/b ü%!' });
  });

  it('relays an operation', async () => {
    const { context, states } = contextOf('run-1');
    expect(await client.run(count, { to: 4 }, context)).toEqual({ sum: 10 });
    expect(states.at(-1)).toMatchObject({ phase: 'counting', done: 4, total: 4, fraction: 1, context: { counted: 4 } });
  });
});

function contextOf(
  id: string,
  token = CancellationToken.none,
): { context: OperationContext<Count>; states: ProgressState<Count>[] } {
  const states: ProgressState<Count>[] = [];
  const progress = new ProgressReporter<Count>({
    clock: systemClock,
    context: { counted: 0 },
    emit: (state) => states.push(state),
    intervalMs: 0,
  });
  return { context: { id, token, progress, log: silentLogger, clock: systemClock }, states };
}

void [ManualClock, CancellationSource, cancelOperation, startOperation, watchOperation];
void ({} as TransportResponse);
