import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../async/index.ts';
import { heldMemory } from './held-memory.fixture.ts';
import { operationSchema, type Operation } from '../operations/index.ts';
import type { HostService } from './host-service.ts';
import { testHost, type TestHost } from './host.fixture.ts';
import { decodeEvents } from './sse.ts';

const none = CancellationToken.none;

async function reading(host: HostService, query = '', lastEventId?: number) {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
  const response = await host.handle(new Request(`http://host/operations/events${query}`, { headers }));
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events = decodeEvents(response.body ?? new ReadableStream<Uint8Array>());
  return {
    async next(): Promise<Operation> {
      const { value } = await events.next();
      const operation = operationSchema.parse(JSON.parse(value?.data ?? 'null'));
      expect(value).toMatchObject({ id: String(operation.version), event: 'operation' });
      return operation;
    },
    end: () => events.return(undefined),
  };
}

const start = (served: TestHost, id: string): string => served.orchestrator.startByType('wait', {}, { id }).id;

describe('the stream of all operations', () => {
  it('tells each operation as it is, then every change of any, and resumes behind the last event', async () => {
    await using served = await testHost();
    for (const id of ['a', 'b', 'c']) start(served, id);
    await systemClock.sleep(20, none);
    const stream = await reading(served.host);
    const first = [await stream.next(), await stream.next(), await stream.next()];
    expect(new Set(first.map(({ id }) => id))).toEqual(new Set(['a', 'b', 'c']));
    const versions = first.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((x, y) => x - y));

    const last = versions.at(-1) ?? 0;
    await stream.end();
    served.orchestrator.operations.cancel('b');
    start(served, 'd');
    const resumed = await reading(served.host, '', last);
    const seen = new Map<string, string>();
    while (seen.get('b') !== 'cancelled' || seen.get('d') !== 'running') {
      const { id, status, version } = await resumed.next();
      expect(version).toBeGreaterThan(last);
      seen.set(id, status);
    }
    expect([...seen.keys()].toSorted()).toEqual(['b', 'd']);
    await resumed.end();
  });

  it('begins with what has ended only for who asks for everything that is kept', async () => {
    await using served = await testHost();
    for (const id of ['a', 'b']) start(served, id);
    await systemClock.sleep(20, none);
    served.orchestrator.operations.cancel('a');
    await expect.poll(() => served.orchestrator.operations.get('a').status).toBe('cancelled');
    for (const [query, ids] of [
      ['', ['b']],
      ['?after=0', ['b', 'a']],
    ] as const) {
      const stream = await reading(served.host, query);
      for (const id of ids) expect((await stream.next()).id).toBe(id);
      await stream.end();
    }
  });

  it('tells of one type or the children of one parent when asked to', async () => {
    await using served = await testHost();
    start(served, 'a');
    const others = await reading(served.host, '?type=other');
    const children = await reading(served.host, '?parent=nobody');
    const mine = await reading(served.host, '?type=wait');
    expect((await mine.next()).id).toBe('a');
    const silent = Symbol('silent');
    for (const stream of [others, children]) {
      // It ends with the host, without an operation.
      const next = stream.next().catch(() => undefined);
      expect(await Promise.race([next, systemClock.sleep(50, none).then(() => silent)])).toBe(silent);
    }
  });

  it('ends with the host', async () => {
    const served = await testHost();
    start(served, 'a');
    const stream = await reading(served.host);
    while ((await stream.next()).status !== 'running');
    const next = stream.next().catch(() => 'no operation');
    await served[Symbol.asyncDispose]();
    expect(await next).toBe('no operation');
  });

  it('costs little for readers on sockets who never read, however much changes', { timeout: 20_000 }, async () => {
    await using served = await testHost();
    const { port } = await served.host.listen(0);
    const payload = 'x'.repeat(20_000);
    const readers = Array.from({ length: 50 }, () => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.write('GET /operations/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
      return socket.pause();
    });
    await systemClock.sleep(100, none);
    const before = await heldMemory();
    for (let i = 0; i < 300; i += 1) {
      const { id, result } = served.orchestrator.startByType('wait', { payload, i });
      await systemClock.sleep(0, none);
      served.orchestrator.operations.cancel(id);
      await result.catch(() => {});
    }
    // Kept for every reader it would be 50 times 300 times 3 changes of 20 kB: 900 MB.
    expect((await heldMemory()) - before).toBeLessThan(48);
    for (const socket of readers) socket.destroy();
  });
});
