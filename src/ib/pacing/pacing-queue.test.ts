import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken, ManualClock } from '../../async/index.ts';
import { defaultPacingLimits, type PacedRequest } from './pacing.ts';
import { PacingQueue, type PacingWait } from './pacing-queue.ts';

const { none } = CancellationToken;

function request(key: string, kind: PacedRequest['kind'] = 'history'): PacedRequest {
  return { kind, key, instrument: key, weight: 1 };
}

/** Work that ends when it is told to. */
function task() {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { ended, end };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('PacingQueue', () => {
  it('keeps no more requests in flight than allowed, first come, first served', async () => {
    const queue = new PacingQueue({ limits: { ...defaultPacingLimits, inFlight: 2 }, clock: new ManualClock() });
    const tasks = ['a', 'b', 'c'].map((key) => ({ key, ...task() }));
    const begun: string[] = [];
    const waits: PacingWait[] = [];
    const runs = tasks.map(({ key, ended }) =>
      queue.run(request(key), () => (begun.push(key), ended), { token: none, onWait: (wait) => waits.push(wait) }),
    );
    await settle();
    expect(begun).toEqual(['a', 'b']);
    expect(waits).toEqual([{ why: 'other requests are under way' }]);
    expect([queue.inFlight, queue.waiting]).toEqual([2, 1]);
    for (const { end } of tasks) end();
    await Promise.all(runs);
    expect(begun).toEqual(['a', 'b', 'c']);
    expect([queue.inFlight, queue.waiting]).toEqual([0, 0]);
  });

  it('starts a held request when its time has come', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: { ...defaultPacingLimits, history: { count: 1, ms: 2_000 } }, clock });
    const waits: PacingWait[] = [];
    await queue.run(request('a'), () => Promise.resolve(), { token: none });
    const second = queue.run(request('b'), () => Promise.resolve('done'), {
      token: none,
      onWait: (wait) => waits.push(wait),
    });
    await settle();
    expect(waits).toEqual([{ why: 'its history rate', forMs: 2_000 }]);
    clock.advance(2_000);
    await expect(second).resolves.toBe('done');
  });

  it('does not let a request that waits for itself hold up the others', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: defaultPacingLimits, clock });
    await queue.run(request('same', 'small'), () => Promise.resolve(), { token: none });
    const again = queue.run(request('same', 'small'), () => Promise.resolve('later'), { token: none });
    await expect(queue.run(request('other'), () => Promise.resolve('now'), { token: none })).resolves.toBe('now');
    clock.advance(defaultPacingLimits.identicalMs);
    await expect(again).resolves.toBe('later');
  });

  it('forgets a cancelled request and never sends it', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: defaultPacingLimits, clock });
    using source = new CancellationSource();
    queue.pauseAfterComplaint();
    let sent = false;
    const run = queue.run(request('a'), () => Promise.resolve((sent = true)), { token: source.token });
    source.cancel('user');
    await expect(run).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    clock.advance(60_000);
    await settle();
    expect([sent, queue.waiting, queue.inFlight]).toEqual([false, 0, 0]);
  });

  it('forgets a request that is cancelled by who is told that it waits', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: { ...defaultPacingLimits, history: { count: 1, ms: 2_000 } }, clock });
    await queue.run(request('a'), () => Promise.resolve(), { token: none });
    using source = new CancellationSource();
    const second = queue.run(request('b'), () => Promise.resolve(), {
      token: source.token,
      onWait: () => source.cancel(),
    });
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    clock.advance(10_000);
    expect([queue.inFlight, queue.waiting]).toEqual([0, 0]);
  });

  it('counts nothing for a request that was not sent after all', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: { ...defaultPacingLimits, history: { count: 1, ms: 2_000 } }, clock });
    const notSent = queue.run(request('a'), ({ withdraw }) => (withdraw(), Promise.reject(new Error('gone'))), {
      token: none,
    });
    await expect(notSent).rejects.toThrow('gone');
    expect(queue.budget.history).toBe(1);
    await expect(queue.run(request('a'), () => Promise.resolve('now'), { token: none })).resolves.toBe('now');
  });

  it.each(['history', 'small'] as const)('counts a %s request whose answer was lost', async (kind) => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: defaultPacingLimits, clock });
    const lost = queue.run(request('a', kind), ({ loseAnswer }) => (loseAnswer(), Promise.reject(new Error('lost'))), {
      token: none,
    });
    await expect(lost).rejects.toThrow('lost');
    expect(queue.budget[kind]).toBe(defaultPacingLimits[kind].count - 1);
    const waits: PacingWait[] = [];
    const again = queue.run(request('a', kind), () => Promise.resolve('again'), {
      token: none,
      onWait: (wait) => waits.push(wait),
    });
    await settle();
    // To ask for longer bars again repeats nothing that IB has answered; under the hard rules it counts what it was asked.
    expect(waits).toEqual(
      kind === 'history' ? [] : [{ why: 'the same was just asked', forMs: defaultPacingLimits.identicalMs }],
    );
    clock.advance(defaultPacingLimits.identicalMs);
    await expect(again).resolves.toBe('again');
  });

  it('frees the place of a request that failed', async () => {
    const queue = new PacingQueue({ limits: { ...defaultPacingLimits, inFlight: 1 }, clock: new ManualClock() });
    await expect(queue.run(request('a'), () => Promise.reject(new Error('no')), { token: none })).rejects.toThrow('no');
    await expect(queue.run(request('b'), () => Promise.resolve('yes'), { token: none })).resolves.toBe('yes');
  });

  it('asks for less at once when the gateway slows down, and for more again when it recovers', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: { ...defaultPacingLimits, inFlight: 10 }, clock });
    let asked = 0;
    const serve = async (ms: number): Promise<void> => {
      const done = queue.run(request(`${(asked += 1)}`), () => clock.sleep(ms, none), { token: none, effort: 'week' });
      while (queue.waiting > 0) {
        clock.advance(100);
        await settle();
      }
      await settle();
      clock.advance(ms);
      await done;
    };
    expect(queue.budget.inFlight).toBe(6);
    for (let count = 0; count < 8; count += 1) await serve(500);
    expect(queue.budget.inFlight).toBe(10);
    await serve(9_000);
    expect(queue.budget.inFlight).toBe(5);
    for (let count = 0; count < 40; count += 1) await serve(500);
    expect(queue.budget.inFlight).toBeGreaterThan(8);
  });

  it('tells for how long there have been complaints and no answers', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: defaultPacingLimits, clock });
    expect(queue.complainedForMs).toBe(0);
    queue.pauseAfterComplaint();
    clock.advance(15_000);
    queue.pauseAfterComplaint();
    clock.advance(30_000);
    expect(queue.complainedForMs).toBe(45_000);
    await queue.run(request('a'), () => Promise.resolve(), { token: none });
    expect(queue.complainedForMs).toBe(0);
  });

  it('has the pause after a complaint for all, and tells how much budget is left', async () => {
    const clock = new ManualClock();
    const queue = new PacingQueue({ limits: defaultPacingLimits, clock });
    await queue.run(request('head', 'small'), () => Promise.resolve(), { token: none });
    queue.pauseAfterComplaint();
    expect(queue.budget).toEqual({ inFlight: 7, history: 6, small: 57, pausedMs: 15_000 });
    let begun = 0;
    const all = ['a', 'b', 'c'].map((key) =>
      queue.run(request(key), () => Promise.resolve((begun += 1)), { token: none }),
    );
    clock.advance(14_999);
    await settle();
    expect(begun).toBe(0);
    clock.advance(1);
    await Promise.all(all);
    expect(begun).toBe(3);
  });
});
