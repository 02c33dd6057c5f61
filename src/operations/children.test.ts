import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KtrdrError } from '../base/index.ts';
import type { OperationContract, OperationWork } from './contract.ts';
import { ByHand, climb, Records, waiting, type ClimbWork } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

const tour: OperationContract<string[], { stop: string }, number[]> = {
  type: 'tour',
  input: z.array(z.string()),
  context: z.object({ stop: z.string() }),
  result: z.array(z.number()),
  begin: () => ({ stop: '' }),
  render: () => 'Touring',
  resume: 'auto',
};

/** All at once, each by its name. */
const together: OperationWork<string[], { stop: string }, number[]> = (names, { children }) =>
  Promise.all(names.map(async (id) => (await children.run(climb, { steps: 1 }, { id })).reached));

/** One after the other, each a third of the whole. */
const inTurn: OperationWork<string[], { stop: string }, number[]> = async (names, { children }) => {
  const reached: number[] = [];
  for (const id of names) reached.push((await children.run(climb, { steps: 1 }, { id, weight: 1 / 3 })).reached);
  return reached;
};

let records: Records;
let hand: ByHand;
let orchestrator: ServiceOrchestrator;

beforeEach(() => {
  records = new Records();
  hand = new ByHand();
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

const get = (id: string) => orchestrator.operations.get(id);

describe('children.run()', () => {
  it('starts an operation with a record of its own, and brings its result', async () => {
    orchestrator = records
      .open()
      .register(climb, async ({ steps }) => ({ reached: steps }))
      .register(tour, together);
    await expect(orchestrator.start(tour, ['a', 'b'], { id: 't', traceId: 'f00' }).result).resolves.toEqual([1, 1]);
    const { operations } = orchestrator.operations.list({ parent: 't' });
    expect(operations.map(({ id }) => id).toSorted()).toEqual(['t.a', 't.b']);
    expect(operations).toMatchObject([0, 1].map(() => ({ status: 'completed', parent: 't', traceId: 'f00' })));
  });

  it('makes the progress of the parts that of the whole, by their weights', async () => {
    const fractions: number[] = [];
    orchestrator = records.open().register(climb, async (_, { progress }) => {
      progress.report({ fraction: 0.5 });
      return { reached: 1 };
    });
    orchestrator.register(tour, inTurn);
    const { id, result } = orchestrator.start(tour, ['a', 'b', 'c']);
    for await (const { progress } of orchestrator.operations.watch(id)) fractions.push(progress.fraction);
    await result;
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(get(id).progress.fraction).toBeCloseTo(1);
    expect(fractions[0]).toBe(0);
  });

  it('counts parts without a share against each other', async () => {
    orchestrator = records.open().register(climb, hand.work).register(tour, together);
    orchestrator.start(tour, ['a', 'b', 'c', 'd'], { id: 't' });
    await expect.poll(() => hand.started).toHaveLength(4);
    hand.finish('t.a');
    await expect.poll(() => get('t').progress.fraction).toBe(0.25);
    hand.finish('t.b');
    await expect.poll(() => get('t').progress.fraction).toBe(0.5);
  });

  it('is cancelled with its parent, for the same reason', async () => {
    orchestrator = records.open({ slots: { oven: 1 } });
    orchestrator.register(climb, waiting, { resource: 'oven' }).register(tour, together);
    const { result } = orchestrator.start(tour, ['a', 'b'], { id: 't' });
    await expect.poll(() => get('t.b').queuePlace).toBe(1);
    orchestrator.operations.cancel('t', 'timeout');
    await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    for (const id of ['t', 't.a', 't.b'])
      expect(get(id)).toMatchObject({ status: 'cancelled', cancellation: { reason: 'timeout' } });
    expect(orchestrator.resources).toEqual({ oven: { slots: 1, holding: 0, waiting: 0 } });
  });

  it('fails as the child fails, and the parent decides what that means', async () => {
    orchestrator = records.open().register(climb, async () => Promise.reject(new KtrdrError('unavailable', 'Fog.')));
    orchestrator.register(tour, async (names, context) => {
      await expect(inTurn(names, context)).rejects.toMatchObject({ code: 'unavailable', message: 'Fog.' });
      return [0];
    });
    await expect(orchestrator.start(tour, ['a']).result).resolves.toEqual([0]);
  });

  it('leaves no child behind when the parent does not wait for it', async () => {
    orchestrator = records.open().register(climb, waiting);
    orchestrator.register(tour, async (names, { children }) => {
      for (const id of names) void children.run(climb, { steps: 1 }, { id }).catch(() => {});
      return [];
    });
    await orchestrator.start(tour, ['a', 'b'], { id: 't' }).result;
    expect(['t', 't.a', 't.b'].map((id) => get(id).status)).toEqual(['completed', 'cancelled', 'cancelled']);
  });
});

describe('a parent that waits for its children', () => {
  it('does not hold the slot that they wait for, also over two generations', async () => {
    const climber: ClimbWork = async () => ({ reached: 1 });
    const outer = { ...tour, type: 'journey' };
    orchestrator = records.open({ slots: { oven: 1, kiln: 1 } });
    orchestrator
      .register(climb, climber, { resource: 'oven' })
      .register(tour, together, { resource: 'kiln' })
      .register(outer, async (names, { children }) => children.run(tour, names), { resource: 'oven' });
    const journeys = ['x', 'y', 'z'].map((id) => orchestrator.start(outer, ['a', 'b'], { id }).result);
    await expect(Promise.all(journeys)).resolves.toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    const free = { slots: 1, holding: 0, waiting: 0 };
    expect(orchestrator.resources).toEqual({ oven: free, kiln: free });
  });

  it('has its slot again when they have ended, before all that has not begun', async () => {
    orchestrator = records.open({ slots: { oven: 1 } });
    let goOn = (): void => {};
    orchestrator.register(climb, hand.work, { resource: 'oven' }).register(
      tour,
      async (names, context) => {
        const reached = await together(names, context);
        await new Promise<void>((resolve) => (goOn = resolve));
        return reached;
      },
      { resource: 'oven' },
    );
    const { result } = orchestrator.start(tour, ['a'], { id: 't' });
    await expect.poll(() => hand.started).toEqual(['t.a']);
    orchestrator.start(climb, { steps: 1 }, { id: 'other', priority: 9 });
    hand.finish('t.a');
    await expect.poll(() => get('t.a').status).toBe('completed');
    await new Promise((resolve) => setImmediate(resolve));
    expect(hand.started, 'the parent goes first').toEqual(['t.a']);
    goOn();
    await result;
    await expect.poll(() => hand.started).toEqual(['t.a', 'other']);
  });
});

it('a parent that is tried again takes the results there are, and lets the other parts go on from their checkpoints', async () => {
  const work: ClimbWork = async (_, { id, checkpoint, clock, token }) => {
    if (id === 't.a') return { reached: 1 };
    if (checkpoint.last !== undefined) return { reached: 22 };
    checkpoint.save({ half: true });
    await clock.sleep(60_000, token);
    return { reached: 0 };
  };
  orchestrator = records.open().register(climb, work).register(tour, together);
  orchestrator.start(tour, ['a', 'b'], { id: 't' });
  await expect.poll(() => orchestrator.operations.checkpoint('t.b')).toBeDefined();
  await expect.poll(() => get('t.a').status).toBe('completed');
  orchestrator = records.open().register(climb, work).register(tour, together);
  orchestrator.recover();
  expect(get('t.b')).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
  await expect(orchestrator.start(tour, ['a', 'b'], { id: 't' }).result).resolves.toEqual([1, 22]);
  expect(get('t.b.2')).toMatchObject({ status: 'completed', resumedFrom: 't.b', parent: 't' });
  expect(orchestrator.operations.list({ parent: 't' }).total).toBe(3);
});
