import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationToken } from '../async/index.ts';
import { newTraceId, traceIdOf, traceparentOf, type Logger } from '../base/index.ts';
import { operationSchema, type Operation } from '../operations/index.ts';
import { hostServiceConfig } from './host-service-config.ts';
import type { HostService } from './host-service.ts';
import { testHost } from './host.fixture.ts';
import { OperationsClient } from './operations-client.ts';

const none = CancellationToken.none;

async function send(
  host: HostService,
  [method, path]: ['POST' | 'PUT' | 'GET', string],
  { headers = {}, body }: { headers?: Record<string, string>; body?: unknown } = {},
): Promise<{ status: number; body: unknown }> {
  const response = await host.handle(
    new Request(`http://host${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  return { status: response.status, body: await response.json() };
}

const operation = ({ body }: { body: unknown }): Operation => operationSchema.parse(body);

describe('Idempotency-Key', () => {
  it('joins one operation however often the same start is sent, also at once', async () => {
    await using served = await testHost();
    const start = (): Promise<{ status: number; body: unknown }> =>
      send(served.host, ['POST', '/operations/wait'], {
        headers: { 'idempotency-key': 'order 66 \u00e9' },
        body: { a: 1 },
      });
    const answers = await Promise.all(Array.from({ length: 20 }, start));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => operation(answer).id)).size).toBe(1);
    expect(served.orchestrator.operations.list().total).toBe(1);
  });

  it('is a conflict with another body, and another operation with another key', async () => {
    await using served = await testHost();
    const start = (key: string, body: unknown): Promise<{ status: number; body: unknown }> =>
      send(served.host, ['POST', '/operations/wait'], { headers: { 'idempotency-key': key }, body });
    const first = operation(await start('k', { a: 1 }));
    expect(await start('k', { a: 2 })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(operation(await start('other', { a: 1 })).id).not.toBe(first.id);
    expect(operation(await send(served.host, ['POST', '/operations/wait'], { body: { a: 1 } })).id).not.toBe(first.id);
  });

  it('has a length', async () => {
    await using served = await testHost();
    const headers = { 'idempotency-key': 'x'.repeat(256) };
    expect(await send(served.host, ['POST', '/operations/wait'], { headers })).toMatchObject({ status: 400 });
  });
});

describe('Operation-Deadline', () => {
  it('cancels the operation by itself, whoever follows it', async () => {
    await using served = await testHost();
    const { url } = await served.host.listen(0);
    await using client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl: url }) });
    const response = await fetch(`${url}/operations/wait/d-1`, {
      method: 'PUT',
      headers: { 'operation-deadline': '50' },
    });
    expect(await response.json()).toMatchObject({ id: 'd-1', deadlineAt: expect.any(Number) as number });
    let last: Operation | undefined;
    for await (last of client.follow('d-1', { token: none }));
    expect(last).toMatchObject({ status: 'cancelled', cancellation: { reason: 'timeout' } });
  });

  it.each(['resume', 'retry'])('holds for a %s as well', async (how) => {
    await using served = await testHost();
    const { operations } = served.orchestrator;
    served.orchestrator.startByType('wait', {}, { id: 'd-2' });
    operations.cancel('d-2');
    await expect.poll(() => operations.get('d-2').status).toBe('cancelled');
    const headers = { 'operation-deadline': '50' };
    const next = operation(await send(served.host, ['POST', `/operations/d-2/${how}`], { headers }));
    expect(next.deadlineAt).toBeGreaterThan(0);
    await expect.poll(() => operations.get(next.id).cancellation?.reason).toBe('timeout');
  });

  it.each(['0', '-1', '1.5', 'soon', '1e99', ''])('of "%s" is refused', async (deadline) => {
    await using served = await testHost();
    const headers = { 'operation-deadline': deadline };
    expect(await send(served.host, ['PUT', '/operations/wait/d'], { headers })).toMatchObject({
      status: 400,
      body: { code: 'invalid_input', detail: expect.stringContaining('"operation-deadline"') as string },
    });
  });
});

describe('traceparent', () => {
  const traceId = newTraceId();

  function recording(lines: Record<string, unknown>[], base: Record<string, unknown> = {}): Logger {
    const keep = (message: string, fields?: Record<string, unknown>): void =>
      void lines.push({ message, ...base, ...fields });
    return { debug: keep, info: keep, warn: keep, error: keep, with: (more) => recording(lines, { ...base, ...more }) };
  }

  it('names the trace of the request in every line of the log, and in the record of what it starts', async () => {
    const lines: Record<string, unknown>[] = [];
    await using served = await testHost({ log: recording(lines) });
    const headers = { traceparent: traceparentOf(traceId) };
    expect(operation(await send(served.host, ['PUT', '/operations/wait/t-1'], { headers })).traceId).toBe(traceId);
    await send(served.host, ['GET', '/operations/nobody'], { headers });
    expect(lines.map((line) => line['traceId'])).toEqual([traceId, traceId]);
  });

  it('is made where it is missing or no trace', async () => {
    await using served = await testHost();
    const ids = await Promise.all(
      ['t-2', 't-3'].map(async (id) =>
        operation(await send(served.host, ['PUT', `/operations/wait/${id}`], { headers: { traceparent: 'x' } })),
      ),
    );
    expect(ids.map(({ traceId: made }) => traceIdOf(`00-${made}-00f067aa0ba902b7-01`))).toEqual(
      ids.map(({ traceId: made }) => made),
    );
    expect(new Set(ids.map(({ traceId: made }) => made)).size).toBe(2);
  });

  it('goes with every call of a client, and on to the host that an operation runs on', async () => {
    const lines: Record<string, unknown>[] = [];
    await using served = await testHost({ log: recording(lines) });
    const { url } = await served.host.listen(0);
    await using client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl: url }), traceId });
    await client.list({}, none);
    await client.start({ type: 'wait', input: {}, id: 't-4' }, none);
    await client.cancel({ id: 't-4' }, none);
    for await (const { traceId: kept } of client.follow('t-4', { token: none })) expect(kept).toBe(traceId);
    const answered = z.array(z.object({ message: z.string(), traceId: z.string().optional() })).parse(lines);
    const traces = answered.filter(({ message }) => message === 'request answered').map((line) => line.traceId);
    expect(traces.length).toBeGreaterThan(3);
    expect(new Set(traces)).toEqual(new Set([traceId]));
  });
});
