import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken, ManualClock } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { PendingCalls } from './pending-calls.ts';

function setUp() {
  const clock = new ManualClock();
  const wire: { message?: number } = {};
  const clogged: number[] = [];
  const sent: string[] = [];
  let lastId = 0;
  const calls = new PendingCalls<string>({
    clock,
    nextId: () => (lastId += 1),
    messageComingIn: () => wire.message,
    onClogged: (forMs) => clogged.push(forMs),
  });
  const start = (token = CancellationToken.none) =>
    calls.start({
      what: 'the answer',
      timeoutMs: 10_000,
      token,
      send: (id) => sent.push(`ask ${id}`),
      abandon: (id) => sent.push(`abandon ${id}`),
    });
  return { clock, wire, clogged, sent, calls, start };
}

describe('PendingCalls', () => {
  it('collects the parts of each answer by its id', async () => {
    const { calls, start, sent } = setUp();
    const [first, second] = [start(), start()];
    calls.add(2, 'b');
    calls.add(1, 'a');
    calls.add(2, 'c');
    calls.add(99, 'nobody waits for this');
    expect([calls.finish(2), calls.finish(1), calls.finish(1)]).toEqual([true, true, false]);
    expect(await Promise.all([first, second])).toEqual([['a'], ['b', 'c']]);
    expect(sent).toEqual(['ask 1', 'ask 2']);
    expect(calls.size).toBe(0);
  });

  it('tells the gateway before it gives up in time', async () => {
    const { clock, sent, start, calls } = setUp();
    const call = start();
    clock.advance(10_000);
    await expect(call).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: expect.stringContaining('the answer in 10 s'),
    });
    expect(sent).toEqual(['ask 1', 'abandon 1']);
    expect(calls.size).toBe(0);
  });

  it.each([
    ['the same message all the time', 0, [40_000]],
    ['one message after the other', 1, []],
  ])('gives more time while %s comes in, but not for ever', async (_, step, expected) => {
    const { clock, wire, clogged, start } = setUp();
    wire.message = 7;
    const slow = start();
    let isOver = false;
    void slow.catch(() => (isOver = true));
    for (let seconds = 0; seconds < 49; seconds += 1) {
      clock.advance(1_000);
      wire.message += step;
    }
    await Promise.resolve();
    expect([isOver, clogged]).toEqual([false, []]);
    clock.advance(5_000);
    await expect(slow).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(clogged, 'a line on which one message blocks all others').toEqual(expected);
  });

  it('tells the gateway when it is cancelled, and sends nothing for a token that already is', async () => {
    const { sent, start } = setUp();
    using source = new CancellationSource();
    const call = start(source.token);
    source.cancel('timeout');
    await expect(call).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    expect(sent).toEqual(['ask 1', 'abandon 1']);
    await expect(start(source.token)).rejects.toMatchObject({ code: 'cancelled' });
    expect(sent).toHaveLength(2);
  });

  it('fails one, or all', async () => {
    const { calls, start } = setUp();
    const failure = (what: string) => new KtrdrError('unavailable', `no ${what}`);
    const all = [start(), start(), start()];
    const settled = Promise.allSettled(all);
    expect([calls.fail(2, failure), calls.fail(2, failure)]).toEqual([true, false]);
    calls.failAll(failure);
    expect(await settled).toMatchObject(all.map(() => ({ reason: { message: 'no the answer' } })));
  });

  it('waits for no answer to what could not be sent', async () => {
    const { calls, clock } = setUp();
    const abandoned: number[] = [];
    const unsendable = calls.start({
      what: 'the answer',
      timeoutMs: 10_000,
      token: CancellationToken.none,
      send: () => {
        throw new Error('not connected');
      },
      abandon: (id) => abandoned.push(id),
    });
    await expect(unsendable).rejects.toThrow('not connected');
    expect(calls.size).toBe(0);
    clock.advance(60_000);
    expect(abandoned).toEqual([]);
  });
});
