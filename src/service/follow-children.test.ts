import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationSource, CancellationToken } from '../async/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { hostServiceConfig } from './host-service-config.ts';
import { testHost } from './host.fixture.ts';
import { OperationsClient } from './operations-client.ts';

const none = CancellationToken.none;

const part: OperationContract<unknown, object, string> = {
  type: 'part',
  input: z.unknown(),
  context: z.object({}),
  result: z.string(),
  begin: () => ({}),
  render: () => 'a part',
};
const whole: OperationContract<unknown, object, string> = { ...part, type: 'whole', render: () => 'the whole' };

describe('followChildren()', () => {
  it('tells of the children of one operation as they change, until its token is cancelled', async () => {
    await using served = await testHost();
    const ends = new Map<string, () => void>();
    served.orchestrator
      .register(part, (_, { id }) => new Promise((resolve) => ends.set(id, () => resolve('done'))))
      .register(whole, async (_, { children }) => {
        await Promise.all(['1', '2'].map((id) => children.run(part, {}, { id })));
        return 'all done';
      });
    const { url } = await served.host.listen(0);
    await using client = new OperationsClient('test host', { config: hostServiceConfig({ baseUrl: url }) });
    await client.start({ type: 'whole', input: {}, id: 'mine' }, none);
    await client.start({ type: 'whole', input: {}, id: 'other' }, none);
    await expect.poll(() => ends.size).toBe(4);

    using source = new CancellationSource();
    const children = client.followChildren('mine', source.token);
    const heard = new Map<string, string>();
    while (heard.get('mine.2') !== 'completed') {
      const { value } = await children.next();
      if (value === undefined) break;
      heard.set(value.id, value.status);
      if (heard.size === 2) ends.get('mine.2')?.();
    }
    expect(Object.fromEntries(heard)).toEqual({ 'mine.1': 'running', 'mine.2': 'completed' });
    const next = children.next();
    source.cancel();
    await expect(next).rejects.toMatchObject({ code: 'cancelled' });
    for (const end of ends.values()) end();
  });
});

describe('followOperation() of a host that goes away', () => {
  it('looks again for as long as it has patience, and says how long it has been silent', async () => {
    await using served = await testHost();
    const { url } = await served.host.listen(0);
    await using client = new OperationsClient('test host', { config: hostServiceConfig({ baseUrl: url }) });
    await client.start({ type: 'wait', input: {}, id: 'a' }, none);
    const silences: number[] = [];
    const following = client.follow('a', {
      token: none,
      lostContactMs: 100,
      patienceMs: 900,
      onSilence: (silentMs) => silences.push(silentMs),
    });
    await following.next();
    await served.host[Symbol.asyncDispose]();
    const begunAt = performance.now();
    await expect(
      (async () => {
        for await (const _ of following);
      })(),
    ).rejects.toMatchObject({ code: 'unavailable', details: { operation: 'a' } });
    expect(performance.now() - begunAt).toBeGreaterThan(800);
    expect(silences.length).toBeGreaterThan(1);
    expect(silences).toEqual(silences.toSorted((a, b) => a - b));
    expect(Math.max(...silences)).toBeLessThan(900);
  });
});
