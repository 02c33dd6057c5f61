import { describe, expect, it } from 'vitest';
import { CancellationToken, ManualClock } from '../async/index.ts';
import { inLanes } from './in-lanes.ts';

const storingMs = 40;

/** Six jobs in three lanes, whose answers come when the test says so, and a store that takes its time. */
function begin(): {
  answer: (...jobs: number[]) => Promise<void>;
  stored: number[][];
  clock: ManualClock;
  done: Promise<void>;
} {
  const clock = new ManualClock();
  const stored: number[][] = [];
  const waiting = new Map<number, () => void>();
  const done = inLanes(
    [0, 1, 2, 3, 4, 5],
    {
      begin: async () => ({ [Symbol.dispose]: () => {} }),
      fetch: (job) => new Promise<number>((resolve) => waiting.set(job, () => resolve(job))),
      async store(results) {
        stored.push(results.map(({ result }) => result));
        clock.advance(storingMs);
      },
    },
    { atOnce: 3, isContiguous: true, token: CancellationToken.none, clock },
  );
  return {
    clock,
    stored,
    done,
    async answer(...jobs) {
      for (const job of jobs) {
        waiting.get(job)?.();
        await settled();
      }
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('inLanes', () => {
  it('lets results come together for twice the time that storing took', async () => {
    const { answer, stored, clock } = begin();
    await settled();
    await answer(0);
    expect(stored, 'the first one waits for nothing').toEqual([[0]]);
    await answer(1, 2);
    clock.advance(2 * storingMs - 1);
    await settled();
    expect(stored).toEqual([[0]]);
    clock.advance(1);
    await settled();
    expect(stored).toEqual([[0], [1, 2]]);
  });

  it('stores at once what comes later than that', async () => {
    const { answer, stored, clock } = begin();
    await settled();
    await answer(0);
    clock.advance(2 * storingMs);
    await settled();
    await answer(1);
    expect(stored).toEqual([[0], [1]]);
  });

  it('waits for nothing when nothing more can come', async () => {
    const { answer, stored, done } = begin();
    await settled();
    await answer(0, 1, 2, 3, 4, 5);
    await done;
    expect(stored).toEqual([[0], [1, 2, 3, 4, 5]]);
  });
});
