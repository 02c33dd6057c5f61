import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationSource, CancellationToken, ManualClock, systemClock, type Clock } from '../async/index.ts';
import { silentLogger, type Logger } from '../base/index.ts';
import {
  logsPageSchema,
  operationSchema,
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type LogsPage,
  type OperationContract,
} from '../operations/index.ts';
import { defineEndpoint, encodable } from './endpoint.ts';
import { hostServiceConfig } from './host-service-config.ts';
import { HostService, type HostServiceOptions } from './host-service.ts';
import { implement } from './implement.ts';
import { getHealth } from './operation-endpoints.ts';
import { OperationsClient } from './operations-client.ts';
import { decodeEvents, type ServerEvent } from './sse.ts';

const none = CancellationToken.none;

const steps: OperationContract<{ wanted: number }, object, number> = {
  type: 'steps',
  input: z.object({ wanted: z.number().int().default(1) }),
  context: z.object({}),
  result: z.number(),
  begin: () => ({}),
  render: ({ done }) => `step ${done}`,
};

const note = defineEndpoint({
  method: 'POST',
  path: '/notes',
  summary: 'Keeps a note',
  body: z.object({ text: z.string() }),
  response: z.number(),
});
const broken = defineEndpoint({ method: 'GET', path: '/broken', summary: 'Has a bug', response: z.string() });
const nothing = defineEndpoint({ method: 'DELETE', path: '/notes', summary: 'Answers nothing', response: z.void() });
const either = defineEndpoint({
  method: 'GET',
  path: '/either',
  summary: 'JSON or bytes',
  response: encodable(z.number(), {
    mediaType: 'application/x-byte',
    encode: async (value) => Uint8Array.of(value),
    decode: async ([value = 0]) => value,
  }),
});

let directory: string;
let store: OperationStore;
let orchestrator: ServiceOrchestrator;
/** Lets the running operation take its next step. */
let step: (done: number) => void;
let finish: () => void;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'host-'));
  store = OperationStore.open(directory);
  const operations = new OperationsService(store, systemClock);
  const slots = { desk: 1 };
  orchestrator = new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger, slots }).register(
    steps,
    ({ wanted }, { progress, token }) =>
      new Promise((resolve, reject) => {
        finish = () => resolve(wanted);
        step = (done) => progress.report({ done, total: wanted });
        token.onCancelled(() => {
          try {
            token.throwIfCancelled('stepping');
          } catch (error) {
            reject(error instanceof Error ? error : new Error('not an error'));
          }
        });
      }),
  );
});

afterEach(async () => {
  await orchestrator[Symbol.asyncDispose]();
  store[Symbol.dispose]();
  await rm(directory, { recursive: true });
});

function newHost(options: Partial<HostServiceOptions> = {}): HostService {
  return new HostService({
    name: 'test host',
    version: '1.2.3',
    orchestrator,
    endpoints: [
      implement(note, ({ body }) => body.text.length),
      implement(broken, () => {
        throw new TypeError('x is not a function');
      }),
      implement(nothing, () => undefined),
      implement(either, () => 21),
    ],
    ...options,
  });
}

const request = (host: HostService, path: string, init: RequestInit = {}): Promise<Response> =>
  host.handle(new Request(`http://host${path}`, init));

const json = (body: unknown, method = 'POST'): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function start(host: HostService, id: string, wanted = 10): Promise<void> {
  expect((await request(host, `/operations/steps/${id}`, json({ wanted }, 'PUT'))).status).toBe(202);
  for await (const { status } of orchestrator.operations.watch(id)) if (status === 'running') return;
}

describe('the routes of a host', () => {
  it('answer an unknown path with a not_found problem', async () => {
    const response = await request(newHost(), '/nowhere');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'not_found', status: 404, title: 'Not found' });
  });

  it('answer a wrong method with 405 and the methods that are right', async () => {
    const response = await request(newHost(), '/notes', { method: 'PUT' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST, DELETE');
    expect(await response.json()).toMatchObject({ code: 'invalid_input', status: 405 });
  });

  it.each([
    ['JSON that is cut off', { headers: { 'content-type': 'application/json' }, body: '{"text":' }, 400],
    ['a form', { headers: { 'content-type': 'text/plain' }, body: '{"text":"x"}' }, 415],
    ['a body of the wrong shape', json({ text: 7 }), 400],
    ['no body where one is needed', {}, 400],
    ['a body above the limit', json({ text: 'x'.repeat(200) }), 413],
  ])('refuse %s', async (_, init: RequestInit, status) => {
    const response = await request(newHost({ maxBodyBytes: 100 }), '/notes', { method: 'POST', ...init });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code: 'invalid_input', status });
  });

  it('refuse a body above the limit whose length was not announced', async () => {
    const chunk = new TextEncoder().encode('"'.padEnd(60, 'x'));
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' as const };
    expect((await request(newHost({ maxBodyBytes: 100 }), '/notes', init)).status).toBe(413);
  });

  it('take a body that breaks off for a fault of the request, not for a bug', async () => {
    const lines: string[] = [];
    const log: Logger = { ...silentLogger, error: (message) => void lines.push(message), with: () => log };
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('aborted')) });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' as const };
    const response = await request(newHost({ log }), '/notes', init);
    expect(await response.json()).toMatchObject({ status: 400, code: 'invalid_input' });
    expect(lines).toEqual([]);
  });

  it('log the stack of a bug and answer without it', async () => {
    const lines: Record<string, unknown>[] = [];
    const log: Logger = { ...silentLogger, error: (_, fields = {}) => void lines.push(fields), with: () => log };
    const response = await request(newHost({ log }), '/broken');
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', detail: 'x is not a function' });
    expect(text).not.toContain('host-service.test');
    expect(lines).toMatchObject([{ endpoint: 'GET /broken', stack: expect.stringContaining('host-service.test') }]);
  });

  it('give the form of a value that the caller accepts', async () => {
    const bytes = await request(newHost(), '/either', { headers: { accept: 'application/x-byte' } });
    expect(bytes.headers.get('content-type')).toBe('application/x-byte');
    expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(Uint8Array.of(21));
    expect(await (await request(newHost(), '/either')).json()).toBe(21);
  });

  it('answer nothing with 204', async () => {
    const response = await request(newHost(), '/notes', { method: 'DELETE' });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
  });

  it('stand below the prefix', async () => {
    const host = newHost({ prefix: '/api/v1/' });
    expect((await request(host, '/api/v1/health')).status).toBe(200);
    expect((await request(host, '/health')).status).toBe(404);
  });

  it('leave to the fallback what they do not know', async () => {
    const host = newHost({
      fallback: async ({ url }) => (new URL(url).pathname === '/' ? new Response('a page') : undefined),
    });
    expect(await (await request(host, '/')).text()).toBe('a page');
    expect((await request(host, '/other')).status).toBe(404);
  });

  it('cannot be implemented twice', () => {
    const endpoints = [implement(note, () => 1), implement(note, () => 2)];
    expect(() => newHost({ endpoints })).toThrow('POST /notes is implemented twice');
  });
});

describe('health and readiness', () => {
  it('tell which service is alive', async () => {
    const response = await request(newHost(), '/health');
    expect(await response.json()).toEqual({ service: 'test host', version: '1.2.3', status: 'ok' });
  });

  it('name what is missing', async () => {
    let reason: string | undefined = 'the door is locked';
    const host = newHost({ readiness: { door: () => reason, light: async () => undefined } });
    const waiting = await request(host, '/ready');
    expect(waiting.status).toBe(503);
    expect(await waiting.json()).toMatchObject({
      code: 'unavailable',
      detail: 'test host is not ready. door: the door is locked',
      details: { checks: { door: 'the door is locked' } },
    });
    reason = undefined;
    expect(await (await request(host, '/ready')).json()).toMatchObject({ ready: true, checks: ['door', 'light'] });
  });
});

describe('metrics', () => {
  it('count what was answered, and the operations on record', async () => {
    const host = newHost();
    await start(host, 'm-1');
    await request(host, '/health');
    await request(host, '/health');
    await request(host, '/operations/nobody');
    const response = await request(host, '/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const lines = (await response.text()).split('\n');
    expect(lines).toContain('service_request_seconds_count{endpoint="GET /health",status="200"} 2');
    expect(lines).toContain('service_request_seconds_count{endpoint="GET /operations/{id}",status="404"} 1');
    expect(lines).toContain('service_operations{type="steps",status="running"} 1');
    expect(lines).toContain('service_operations{type="steps",status="failed"} 0');
    const sum = lines.find((line) => line.startsWith('service_request_seconds_sum{endpoint="GET /health"'));
    expect(Number(sum?.split(' ').at(-1))).toBeGreaterThan(0);
    const bucket = 'service_request_seconds_bucket{endpoint="GET /health",status="200",le=';
    const buckets = lines.filter((line) => line.startsWith(bucket)).map((line) => Number(line.split(' ').at(-1)));
    expect(buckets.at(-1)).toBe(2);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  });

  it('have as many labels as there are routes, whatever is asked for', async () => {
    const host = newHost({ token: 'x'.repeat(32) });
    const headers = { authorization: `Bearer ${'x'.repeat(32)}` };
    const count = async (): Promise<number> =>
      (await (await request(host, '/metrics', { headers })).text()).split('\n').length;
    await request(host, '/made-up', { headers });
    await request(host, '/operations/x', { headers });
    await request(host, '/health?secret', { method: 'POST' });
    await count();
    const before = await count();
    for (let i = 0; i < 50; i += 1) {
      await request(host, `/made-up-${i}`, { headers });
      await request(host, `/operations/x-${i}`, { headers });
      await request(host, `/health?${i}`, { method: 'POST' });
    }
    expect(await count()).toBe(before);
  });

  it('tell how full resources are, and what the clients of other hosts have done', async () => {
    await using other = newHost();
    const { url } = await other.listen(0);
    await using client = new OperationsClient('the "other" host', { config: hostServiceConfig({ baseUrl: url }) });
    for (let i = 0; i < 3; i += 1) await client.list({}, none);
    await client.get('nobody', none).catch(() => {});
    const lines = (await (await request(newHost({ adapters: [client] }), '/metrics')).text()).split('\n');
    const of = '{service="the \\"other\\" host"}';
    expect(lines).toEqual(
      expect.arrayContaining([
        `client_calls_total${of} 4`,
        `client_failures_total${of} 1`,
        `client_retries_total${of} 0`,
        `client_call_seconds_count${of} 3`,
        'service_slots{resource="desk"} 1',
        'service_slots_held{resource="desk"} 0',
        'service_queue_length{resource="desk"} 0',
      ]),
    );
    const connections = (name: string): number =>
      Number(
        lines
          .find((line) => line.startsWith(`client_connections_${name}_total${of}`))
          ?.split(' ')
          .at(-1),
      );
    expect(connections('opened')).toBeGreaterThan(0);
    expect(connections('reused')).toBeGreaterThan(0);
    expect(connections('opened') + connections('reused')).toBe(4);
  });
});

describe('the operation routes', () => {
  it('start with 202 and the place of the record, and join in the same way', async () => {
    const host = newHost({ prefix: '/api' });
    const put = (): Promise<Response> => request(host, '/api/operations/steps/s-1', json({ wanted: 2 }, 'PUT'));
    const [first, second] = [await put(), await put()];
    for (const response of [first, second]) {
      expect(response.status).toBe(202);
      expect(response.headers.get('location')).toBe('/api/operations/s-1');
      expect(await response.json()).toMatchObject({ id: 's-1', type: 'steps', input: { wanted: 2 } });
    }
    expect(orchestrator.operations.list().total).toBe(1);
  });

  it('choose an id when the caller does not', async () => {
    const response = await request(newHost(), '/operations/steps', json({}));
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ id: expect.stringMatching(/^op_steps_/), input: { wanted: 1 } });
  });

  it('refuse a type that nobody registered, and an input that does not fit', async () => {
    const unknown = await request(newHost(), '/operations/dance/d-1', json({}, 'PUT'));
    expect(await unknown.json()).toMatchObject({ code: 'not_found', detail: expect.stringContaining('steps') });
    const unfit = await request(newHost(), '/operations/steps/s-2', json({ wanted: 'many' }, 'PUT'));
    expect(await unfit.json()).toMatchObject({ code: 'invalid_input', details: { issues: [{ path: 'wanted' }] } });
  });

  it('cancel with a reason, and for the user when there is none', async () => {
    const host = newHost();
    await start(host, 's-3');
    await start(host, 's-4');
    await request(host, '/operations/s-3/cancel', { method: 'POST' });
    await request(host, '/operations/s-4/cancel', json({ reason: 'timeout' }));
    expect(orchestrator.operations.get('s-3').cancellation).toMatchObject({ reason: 'user' });
    expect(orchestrator.operations.get('s-4').cancellation).toMatchObject({ reason: 'timeout' });
  });

  it('resume what was cancelled as a new operation, and nothing that goes on or completed', async () => {
    const host = newHost();
    await start(host, 's-5');
    expect((await request(host, '/operations/s-5/resume', { method: 'POST' })).status).toBe(409);
    await request(host, '/operations/s-5/cancel', { method: 'POST' });
    await expect.poll(() => orchestrator.operations.get('s-5').status).toBe('cancelled');
    const response = await request(host, '/operations/s-5/resume', { method: 'POST' });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ type: 'steps', resumedFrom: 's-5' });
  });

  it('begin anew what has ended as a new operation, and nothing that goes on', async () => {
    const host = newHost();
    await start(host, 's-6');
    const refused = await request(host, '/operations/s-6/retry', { method: 'POST' });
    expect({ status: refused.status, problem: await refused.json() }).toMatchObject({
      status: 409,
      problem: { code: 'conflict', detail: expect.stringContaining('cancel it first') as string },
    });
    finish();
    for await (const _ of orchestrator.operations.watch('s-6'));
    const response = await request(host, '/operations/s-6/retry', { method: 'POST' });
    expect(response.status).toBe(202);
    const again = operationSchema.parse(await response.json());
    expect(again).toMatchObject({ type: 'steps', retriedFrom: 's-6' });
    expect(response.headers.get('location')).toBe(`/operations/${again.id}`);
  });

  it('give their log page by page, with a cursor that goes on later', async () => {
    const host = newHost();
    const page = async (query: string): Promise<LogsPage> =>
      logsPageSchema.parse(await (await request(host, `/operations/s-7/logs${query}`)).json());
    await start(host, 's-7');
    const first = await page('?limit=1');
    expect(first).toMatchObject({ lines: [{ message: 'operation queued' }], more: true });
    const second = await page(`?cursor=${first.cursor}`);
    expect(second).toMatchObject({ lines: [{ message: 'operation started', fields: { attempt: 1 } }], more: false });
    finish();
    for await (const _ of orchestrator.operations.watch('s-7'));
    expect(await page(`?cursor=${second.cursor}`)).toMatchObject({ lines: [{ message: 'operation completed' }] });
    expect((await request(host, '/operations/nobody/logs')).status).toBe(404);
    expect((await request(host, '/operations/s-7/logs?limit=1001')).status).toBe(400);
  });

  it('give a result in its media type, once there is one', async () => {
    const host = newHost();
    await start(host, 's-5', 4);
    expect(await (await request(host, '/operations/s-5/result')).json()).toMatchObject({ code: 'failed_precondition' });
    finish();
    for await (const _ of orchestrator.operations.watch('s-5'));
    const response = await request(host, '/operations/s-5/result');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toBe(4);
  });
});

/** A reader of one stream that takes its events one by one. */
async function reader(host: HostService, path: string, headers: Record<string, string> = {}) {
  const response = await request(host, path, { headers });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const body = response.body ?? new ReadableStream<Uint8Array>();
  const events = decodeEvents(body)[Symbol.asyncIterator]();
  return {
    next: async (): Promise<
      { event: ServerEvent; state: { status: string; message: string; version: number } } | undefined
    > => {
      const { done, value } = await events.next();
      return done === true ? undefined : { event: value, state: JSON.parse(value.data) };
    },
  };
}

describe('the stream of an operation', () => {
  it('begins with the operation as it is, and ends with its end', async () => {
    const host = newHost();
    await start(host, 'e-1');
    const stream = await reader(host, '/operations/e-1/events');
    const first = await stream.next();
    expect(first).toMatchObject({ event: { event: 'operation' }, state: { status: 'running' } });
    expect(first?.event.id).toBe(String(first?.state.version));
    finish();
    expect(await stream.next()).toMatchObject({ state: { status: 'completed' } });
    expect(await stream.next()).toBeUndefined();
  });

  it('resumes behind the last event that the reader had', async () => {
    const host = newHost();
    await start(host, 'e-2');
    const { version } = orchestrator.operations.get('e-2');
    for (const [path, headers] of [
      ['/operations/e-2/events', { 'last-event-id': String(version) }],
      [`/operations/e-2/events?after=${version}`, {}],
    ] as const) {
      const next = (await reader(host, path, headers)).next();
      step(orchestrator.operations.get('e-2').progress.done + 1);
      expect((await next)?.state.version).toBeGreaterThan(version);
    }
  });

  it('still tells the end to a reader who comes after it', async () => {
    const host = newHost();
    await start(host, 'e-3');
    finish();
    for await (const _ of orchestrator.operations.watch('e-3'));
    const stream = await reader(host, '/operations/e-3/events', { 'last-event-id': 'nonsense' });
    expect(await stream.next()).toMatchObject({ state: { status: 'completed' } });
    expect(await stream.next()).toBeUndefined();
  });

  it('skips what a slow reader missed', async () => {
    const host = newHost();
    await start(host, 'e-4', 5);
    const stream = await reader(host, '/operations/e-4/events');
    await stream.next();
    for (let done = 1; done <= 5; done += 1) step(done);
    finish();
    for await (const _ of orchestrator.operations.watch('e-4'));
    expect(await stream.next()).toMatchObject({ state: { status: 'completed', message: 'step 5' } });
    expect(await stream.next()).toBeUndefined();
  });

  it('beats while nothing happens, and only for a reader who listens', async () => {
    const clock = new ManualClock();
    const host = newHost({ clock, heartbeatMs: 10_000 });
    await start(host, 'e-5');
    const after = orchestrator.operations.get('e-5').version;
    const response = await request(host, `/operations/e-5/events?after=${after}`);
    const chunks = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    const text = async (): Promise<string> => new TextDecoder().decode((await chunks.read()).value);
    expect(await text()).toBe('retry: 1000\n\n');
    const beat = text();
    clock.advance(10_000);
    expect(await beat).toBe(':\n\n');
    clock.advance(60_000);
    finish();
    expect(await text(), 'one beat waited for the reader, not six').toBe(':\n\n');
    expect(await text()).toContain('"status":"completed"');
  });

  it('of an operation that does not exist is a problem, not a stream', async () => {
    const response = await request(newHost(), '/operations/nobody/events');
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  });

  it('ends when its reader goes away', async () => {
    const { host, seen } = tickingHost();
    const chunks = ((await request(host, '/ticks')).body ?? new ReadableStream<Uint8Array>()).getReader();
    await chunks.read();
    expect(new TextDecoder().decode((await chunks.read()).value)).toBe('data: tick\n\n');
    void chunks.read();
    await chunks.cancel();
    expect(seen).toMatchObject({ token: { isCancelled: true }, isOver: true });
  });

  it('takes a reader who goes away while nothing happens for no fault', async () => {
    const warnings: string[] = [];
    const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message), with: () => log };
    const { host } = tickingHost({ log });
    const chunks = ((await request(host, '/ticks')).body ?? new ReadableStream<Uint8Array>()).getReader();
    await chunks.read();
    await chunks.read();
    void chunks.read();
    await new Promise((resolve) => setImmediate(resolve));
    await chunks.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it('beats no more once its reader is gone, although its events do not end', async () => {
    const clock = new ManualClock();
    const watchSilence = defineEndpoint({ method: 'GET', path: '/silence', summary: 'Nothing', response: 'events' });
    const endpoints = [
      implement(watchSilence, () => ({
        [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<ServerEvent>>(() => {}) }),
      })),
    ];
    const host = newHost({ clock, endpoints, heartbeatMs: 10_000 });
    const chunks = ((await request(host, '/silence')).body ?? new ReadableStream<Uint8Array>()).getReader();
    await chunks.read();
    void chunks.read();
    await chunks.cancel();
    expect(() => clock.advance(60_000)).not.toThrow();
  });

  it('does not begin for a caller who wants no body', async () => {
    const { host, seen } = tickingHost();
    expect((await request(host, '/ticks', { method: 'HEAD' })).status).toBe(200);
    expect(seen).toMatchObject({ token: { isCancelled: true } });
  });
});

/** A host with a stream that ticks once and then waits for its token. */
function tickingHost(options: Partial<HostServiceOptions> = {}): {
  host: HostService;
  seen: { token: CancellationToken; isOver: boolean };
} {
  const seen = { token: none, isOver: false };
  async function* ticks(): AsyncGenerator<ServerEvent> {
    try {
      yield { data: 'tick' };
      await new Promise<void>((resolve) => seen.token.onCancelled(resolve));
    } finally {
      seen.isOver = true;
    }
  }
  const watchTicks = defineEndpoint({ method: 'GET', path: '/ticks', summary: 'Ticks', response: 'events' });
  const host = newHost({
    ...options,
    endpoints: [
      implement(watchTicks, (_, { token }) => {
        seen.token = token;
        return ticks();
      }),
    ],
  });
  return { host, seen };
}

describe('the description of a host', () => {
  it('covers every route and every kind of operation, with the schemas that the doors check with', async () => {
    const document = await describedBy(newHost({ prefix: '/api' }), '/api');
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'test host', version: '1.2.3' },
      servers: [{ url: '/api' }],
    });
    expect(routesOf(document.paths)).toEqual([
      'DELETE /notes',
      'GET /broken',
      'GET /either',
      'GET /health',
      'GET /metrics',
      'GET /openapi.json',
      'GET /operations',
      'GET /operations/events',
      'GET /operations/{id}',
      'GET /operations/{id}/events',
      'GET /operations/{id}/logs',
      'GET /operations/{id}/metrics',
      'GET /operations/{id}/result',
      'GET /ready',
      'POST /notes',
      'POST /operations/steps',
      'POST /operations/{id}/cancel',
      'POST /operations/{id}/resume',
      'POST /operations/{id}/retry',
      'PUT /operations/steps/{id}',
    ]);
    const put = document.paths['/operations/steps/{id}']?.['put'];
    expect(put?.requestBody?.content['application/json']?.schema).toMatchObject({
      type: 'object',
      properties: { wanted: { type: 'integer', default: 1 } },
    });
    expect(put?.parameters).toMatchObject([
      { name: 'id', in: 'path', required: true },
      { name: 'operation-deadline', in: 'header', required: false, schema: { type: 'integer' } },
    ]);
    expect(document.paths['/either']?.['get']?.responses['200']?.content).toHaveProperty(['application/x-byte']);
    expect(document.paths['/operations']?.['get']?.parameters).toMatchObject([
      { name: 'status', required: false },
      { name: 'type', required: false },
      { name: 'parent', required: false },
      { name: 'limit', required: false, schema: { default: 100 } },
      { name: 'cursor', required: false },
    ]);
  });

  it('gives every operation an id of its own', async () => {
    const { paths } = await describedBy(newHost());
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

const media = z.record(z.string(), z.object({ schema: z.unknown().optional() }));
const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        parameters: z.array(z.unknown()),
        requestBody: z.object({ content: media }).optional(),
        responses: z.record(z.string(), z.object({ description: z.string(), content: media })),
      }),
    ),
  ),
});

async function describedBy(host: HostService, prefix = ''): Promise<z.infer<typeof documentSchema>> {
  return documentSchema.parse(await (await request(host, `${prefix}/openapi.json`)).json());
}

function routesOf(paths: Record<string, object>): string[] {
  return Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

describe('a host on a port', () => {
  const sockets = (): string[] => process.getActiveResourcesInfo().filter((name) => /TCP/.test(name));

  it('says that a port is taken, and what to do', async () => {
    await using first = newHost();
    await using second = newHost();
    const { port } = await first.listen(0);
    await expect(second.listen(port)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`Port ${port} on 127.0.0.1 is taken`),
      details: { port },
    });
    await expect(first.listen(0)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('gives the url that a client is configured with', async () => {
    await using host = newHost({ prefix: '/api/v1' });
    const { url, port } = await host.listen(0);
    expect(url).toBe(`http://127.0.0.1:${port}/api/v1`);
  });

  it('stops within a second although streams are open and clients keep their connections, and leaves none', async () => {
    const before = sockets().length;
    // Its clock stands still, so nothing is left to the time after which connections are cut.
    const host = newHost({ clock: new ManualClock() });
    await start(host, 'p-1');
    const { url } = await host.listen(0);
    const client = new OperationsClient('test host', { config: hostServiceConfig({ baseUrl: url }) });
    await client.get('p-1', none);
    const following = client.follow('p-1', { token: none, lostContactMs: 50 });
    await following.next();
    const begunAt = performance.now();
    await host[Symbol.asyncDispose]();
    expect(performance.now() - begunAt).toBeLessThan(1_000);
    await expect(following.next()).rejects.toMatchObject({ code: 'unavailable' });
    await client[Symbol.asyncDispose]();
    // What the tests before left may go meanwhile.
    await expect.poll(() => sockets().length).toBeLessThanOrEqual(before);
  });

  it('cuts what does not stop by itself, and the caller hears of it', async () => {
    const deaf = defineEndpoint({ method: 'GET', path: '/deaf', summary: 'Ignores its token', response: z.string() });
    let enter = (): void => {};
    const entered = new Promise<void>((resolve) => (enter = resolve));
    const endpoints = [
      implement(deaf, () => {
        enter();
        return new Promise<string>(() => {});
      }),
    ];
    const host = newHost({ endpoints });
    const { url } = await host.listen(0);
    await using client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl: url, retries: 0 }) });
    const call = client.call(deaf, {}, none).catch((thrown: unknown) => thrown);
    await entered;
    const begunAt = performance.now();
    await host[Symbol.asyncDispose]();
    expect(performance.now() - begunAt).toBeLessThan(1_000);
    expect(await call).toMatchObject({ code: 'unavailable' });
  });

  it('refuses the page of another site', async () => {
    await using host = newHost();
    const { url } = await host.listen(0);
    const response = await fetch(`${url}/health`, { headers: { origin: 'https://evil.example' } });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'permission_denied' });
  });

  it('lets a cancel through while more operations are followed than calls have connections', async () => {
    await using host = newHost();
    const { url } = await host.listen(0);
    const config = hostServiceConfig({ baseUrl: url, connections: 1 });
    await using client = new OperationsClient('test host', { config });
    const ids = ['p-2', 'p-3', 'p-4'];
    const ends = ids.map(async (id) => {
      await client.start({ type: 'steps', input: {}, id }, none);
      let last = '';
      for await (const { status } of client.follow(id, { token: none })) {
        last = status;
        if (status === 'running') await client.cancel({ id }, none);
      }
      return last;
    });
    expect(await Promise.all(ends)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });
});

describe('hostServiceConfig()', () => {
  it.each(['127.0.0.1:5001', 'ftp://host', 'http://', ''])('refuses "%s" as an address', (baseUrl) => {
    expect(() => hostServiceConfig({ baseUrl })).toThrow('is not the address of a service');
  });
});

describe('a pooled client', () => {
  it('opens no more sockets than it may, and uses them again', async () => {
    let opened = 0;
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ service: 'bare', version: '1', status: 'ok' }));
    });
    server.on('connection', () => (opened += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new OperationsClient('bare', { config: hostServiceConfig({ baseUrl, connections: 4 }) });
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(Array.from({ length: 40 }, () => client.call(getHealth, {}, none)));
    }
    expect(opened).toBe(4);
    expect(client.metrics).toMatchObject({ requests: 120, retries: 0, failures: 0 });
    await client[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    [404, 'failed_precondition'],
    [403, 'permission_denied'],
    [500, 'internal'],
    [502, 'unavailable'],
  ])('knows a stranger that answers HTTP %i', async (status, code) => {
    const server = createServer((_, response) => response.writeHead(status).end('<html>who?</html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl, retries: 0 }) });
    await expect(client.health(none)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`HTTP ${status} and not from our service`),
      details: { service: 'the host', status },
    });
    await client[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives up the socket of an answer that is no stream', async () => {
    let closed = 0;
    const server = createServer((incoming, response) => {
      incoming.socket.once('close', () => (closed += 1));
      if (incoming.url?.includes('/events')) return void response.writeHead(200).write('no stream, and no end');
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl, retries: 0 }) });
    await expect(client.follow('x', { token: none }).next()).rejects.toMatchObject({ code: 'failed_precondition' });
    await expect.poll(() => closed).toBe(1);
    await client[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
  });

  it('ends a cancelled call that still waits for a connection, and never sends it', async () => {
    const asked: (string | undefined)[] = [];
    let answerFirst = (): void => {};
    const server = createServer(({ url }, response) => {
      asked.push(url);
      answerFirst = () => response.setHeader('content-type', 'application/json').end('"late"');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl, connections: 1 }) });
    const first = client.call(broken, {}, none);
    using source = new CancellationSource();
    const second = client.call(either, {}, source.token);
    await expect.poll(() => asked).toEqual(['/broken']);
    source.cancel();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    answerFirst();
    expect(await first).toBe('late');
    await client[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
    expect(asked).toEqual(['/broken']);
  });

  it('sends nothing once it is closed', async () => {
    const client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl: 'http://127.0.0.1:1' }) });
    await client[Symbol.asyncDispose]();
    await expect(client.health(none)).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('says who is not there, and where it looked', async () => {
    const clock: Clock = { ...systemClock, sleep: async () => {} };
    const config = hostServiceConfig({ baseUrl: 'http://127.0.0.1:1', retries: 1 });
    await using client = new OperationsClient('the host', { config, clock });
    await expect(client.health(none)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^the host cannot be reached at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED/),
      details: { service: 'the host', endpoint: 'GET /health', address: 'http://127.0.0.1:1' },
    });
    expect(client.metrics).toMatchObject({ retries: 1, failures: 1 });
  });
});
