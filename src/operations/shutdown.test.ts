import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OperationContract, OperationWork } from './contract.ts';
import type { Operation } from './operation.ts';
import { ByHand, climb, Records, waiting, type ClimbWork } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

const auto = { ...climb, resume: 'auto' } as const;

const tour: OperationContract<string[], object, number[]> = {
  type: 'tour',
  input: z.array(z.string()),
  context: z.object({}),
  result: z.array(z.number()),
  begin: () => ({}),
  render: () => 'Touring',
  resume: 'auto',
};

/** All at once, each by its name. */
const together: OperationWork<string[], object, number[]> = (names, { children }) =>
  Promise.all(names.map(async (id) => (await children.run(climb, { steps: 1 }, { id })).reached));

let records: Records;
let hand: ByHand;

beforeEach(() => {
  records = new Records();
  hand = new ByHand();
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

const find = (id: string): Operation | undefined => records.store.find(id);

async function running(orchestrator: ServiceOrchestrator, id: string): Promise<void> {
  await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
}

describe('a shutdown', () => {
  it('leaves work that resumes by itself to the next process, which goes on from its checkpoint', async () => {
    const seen: { attempt: number; last: unknown }[] = [];
    const work: ClimbWork = async ({ steps }, { attempt, checkpoint, clock, token, progress }) => {
      seen.push({ attempt, last: checkpoint.last });
      progress.report({ fraction: 0.4 });
      checkpoint.save({ attempt });
      if (attempt < 3) await clock.sleep(60_000, token);
      return { reached: steps };
    };
    let orchestrator = records.open().register(auto, work);
    const { result } = orchestrator.start(auto, { steps: 2 }, { id: 'op', deadlineMs: 60_000 });
    const end = result.catch((thrown: unknown) => thrown);
    for (const attempt of [1, 2]) {
      await expect.poll(() => seen.length).toBe(attempt);
      await orchestrator[Symbol.asyncDispose]();
      expect(find('op')).toMatchObject({ status: 'pending', attempt: attempt + 1, progress: { fraction: 0.4 } });
      expect(find('op')).not.toHaveProperty('cancellation');
      orchestrator = records.open().register(auto, work);
      orchestrator.recover();
    }
    expect(await end).toMatchObject({
      code: 'cancelled',
      message: 'Operation op was stopped by the shutdown of its service and continues when that starts again.',
      details: { reason: 'shutdown', released: true },
    });
    await expect(orchestrator.start(auto, { steps: 2 }, { id: 'op' }).result).resolves.toEqual({ reached: 2 });
    expect(seen.map(({ last }) => last)).toEqual([undefined, { attempt: 1 }, { attempt: 2 }]);
    expect(find('op')).toMatchObject({
      status: 'completed',
      attempts: [{ ended: 'released' }, { ended: 'released' }, { number: 3, ended: 'completed' }],
    });
  });

  it('leaves what waits in the queue as it waits', async () => {
    const options = { slots: { oven: 1 } };
    const first = records.open(options).register(auto, waiting, { resource: 'oven' });
    first.start(auto, { steps: 1 }, { id: 'runs' });
    await running(first, 'runs');
    first.start(auto, { steps: 1 }, { id: 'waits', priority: -1 });
    await expect.poll(() => first.operations.get('waits').queuePlace).toBe(1);
    await first[Symbol.asyncDispose]();
    expect(find('waits')).toMatchObject({ status: 'pending', attempt: 1, attempts: [] });
    const second = records.open(options).register(auto, hand.work, { resource: 'oven' });
    second.recover();
    for (const id of ['runs', 'waits']) {
      await expect.poll(() => hand.started.at(-1)).toBe(id);
      hand.finish(id);
    }
    await expect.poll(() => find('waits')?.status).toBe('completed');
  });

  it('cancels work that does not resume by itself', async () => {
    const never = { ...climb, type: 'once', resume: 'never' } as const;
    const orchestrator = records.open().register(climb, waiting).register(never, waiting);
    orchestrator.start(climb, { steps: 1 }, { id: 'manual' });
    orchestrator.start(never, { steps: 1 }, { id: 'never' });
    await running(orchestrator, 'never');
    await orchestrator[Symbol.asyncDispose]();
    for (const id of ['manual', 'never'])
      expect(find(id)).toMatchObject({ status: 'cancelled', cancellation: { reason: 'shutdown' } });
  });

  it.each([
    ['completed', (finish: () => void) => finish()],
    ['failed', (_: () => void, fail: () => void) => fail()],
  ] as const)('lets work that ends by itself in the grace time be %s', async (status, end) => {
    let ending: Promise<void> | undefined;
    const orchestrator = records.open().register(
      auto,
      (_, { token }) =>
        new Promise((resolve, reject) => {
          token.onCancelled(() => {
            ending = new Promise<void>((done) => setImmediate(done)).then(() =>
              end(
                () => resolve({ reached: 1 }),
                () => reject(new Error('slipped')),
              ),
            );
          });
        }),
    );
    orchestrator.start(auto, { steps: 1 }, { id: 'op' });
    await running(orchestrator, 'op');
    await orchestrator[Symbol.asyncDispose]();
    await ending;
    expect(find('op')?.status).toBe(status);
  });

  it('leaves work behind that does not stop, and that still goes on with the next process', async () => {
    const deaf: ClimbWork = () => new Promise(() => {});
    const first = records.open({ graceMs: 10 }).register(auto, deaf);
    first.start(auto, { steps: 1 }, { id: 'op' });
    await running(first, 'op');
    await first[Symbol.asyncDispose]();
    expect(find('op')).toMatchObject({ status: 'pending', attempt: 2 });
  });

  it('does not undo a cancel, whether that came before it or meanwhile', async () => {
    let stop = (): void => {};
    const slow: ClimbWork = (_, { token }) =>
      new Promise((_resolve, reject) => (stop = () => reject(token.signal.reason as Error)));
    for (const isBefore of [true, false]) {
      const id = isBefore ? 'before' : 'meanwhile';
      const orchestrator = records.open().register(auto, slow);
      orchestrator.start(auto, { steps: 1 }, { id });
      await running(orchestrator, id);
      if (isBefore) orchestrator.operations.cancel(id);
      const closing = orchestrator[Symbol.asyncDispose]();
      if (!isBefore) orchestrator.operations.cancel(id);
      stop();
      await closing;
      expect(find(id)).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user' } });
    }
  });

  it('lets what is left be cancelled until the process ends', async () => {
    const orchestrator = records.open().register(auto, waiting);
    orchestrator.start(auto, { steps: 1 }, { id: 'op' });
    await running(orchestrator, 'op');
    await orchestrator[Symbol.asyncDispose]();
    expect(orchestrator.operations.cancel('op')).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'user' },
    });
  });

  it('does not count as one of the five deaths that work may die', async () => {
    const hanging: ClimbWork = (_, { clock, token }) => clock.sleep(60_000, token).then(() => ({ reached: 0 }));
    let orchestrator = records.open().register(auto, hanging);
    orchestrator.start(auto, { steps: 1 }, { id: 'op' });
    for (let round = 1; round <= 7; round += 1) {
      await running(orchestrator, 'op');
      await orchestrator[Symbol.asyncDispose]();
      orchestrator = records.open().register(auto, hanging);
      orchestrator.recover();
    }
    await running(orchestrator, 'op');
    expect(orchestrator.operations.get('op').attempt).toBe(8);
  });
});

describe('a shutdown with parents and children', () => {
  const open = (slots = {}): ServiceOrchestrator =>
    records.open({ slots }).register(climb, hand.work, { resource: 'oven' }).register(tour, together);

  it('lets both sides find each other again, also those that waited', async () => {
    const first = open({ oven: 1 });
    first.start(tour, ['a', 'b', 'c'], { id: 't' });
    await expect.poll(() => hand.started).toEqual(['t.a']);
    hand.finish('t.a');
    await expect.poll(() => hand.started).toEqual(['t.a', 't.b']);
    await first[Symbol.asyncDispose]();
    expect(['t', 't.a', 't.b', 't.c'].map((id) => [find(id)?.status, find(id)?.attempt])).toEqual([
      ['pending', 2],
      ['completed', 1],
      ['pending', 2],
      ['pending', 1],
    ]);
    hand.started.length = 0;
    const second = open();
    second.recover();
    await expect.poll(() => hand.started).toEqual(['t.b', 't.c']);
    expect(second.operations.get('t.b')).toMatchObject({ status: 'running', parent: 't', attempt: 2 });
    hand.finish('t.b');
    hand.finish('t.c');
    await expect(second.start(tour, ['a', 'b', 'c'], { id: 't' }).result).resolves.toEqual([1, 1, 1]);
    expect(second.operations.list({ parent: 't' }).total).toBe(3);
  });

  it('cancels the children with their parent after it as before', async () => {
    const first = open();
    first.start(tour, ['a'], { id: 't' });
    await expect.poll(() => hand.started).toEqual(['t.a']);
    await first[Symbol.asyncDispose]();
    const second = open();
    second.recover();
    await expect.poll(() => hand.started).toEqual(['t.a', 't.a']);
    second.operations.cancel('t');
    await expect.poll(() => find('t')?.status).toBe('cancelled');
    expect(find('t.a')).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user' } });
  });

  it('leaves none of them behind when the parent does not take them up, over all generations', async () => {
    const outer = { ...tour, type: 'journey' };
    const nest = (run: OperationWork<string[], object, number[]>): ServiceOrchestrator => open().register(outer, run);
    const first = nest(async (names, { children }) => children.run(tour, names, { id: 'tour' }));
    first.start(outer, ['a'], { id: 'j' });
    await expect.poll(() => hand.started).toEqual(['j.tour.a']);
    await first[Symbol.asyncDispose]();
    const ids = ['j', 'j.tour', 'j.tour.a'];
    expect(ids.map((id) => find(id)?.status)).toEqual(['pending', 'pending', 'pending']);
    const second = nest(async () => []);
    second.recover();
    await expect.poll(() => find('j')?.status).toBe('completed');
    expect(ids.map((id) => find(id)?.status)).toEqual(['completed', 'cancelled', 'cancelled']);
  });

  it('cancels the children of a parent that is cancelled', async () => {
    const manual = { ...tour, resume: 'manual' } as const;
    const orchestrator = records.open().register(auto, waiting).register(manual, together);
    orchestrator.start(manual, ['a'], { id: 't' });
    await running(orchestrator, 't.a');
    await orchestrator[Symbol.asyncDispose]();
    for (const id of ['t', 't.a'])
      expect(find(id)).toMatchObject({ status: 'cancelled', cancellation: { reason: 'shutdown' } });
  });
});
