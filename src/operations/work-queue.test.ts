import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkQueue, type QueueEntry } from './work-queue.ts';

const entry = (id: string, priority = 0, resource = 'oven'): QueueEntry => ({ id, resource, priority });

describe('WorkQueue', () => {
  it('gives slots to the highest priority first, then to the oldest', () => {
    const queue = new WorkQueue({ oven: 1 });
    for (const [id, priority] of [
      ['a', 0],
      ['b', 1],
      ['c', 1],
      ['d', 0],
    ] as const)
      queue.add(entry(id, priority));
    expect([...queue.places()]).toEqual([
      ['b', 1],
      ['c', 2],
      ['a', 3],
      ['d', 4],
    ]);
    const order: string[] = [];
    for (let granted = queue.grant(); granted.length > 0; granted = queue.grant()) {
      order.push(...granted);
      for (const id of granted) queue.remove(id);
    }
    expect(order).toEqual(['b', 'c', 'a', 'd']);
  });

  it('does not take a slot from who holds one, whoever comes', () => {
    const queue = new WorkQueue({ oven: 1 });
    queue.add(entry('low'));
    expect(queue.grant()).toEqual(['low']);
    queue.add(entry('high', 9));
    expect(queue.grant()).toEqual([]);
    expect(queue.place('high')).toBe(1);
    expect(queue.place('low')).toBeUndefined();
  });

  it('refuses what cannot be kept', () => {
    for (const count of [0, -1, 1.5, Number.NaN])
      expect(() => new WorkQueue({ oven: count })).toThrow('1 slot or more');
    const queue = new WorkQueue({ oven: 1 });
    queue.add(entry('a'));
    expect(() => queue.add(entry('a'))).toThrow('queued already');
    expect(() => queue.add(entry('b', 0, 'kiln'))).toThrow('no such resource');
  });

  it('holds to its laws in any history: no slot too many, none unused, and nobody overtaken by who is less', () => {
    const slots = { oven: 2, kiln: 1 };
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('add' as const),
        resource: fc.constantFrom('oven', 'kiln'),
        priority: fc.integer({ min: -2, max: 2 }),
      }),
      fc.record({ kind: fc.constant('remove' as const), index: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new WorkQueue(slots);
        const present = new Map<string, QueueEntry & { isHolding: boolean }>();
        for (const [number, action] of steps.entries()) {
          if (action.kind === 'add') {
            const added = entry(`e${number}`, action.priority, action.resource);
            queue.add(added);
            present.set(added.id, { ...added, isHolding: false });
          } else {
            const id = [...present.keys()][action.index] ?? 'nobody';
            queue.remove(id);
            present.delete(id);
          }
          for (const id of queue.grant()) {
            const granted = present.get(id);
            if (granted === undefined) throw new Error(`"${id}" is not there`);
            expect(granted.isHolding).toBe(false);
            // A map keeps the order of arrival.
            const ahead = [...present.values()].filter(
              ({ resource, isHolding, priority }) =>
                !isHolding && resource === granted.resource && priority > granted.priority,
            );
            expect(ahead).toEqual([]);
            granted.isHolding = true;
          }
          for (const [resource, count] of Object.entries(slots)) {
            const there = [...present.values()].filter((item) => item.resource === resource);
            const holding = there.filter(({ isHolding }) => isHolding).length;
            expect(holding).toBe(Math.min(count, there.length));
            expect(queue.usage()[resource]).toEqual({ slots: count, holding, waiting: there.length - holding });
            const order = [...queue.places()].map(([id]) => id).filter((id) => present.get(id)?.resource === resource);
            const wanted = there.filter(({ isHolding }) => !isHolding).toSorted((a, b) => b.priority - a.priority);
            expect(order).toEqual(wanted.map(({ id }) => id));
          }
        }
      }),
    );
  });
});
