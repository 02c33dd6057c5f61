import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type ContextManager,
  type Tracer,
} from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationToken } from '../async/index.ts';
import { newSpanId, newTraceId, type Logger } from '../base/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { defineEndpoint } from './endpoint.ts';
import { hostServiceConfig } from './host-service-config.ts';
import { testHost } from './host.fixture.ts';
import { implement } from './implement.ts';
import { OperationsClient } from './operations-client.ts';

const none = CancellationToken.none;
const traceId = newTraceId();

const getPart = defineEndpoint({ method: 'GET', path: '/part', summary: 'A short call', response: z.string() });
const getThrough = defineEndpoint({ ...getPart, path: '/through' });
const fetchPart = contractOf('fetch_part');
const loadAll = contractOf('load_all');

/** A command line, an API, and a host that the API's work and its handlers call, each behind a socket. */
async function onStage(act: (cli: OperationsClient, traces: { api: unknown[]; host: unknown[] }) => Promise<void>) {
  const traces: { api: unknown[]; host: unknown[] } = { api: [], host: [] };
  await using host = await testHost({ log: tracesTo(traces.host), endpoints: [implement(getPart, () => 'part')] });
  host.orchestrator.register(fetchPart, async () => 'part');
  await using adapter = clientOf('the host', (await host.host.listen(0)).url);
  const through = implement(getThrough, (_, within) => adapter.call(getPart, {}, within));
  await using api = await testHost({ log: tracesTo(traces.api), endpoints: [through] });
  api.orchestrator.register(loadAll, async (_, within) => {
    await adapter.call(getPart, {}, within);
    return adapter.run(fetchPart, {}, within);
  });
  await using cli = clientOf('the API', (await api.host.listen(0)).url, { traceId });
  await act(cli, traces);
}

async function load(cli: OperationsClient): Promise<void> {
  const { id } = await cli.start({ type: loadAll.type, input: {}, id: 'load-1' }, none);
  let last = '';
  for await (const { status } of cli.follow(id, { token: none })) last = status;
  expect(last).toBe('completed');
}

describe('a trace from the command line over the API to the host', () => {
  it('is one, for a start, for all that its work calls, and for a request that passes through', async () => {
    await onStage(async (cli, { api, host }) => {
      await load(cli);
      expect(host.length, 'a short call, a start, a stream, a result').toBeGreaterThanOrEqual(4);
      const before = host.length;
      expect(await cli.call(getThrough, {}, none)).toBe('part');
      expect(host.length).toBe(before + 1);
      expect(new Set([...api, ...host])).toEqual(new Set([traceId]));
    });
  });

  describe('where the user has registered an SDK', () => {
    let recorder: Recorder;
    beforeEach(() => (recorder = new Recorder()));
    afterEach(() => {
      trace.disable();
      context.disable();
    });

    it('has a line of real parents for what the work calls', async () => {
      await onStage(load);
      const started = ['operation load_all', 'PUT /operations/{type}/{id}', 'PUT /operations/{type}/{id} of the API'];
      expect(recorder.lineOf('GET /part')).toEqual(['GET /part', 'GET /part of the host', ...started]);
      expect(recorder.lineOf('operation fetch_part')).toEqual([
        'operation fetch_part',
        'PUT /operations/{type}/{id}',
        'PUT /operations/{type}/{id} of the host',
        ...started,
      ]);
    });

    it('has it for a request that passes through', async () => {
      await onStage(async (cli) => void (await cli.call(getThrough, {}, none)));
      const line = ['GET /part', 'GET /part of the host', 'GET /through', 'GET /through of the API'];
      expect(recorder.lineOf('GET /part')).toEqual(line);
    });

    it('begins with the first span, where the caller names no trace', async () => {
      await using served = await testHost();
      await using client = clientOf('the host', (await served.host.listen(0)).url);
      const { id } = await client.start({ type: 'wait', input: {}, id: 'w-1' }, none);
      await client.cancel({ id }, none);
      expect(recorder.lineOf('operation wait')).toHaveLength(3);
      expect(recorder.traceOf('operation wait')).toBe((await client.get(id, none)).traceId);
    });
  });
});

function clientOf(service: string, baseUrl: string, more: { traceId?: string } = {}): OperationsClient {
  return new OperationsClient(service, { config: hostServiceConfig({ baseUrl }), ...more });
}

function contractOf(type: string): OperationContract<object, object, string> {
  const nothing = z.object({});
  return {
    type,
    input: nothing,
    context: nothing,
    result: z.string(),
    begin: () => ({}),
    render: ({ phase }) => phase,
  };
}

/** Keeps the trace of every request. */
function tracesTo(traces: unknown[]): Logger {
  const keep = (message: string, fields: Record<string, unknown> = {}): void => {
    if (message === 'request answered') traces.push(fields['traceId']);
  };
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, with: () => log };
  return log;
}

/** As much of an SDK as it takes to see who is whose parent. */
class Recorder {
  readonly #spans: { name: string; traceId: string; spanId: string; parent: string | undefined }[] = [];

  constructor() {
    const tracer: Pick<Tracer, 'startSpan'> = {
      startSpan: (name, _ = {}, within = ROOT_CONTEXT) => {
        const { traceId: ofTrace = newTraceId(), spanId: parent } = trace.getSpanContext(within) ?? {};
        const span = { traceId: ofTrace, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED };
        this.#spans.push({ name, ...span, parent });
        return trace.wrapSpanContext(span);
      },
    };
    trace.setGlobalTracerProvider({ getTracer: () => tracer as Tracer });
    context.setGlobalContextManager(new AsyncContext());
  }

  /** The names from the first span of this name up to the one without a recorded parent. */
  lineOf(name: string): string[] {
    const line = [];
    let span = this.#spans.find((one) => one.name === name);
    while (span !== undefined) {
      const { parent } = span;
      line.push(span.name);
      span = this.#spans.find(({ spanId }) => spanId === parent);
    }
    return line;
  }

  traceOf(name: string): string | undefined {
    return this.#spans.find((one) => one.name === name)?.traceId;
  }
}

/** What an SDK registers: the active span goes wherever its work goes on. */
class AsyncContext implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  bind = <T>(_: Context, target: T): T => target;
  enable = (): this => this;

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    within: Context,
    act: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(within, () => act.apply(self, args));
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
