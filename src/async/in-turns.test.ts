import { describe, expect, it } from 'vitest';
import { allAtOnce, type Steps } from '../base/index.ts';
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
    expect(await turnsOf(inTurns(counted(20), 0))).toBeGreaterThan(10);
    expect(await turnsOf(inTurns(counted(20), 10_000))).toBe(0);
  });

  it('throws what a step throws', async () => {
    const failing = (function* (): Steps<never> {
      yield;
      throw new Error('a step failed');
    })();
    await expect(inTurns(failing, 0)).rejects.toThrow('a step failed');
  });
});
