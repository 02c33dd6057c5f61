import { describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../async/index.ts';
import { operationSchema } from '../operations/index.ts';
import { hostServiceConfig } from './host-service-config.ts';
import { testHost, type TestHost } from './host.fixture.ts';
import { OperationsClient } from './operations-client.ts';
import { poolTransport } from './pool-transport.ts';
import { preferredWait } from './preferred-wait.ts';

const none = CancellationToken.none;

describe('preferredWait()', () => {
  it.each([
    ['wait=5', 5],
    ['respond-async, wait=10', 10],
    ['Wait = 7; foo=bar', 7],
    ['wait="3"', 3],
    ['wait=1, wait=2', 1],
    ['wait=0', 0],
    ['wait=100000', 60],
    ['await=5', undefined],
    ['wait', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (prefer, seconds) => {
    expect(preferredWait(prefer)).toBe(seconds);
  });
});

describe('GET of an operation with Prefer: wait', () => {
  async function running(served: TestHost, id: string): Promise<number> {
    served.orchestrator.startByType('wait', {}, { id });
    for await (const { status, version } of served.orchestrator.operations.watch(id))
      if (status === 'running') return version;
    return 0;
  }

  const ask = async (served: TestHost, path: string, prefer: string) => {
    const begunAt = performance.now();
    const response = await served.host.handle(new Request(`http://host/operations/${path}`, { headers: { prefer } }));
    const operation = operationSchema.parse(await response.json());
    return { operation, applied: response.headers.get('preference-applied'), ms: performance.now() - begunAt };
  };

  it('answers when it changes', async () => {
    await using served = await testHost();
    const version = await running(served, 'w-1');
    const asked = ask(served, 'w-1', 'wait=60');
    await systemClock.sleep(50, none);
    served.orchestrator.operations.cancel('w-1');
    const { operation, applied, ms } = await asked;
    expect(operation.version).toBeGreaterThan(version);
    expect(applied).toBe('wait=60');
    expect(ms).toBeLessThan(2_000);
  });

  it('answers when the time is over, with what there is', async () => {
    await using served = await testHost();
    const version = await running(served, 'w-2');
    const { operation, applied, ms } = await ask(served, 'w-2', 'wait=1');
    expect(operation).toMatchObject({ status: 'running', version });
    expect(applied).toBe('wait=1');
    expect(ms).toBeGreaterThan(950);
  });

  it('answers at once who has an older version, who asks for an end that was, and who does not wait', async () => {
    await using served = await testHost();
    const version = await running(served, 'w-3');
    expect((await ask(served, `w-3?after=${version - 1}`, 'wait=60')).operation.version).toBe(version);
    expect((await ask(served, 'w-3', 'respond-async')).applied).toBeNull();
    served.orchestrator.operations.cancel('w-3');
    for await (const _ of served.orchestrator.operations.watch('w-3'));
    const { operation, ms } = await ask(served, 'w-3', 'wait=60');
    expect(operation.status).toBe('cancelled');
    expect(ms).toBeLessThan(1_000);
  });

  it('is how a client follows where streams do not come through', async () => {
    await using served = await testHost();
    await running(served, 'w-4');
    const { url } = await served.host.listen(0);
    const config = hostServiceConfig({ baseUrl: url });
    const pool = poolTransport(config);
    const looks: (string | undefined)[] = [];
    const transport = {
      ...pool,
      send: (request: Parameters<typeof pool.send>[0]) => {
        // As a proxy does that knows no streams.
        if (request.path.includes('/events')) return pool.send({ ...request, path: '/nowhere' });
        if (request.method === 'GET') looks.push(request.headers['prefer']);
        return pool.send(request);
      },
    };
    await using client = new OperationsClient('the host', { config, transport });
    const states = client.follow('w-4', { token: none });
    expect((await states.next()).value).toMatchObject({ status: 'running' });
    const next = states.next();
    await systemClock.sleep(1_200, none);
    expect(looks, 'one look at once, one that waits').toEqual([undefined, 'wait=6']);
    const begunAt = performance.now();
    await client.cancel({ id: 'w-4' }, none);
    await next;
    expect(performance.now() - begunAt, 'heard of at once').toBeLessThan(400);
    let last = '';
    for await (const { status } of states) last = status;
    expect(last).toBe('cancelled');
  });
});
