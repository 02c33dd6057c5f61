import { describe, expect, it } from 'vitest';
import { allAtOnce, type Steps } from '../base/index.ts';
import { CancellationSource } from './cancellation.ts';
import { inTurns } from './in-turns.ts';

function* counted(steps: number): Steps<number> {
  for (let step = 0; step < steps; step += 1) yield;
  return steps;
}

/** How often the process had a turn while something went on. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await work;
  isOver = true;
  return turns;
}

describe('inTurns', () => {
  it('gives what the steps return, as they do all at once', async () => {
    expect(await inTurns(counted(1_000))).toBe(allAtOnce(counted(1_000)));
  });

  it('lets others have a turn when the steps have taken theirs, and not before', async () => {
    expect(await turnsOf(inTurns(counted(20), { turnMs: 0 }))).toBeGreaterThan(10);
    expect(await turnsOf(inTurns(counted(20), { turnMs: 10_000 }))).toBe(0);
  });

  it('takes no further step when it has been cancelled meanwhile', async () => {
    using source = new CancellationSource();
    let taken = 0;
    const steps = (function* (): Steps<void> {
      for (; taken < 1_000; taken += 1) {
        if (taken === 3) setImmediate(() => source.cancel('user'));
        yield;
      }
    })();
    await expect(inTurns(steps, { turnMs: 0, token: source.token })).rejects.toMatchObject({ code: 'cancelled' });
    expect(taken).toBeLessThan(10);
  });

  it('throws what a step throws', async () => {
    const failing = (function* (): Steps<never> {
      yield;
      throw new Error('a step failed');
    })();
    await expect(inTurns(failing, { turnMs: 0 })).rejects.toThrow('a step failed');
  });
});
