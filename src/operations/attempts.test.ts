import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, type Checkpoint } from '../async/index.ts';
import { ByHand, climb, Records, waiting, type ClimbWork } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

let records: Records;

beforeEach(() => {
  records = new Records();
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

const auto = { ...climb, resume: 'auto' } as const;
const status = (orchestrator: ServiceOrchestrator, id: string): string => orchestrator.operations.get(id).status;

describe('an operation whose process is gone', () => {
  it('is tried again from its checkpoint when its contract says so, and keeps its lineage', async () => {
    const seen: { attempt: number; last: unknown }[] = [];
    const work: ClimbWork = async ({ steps }, { attempt, checkpoint, clock, token }) => {
      seen.push({ attempt, last: checkpoint.last });
      if (attempt === 2) return { reached: steps };
      checkpoint.save({ step: 1 });
      checkpoint.save({ step: 2 });
      await clock.sleep(60_000, token);
      return { reached: 0 };
    };
    const first = records.open().register(auto, work);
    first.start(auto, { steps: 3 }, { id: 'op' });
    await expect.poll(() => seen.length).toBe(1);
    const before = first.operations.get('op');

    const second = records.open().register(auto, work);
    second.recover();
    expect(second.operations.get('op')).toMatchObject({ status: 'pending', attempt: 2 });
    await expect(second.start(auto, { steps: 3 }, { id: 'op' }).result).resolves.toEqual({ reached: 3 });
    expect(seen).toEqual([
      { attempt: 1, last: undefined },
      { attempt: 2, last: { step: 2 } },
    ]);
    const after = second.operations.get('op');
    expect(after).toMatchObject({
      status: 'completed',
      attempt: 2,
      attempts: [
        { number: 1, ended: 'interrupted', startedAt: before.startedAt },
        { number: 2, ended: 'completed' },
      ],
    });
    expect(after.version).toBeGreaterThan(before.version);
  });

  it('waits again when it had not begun, in the same order', async () => {
    const hand = new ByHand();
    const options = { slots: { oven: 1 } };
    const first = records.open(options).register(climb, waiting, { resource: 'oven' });
    first.start(climb, { steps: 1 }, { id: 'runs' });
    await expect.poll(() => status(first, 'runs')).toBe('running');
    first.start(climb, { steps: 1 }, { id: 'late' });
    first.start(climb, { steps: 1 }, { id: 'first', priority: 1 });
    const second = records.open(options).register(climb, hand.work, { resource: 'oven' });
    second.recover();
    expect(status(second, 'runs')).toBe('failed');
    for (const id of ['late', 'first']) {
      await expect.poll(() => hand.started.at(-1)).toBe(id);
      hand.finish(id);
    }
    await expect.poll(() => status(second, 'first')).toBe('completed');
  });

  it('is cancelled when it had been asked to stop', async () => {
    const deaf: ClimbWork = () => new Promise(() => {});
    const first = records.open({ graceMs: 10 }).register(auto, deaf);
    first.start(auto, { steps: 1 }, { id: 'op' });
    await expect.poll(() => status(first, 'op')).toBe('running');
    first.operations.cancel('op', 'timeout');
    const second = records.open().register(auto, waiting);
    second.recover();
    await expect.poll(() => status(second, 'op')).toBe('cancelled');
    expect(second.operations.get('op')).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'timeout', forced: false },
      attempts: [
        { number: 1, ended: 'interrupted' },
        { number: 2, ended: 'cancelled' },
      ],
    });
  });

  it('ends as interrupted where nobody knows its type', async () => {
    const first = records.open().register(auto, waiting);
    first.start(auto, { steps: 1 }, { id: 'op' });
    await expect.poll(() => status(first, 'op')).toBe('running');
    const second = records.open();
    second.recover();
    expect(second.operations.get('op')).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
  });

  it('is not tried more than five times', async () => {
    // A manual clock, on which the pauses between quick deaths pass at once.
    const clock = new ManualClock(1_000_000);
    await using house = new Records(clock);
    let runs = 0;
    const hanging: ClimbWork = async (_, { token }) => {
      runs += 1;
      await clock.sleep(1e9, token);
      return { reached: 0 };
    };
    house.open().register(auto, hanging).start(auto, { steps: 1 }, { id: 'op' });
    for (let death = 1; death <= 6; death += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = house.open().register(auto, hanging);
      next.recover();
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10_000);
    }
    const last = house.open();
    expect(last.operations.get('op')).toMatchObject({ status: 'failed', attempt: 5, error: { code: 'interrupted' } });
    expect(last.operations.get('op').attempts.map(({ ended }) => ended)).toEqual(Array(5).fill('interrupted'));
    expect(runs).toBe(5);
  });

  it('still has its deadline', async () => {
    const first = records.open().register(auto, waiting);
    first.start(auto, { steps: 1 }, { id: 'op', deadlineMs: 150 });
    await expect.poll(() => status(first, 'op')).toBe('running');
    const { deadlineAt } = first.operations.get('op');
    const second = records.open().register(auto, waiting);
    second.recover();
    expect(second.operations.get('op').deadlineAt).toBe(deadlineAt);
    await expect.poll(() => status(second, 'op')).toBe('cancelled');
    expect(second.operations.get('op').cancellation?.reason).toBe('timeout');
  });

  it('changes nothing when it wakes up after its successor has begun', async () => {
    let zombie: { checkpoint: Checkpoint; wake: () => void; report: () => void } | undefined;
    const sleeping: ClimbWork = (_, { checkpoint, progress }) =>
      new Promise((resolve) => {
        zombie = {
          checkpoint,
          wake: () => resolve({ reached: -1 }),
          report: () => progress.report({ fraction: 0.99, context: { step: -1 } }),
        };
      });
    const first = records.open().register(auto, sleeping);
    const { result } = first.start(auto, { steps: 1 }, { id: 'op' });
    await expect.poll(() => zombie).toBeDefined();
    const hand = new ByHand();
    const second = records.open().register(auto, hand.work);
    second.recover();
    await expect.poll(() => hand.started).toEqual(['op']);
    const before = second.operations.get('op');
    zombie?.checkpoint.save({ from: 'the dead' });
    zombie?.report();
    zombie?.wake();
    await result.catch(() => {});
    expect(second.operations.get('op')).toEqual(before);
    expect(second.operations.checkpoint('op')).toBeUndefined();
    hand.finish('op');
    await expect(second.start(auto, { steps: 1 }, { id: 'op' }).result).resolves.toEqual({ reached: 1 });
  });
});

describe('a checkpoint', () => {
  it('is refused when it is too large, or nothing that JSON can carry', async () => {
    const errors: unknown[] = [];
    const orchestrator = records.open().register(climb, async (_, { checkpoint }) => {
      for (const value of ['x'.repeat(70_000), undefined, () => 1]) {
        try {
          checkpoint.save(value);
        } catch (error) {
          errors.push(error);
        }
      }
      return { reached: 1 };
    });
    await orchestrator.start(climb, { steps: 1 }).result;
    expect(errors).toMatchObject([
      { code: 'invalid_input', message: expect.stringContaining('keep what is large in a file') },
      { code: 'invalid_input', message: expect.stringContaining('undefined') },
      { code: 'invalid_input', message: expect.stringContaining('function') },
    ]);
  });
});

describe('resume()', () => {
  const failing: ClimbWork = async ({ steps }, { checkpoint }) => {
    if (checkpoint.last !== undefined) return { reached: steps };
    checkpoint.save({ step: 2 });
    throw new Error('slipped');
  };

  it('goes on as a new operation from the last checkpoint, and leaves the old record as it is', async () => {
    const orchestrator = records.open().register(climb, failing);
    await orchestrator.start(climb, { steps: 4 }, { id: 'old', priority: 3 }).result.catch(() => {});
    const old = orchestrator.operations.get('old');
    const { id, result } = orchestrator.resume('old');
    expect(orchestrator.resume('old').id, 'asked again while it is under way').toBe(id);
    await expect(result).resolves.toEqual({ reached: 4 });
    expect(orchestrator.operations.get(id)).toMatchObject({ resumedFrom: 'old', input: { steps: 4 }, priority: 3 });
    expect(orchestrator.operations.get('old')).toEqual(old);
  });

  it('refuses what has not ended, what completed, and what cannot go on', async () => {
    const never = { ...climb, type: 'once', resume: 'never' } as const;
    const hand = new ByHand();
    const orchestrator = records.open().register(climb, hand.work).register(never, failing);
    const { result } = orchestrator.start(climb, { steps: 1 }, { id: 'op' });
    const refused = expect.objectContaining({ code: 'conflict' });
    expect(() => orchestrator.resume('op')).toThrow(refused);
    await expect.poll(() => hand.started).toEqual(['op']);
    hand.finish('op');
    await result;
    expect(() => orchestrator.resume('op')).toThrow(refused);
    expect(() => orchestrator.resume('nobody')).toThrow(expect.objectContaining({ code: 'not_found' }));
    await orchestrator.start(never, { steps: 1 }, { id: 'one' }).result.catch(() => {});
    expect(() => orchestrator.resume('one')).toThrow(expect.objectContaining({ code: 'failed_precondition' }));
  });
});

describe('retry()', () => {
  it('begins anew as a new operation with the same input and without a checkpoint, whatever the end was', async () => {
    const seen: unknown[] = [];
    let isFalling = true;
    const work: ClimbWork = async ({ steps }, { checkpoint }) => {
      seen.push(checkpoint.last);
      checkpoint.save({ step: 2 });
      if (isFalling) throw new Error('slipped');
      return { reached: steps };
    };
    const never = { ...climb, resume: 'never' } as const;
    const orchestrator = records.open().register(never, work);
    await orchestrator.start(never, { steps: 4 }, { id: 'old', priority: 3 }).result.catch(() => {});
    const old = orchestrator.operations.get('old');
    isFalling = false;
    const { id, result } = orchestrator.retry('old');
    expect(orchestrator.retry('old').id, 'asked again while it is under way').toBe(id);
    await expect(result).resolves.toEqual({ reached: 4 });
    expect(orchestrator.operations.get(id)).toMatchObject({ retriedFrom: 'old', input: { steps: 4 }, priority: 3 });
    expect(orchestrator.operations.get(id)).not.toHaveProperty('resumedFrom');
    expect(orchestrator.operations.get('old')).toEqual(old);
    const next = orchestrator.retry(id);
    expect(next.id).not.toBe(id);
    await next.result;
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('refuses what has not ended, and says what to do', async () => {
    const orchestrator = records.open().register(climb, waiting);
    orchestrator.start(climb, { steps: 1 }, { id: 'op' });
    expect(() => orchestrator.retry('op')).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message: expect.stringContaining('Wait for its end, or cancel it first.') as string,
      }),
    );
    expect(() => orchestrator.retry('nobody')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });
});

describe('work that does not stop', () => {
  it('is left behind after the grace time, and what it brings later is dropped', async () => {
    let finish = (): void => {};
    const deaf: ClimbWork = () => new Promise((resolve) => (finish = () => resolve({ reached: 9 })));
    const orchestrator = records.open({ graceMs: 20, slots: { oven: 1 } }).register(climb, deaf, { resource: 'oven' });
    const { id, result } = orchestrator.start(climb, { steps: 1 });
    await expect.poll(() => status(orchestrator, id)).toBe('running');
    orchestrator.operations.cancel(id);
    await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { forced: true } });
    const ended = orchestrator.operations.get(id);
    expect(ended).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user', forced: true } });
    expect(orchestrator.resources).toEqual({ oven: { slots: 1, holding: 0, waiting: 0 } });
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    expect(orchestrator.operations.get(id)).toEqual(ended);
  });
});
