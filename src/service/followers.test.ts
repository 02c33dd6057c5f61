import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../async/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { testHost, type TestHost } from './host.fixture.ts';

const patienceMs = 5_000;

/** Ends when it is cancelled, and is of use only to its follower. */
const errand: OperationContract<unknown, object, string> = {
  type: 'errand',
  input: z.unknown(),
  context: z.object({}),
  result: z.string(),
  unfollowed: 'ends',
  begin: () => ({}),
  render: () => '',
};

let clock: ManualClock;
let there: TestHost;

beforeEach(async () => {
  clock = new ManualClock();
  there = await testHost({ clock, unfollowedMs: patienceMs });
  there.orchestrator.register(errand, async (_, context) => {
    await context.clock.sleep(600_000, context.token);
    return 'run';
  });
});
afterEach(() => there[Symbol.asyncDispose]());

function ask(method: string, path: string, body?: object): Promise<Response> {
  const init =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return there.host.handle(new Request(`http://host${path}`, { method, ...init }));
}

async function start(type = 'errand', id = 'op'): Promise<void> {
  expect((await ask('PUT', `/operations/${type}/${id}`, {})).status).toBe(202);
}

/** A stream of events whose first one has come. */
async function readEvents(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const { body } = await ask('GET', '/operations/op/events');
  const reader = body?.getReader();
  if (reader === undefined) throw new Error('no stream');
  for (const _ of ['the hint to retry', 'the state']) await reader.read();
  return reader;
}

const stateOf = (id = 'op') => {
  const { status, cancellation } = there.orchestrator.operations.get(id);
  return [status, cancellation?.reason];
};

describe('an operation that is of use only to its follower', () => {
  it('ends also when the disk refuses to keep that it was cancelled, which is no reason to end the host', async () => {
    await start();
    await expect.poll(() => stateOf()[0]).toBe('running');
    const disk = new DatabaseSync(join(there.directory, 'operations.db'));
    disk.exec('BEGIN IMMEDIATE');
    try {
      expect(() => clock.advance(patienceMs)).not.toThrow();
      await expect.poll(() => stateOf()[0], { timeout: 15_000 }).toBe('cancelled');
    } finally {
      disk.close();
    }
  });

  it('ends when nobody has come to follow it', async () => {
    await start();
    clock.advance(patienceMs - 1);
    expect(stateOf()).toEqual(['running', undefined]);
    clock.advance(1);
    expect(stateOf()).toEqual(['cancelling', 'timeout']);
  });

  it('goes on while somebody reads its events, and ends a while after the last one has gone', async () => {
    await start();
    const [first, second] = [await readEvents(), await readEvents()];
    clock.advance(10 * patienceMs);
    await first.cancel();
    clock.advance(10 * patienceMs);
    expect(stateOf()).toEqual(['running', undefined]);
    await second.cancel();
    clock.advance(patienceMs - 1);
    expect(stateOf()).toEqual(['running', undefined]);
    clock.advance(1);
    expect(stateOf()).toEqual(['cancelling', 'timeout']);
  });

  it('goes on for a follower that is back in time, joins it or looks at it', async () => {
    await start();
    for (const act of [
      async () => (await readEvents()).cancel(),
      () => start(),
      () => ask('GET', '/operations/op'),
      () => ask('GET', '/operations/op'),
    ]) {
      clock.advance(patienceMs - 1);
      await act();
    }
    expect(stateOf()).toEqual(['running', undefined]);
  });

  it('goes on while a caller waits for its next state', async () => {
    await start();
    const { version } = there.orchestrator.operations.get('op');
    const request = new Request(`http://host/operations/op?after=${version + 100}`, { headers: { prefer: 'wait=60' } });
    const answered = there.host.handle(request);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(59_000);
    expect(stateOf()).toEqual(['running', undefined]);
    clock.advance(1_000);
    expect((await answered).status).toBe(200);
  });

  it('is left alone when it runs for somebody here, whoever looks at it', async () => {
    there.orchestrator.start(errand, {}, { id: 'own' }).result.catch(() => {});
    await ask('GET', '/operations/own');
    clock.advance(10 * patienceMs);
    expect(stateOf('own')).toEqual(['running', undefined]);
  });
});

it('other operations go on without a follower', async () => {
  await start('wait', 'other');
  clock.advance(10 * patienceMs);
  expect(stateOf('other')).toEqual(['running', undefined]);
});
