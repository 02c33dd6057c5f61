import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancellationToken, ManualClock } from '../async/index.ts';
import { Slots } from './slots.ts';

function oven() {
  const clock = new ManualClock();
  const told: [id: string, place: number][] = [];
  const slots = new Slots({ slots: { oven: 1 }, clock, onPlace: (id, place) => told.push([id, place]) });
  const take = (id: string, priority = 0): void =>
    void slots.take({ id, resource: 'oven', priority }, CancellationToken.none);
  return { clock, told, slots, take };
}

/** Those that wait, `1` next, behind one that holds the slot. */
function queueOf(length: number) {
  const queue = oven();
  for (let index = 0; index <= length; index += 1) queue.take(String(index));
  queue.told.length = 0;
  return queue;
}

describe('the places in a queue', () => {
  it.each([20, 2_000])('cost an end no more where %i wait', (length) => {
    const { clock, told, slots } = queueOf(length);
    for (let ends = 0; ends < 10; ends += 1) {
      slots.giveBack(String(ends));
      clock.advance(100);
    }
    expect(told.length).toBeLessThanOrEqual(10 * 4);
  });

  it('are told at once to who is nearly there, and in the end to all', () => {
    const { clock, told, slots } = queueOf(50);
    slots.giveBack('0');
    clock.advance(100);
    expect(told).toEqual([
      ['2', 1],
      ['3', 2],
      ['4', 3],
      ['5', 4],
    ]);
    clock.advance(2_000);
    const all = Array.from({ length: 49 }, (_, index) => [String(index + 2), index + 1]);
    expect(told).toEqual(all);
    clock.advance(10_000);
    expect(told, 'nothing twice').toHaveLength(49);
  });

  it('are what was told last, for everybody, once the queue stands still', () => {
    const move = fc.record({ id: fc.nat(30), comes: fc.boolean(), priority: fc.nat(2), waitMs: fc.nat(150) });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
        const { clock, told, slots, take } = oven();
        let waiting: { id: string; priority: number }[] = [];
        let holder: string | undefined;
        for (const { id: number, comes, priority, waitMs } of moves) {
          const id = String(number);
          const isThere = holder === id || waiting.some((one) => one.id === id);
          if (comes && !isThere) {
            take(id, priority);
            const before = waiting.findLastIndex((one) => one.priority >= priority);
            waiting = waiting.toSpliced(before + 1, 0, { id, priority });
          } else if (!comes) {
            slots.giveBack(id);
            waiting = waiting.filter((one) => one.id !== id);
            if (holder === id) holder = undefined;
          }
          holder ??= waiting.shift()?.id;
          clock.advance(waitMs);
        }
        clock.advance(5_000);
        const last = new Map(told);
        expect(waiting.map(({ id }) => last.get(id))).toEqual(waiting.map((_, index) => index + 1));
      }),
    );
  });
});
