import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CancellationSource, ManualClock, type Clock } from '../async/index.ts';
import type { Operation } from './operation.ts';
import { ByHand, climb, Records, waiting } from './records.fixture.ts';

let records: Records;

beforeEach(() => {
  records = new Records();
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

describe('watchAll()', () => {
  it('begins with what has not ended, in the order of the last changes, and tells every later change', async () => {
    const hand = new ByHand();
    const orchestrator = records.open().register(climb, hand.work);
    const { operations } = orchestrator;
    for (const id of ['a', 'b', 'c']) orchestrator.start(climb, { steps: 1 }, { id });
    await expect.poll(() => hand.started).toHaveLength(3);
    hand.finish('a');
    await expect.poll(() => operations.get('a').status).toBe('completed');

    using reader = new CancellationSource();
    const seen: Operation[] = [];
    const reading = (async () => {
      for await (const operation of operations.watchAll({ token: reader.token })) seen.push(operation);
    })();
    await expect.poll(() => seen.map(({ id }) => id)).toEqual(['b', 'c']);
    hand.finish('b');
    await expect.poll(() => seen.at(-1)).toMatchObject({ id: 'b', status: 'completed' });
    reader.cancel();
    await reading;
    expect(seen.map(({ id }) => id)).toEqual(['b', 'c', 'b']);
  });

  it('tells everything that is kept when it is asked from the very beginning on', async () => {
    const hand = new ByHand();
    const orchestrator = records.open().register(climb, hand.work);
    for (const id of ['a', 'b']) orchestrator.start(climb, { steps: 1 }, { id });
    await expect.poll(() => hand.started).toHaveLength(2);
    hand.finish('a');
    await expect.poll(() => orchestrator.operations.get('a').status).toBe('completed');
    const seen: string[] = [];
    for await (const { id } of orchestrator.operations.watchAll({ after: 0 })) {
      seen.push(id);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(['b', 'a']);
  });

  it('misses no end that comes between its beginning and its first look', async () => {
    const hand = new ByHand();
    const orchestrator = records.open().register(climb, hand.work);
    for (const id of ['a', 'b']) orchestrator.start(climb, { steps: 1 }, { id });
    await expect.poll(() => hand.started).toHaveLength(2);
    const events = orchestrator.operations.watchAll();
    expect((await events.next()).value).toMatchObject({ id: 'a', status: 'running' });
    hand.finish('b');
    await expect.poll(() => orchestrator.operations.get('b').status).toBe('completed');
    expect((await events.next()).value).toMatchObject({ id: 'b', status: 'completed' });
    await events.return();
  });

  it('lets through what was asked for', async () => {
    const other = { ...climb, type: 'other' };
    const orchestrator = records.open().register(climb, waiting).register(other, waiting);
    orchestrator.start(climb, { steps: 1 }, { id: 'a' });
    orchestrator.start(other, { steps: 1 }, { id: 'b' });
    await expect.poll(() => orchestrator.operations.get('b').status).toBe('running');
    const seen: string[] = [];
    for await (const { id } of orchestrator.operations.watchAll({ filter: { type: 'other', status: ['running'] } })) {
      seen.push(id);
      if (seen.length === 2) break;
      setImmediate(() => {
        orchestrator.operations.cancel('a');
        orchestrator.start(other, { steps: 1 }, { id: 'c' });
      });
    }
    expect(seen).toEqual(['b', 'c']);
  });

  it('goes on after a restart where the reader was, also when the clock was set back', async () => {
    const steady = new ManualClock(10_000_000);
    let setBackMs = 0;
    const clock: Clock = {
      now: () => steady.now() - setBackMs,
      elapsed: () => steady.elapsed(),
      after: (ms, callback) => steady.after(ms, callback),
      sleep: (ms, token) => steady.sleep(ms, token),
    };
    await using house = new Records(clock);
    const first = house.open().register(climb, (_, { progress, token }) => {
      progress.report({ fraction: 0.5 });
      return clock.sleep(60_000, token).then(() => ({ reached: 0 }));
    });
    first.start(climb, { steps: 1 }, { id: 'op' });
    await new Promise((resolve) => setImmediate(resolve));
    const { version, progress } = first.operations.get('op');
    expect(progress.fraction, 'a version that is not on disk').toBe(0.5);
    expect(house.store.find('op')?.version).toBeLessThan(version);

    setBackMs = 3_600_000;
    const second = house.open().register(climb, waiting);
    second.recover();
    for await (const operation of second.operations.watchAll({ after: version })) {
      expect(operation).toMatchObject({ id: 'op', status: 'failed', error: { code: 'interrupted' } });
      break;
    }
  });

  it('brings a reader of any pace, that comes and goes, to the last state of everything, by rising versions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('start', 'end', 'cancel', 'read', 'leave'), { maxLength: 40 }),
        async (steps) => {
          await using house = new Records();
          const hand = new ByHand();
          const orchestrator = house.open({ slots: { oven: 2 } }).register(climb, hand.work, { resource: 'oven' });
          const { operations } = orchestrator;
          const last = new Map<string, Operation>();
          let after = 0;
          let events = operations.watchAll({ after: 0 });
          const read = async (): Promise<void> => {
            const { value } = await events.next();
            if (value === undefined) return;
            expect(value.version).toBeGreaterThan(after);
            after = value.version;
            last.set(value.id, value);
          };
          let started = 0;
          for (const [index, step] of steps.entries()) {
            const ids = operations.live.map(({ id }) => id);
            const id = ids[index % Math.max(1, ids.length)];
            if (step === 'start') orchestrator.start(climb, { steps: 1 }, { id: `op-${(started += 1)}` });
            else if (step === 'leave') {
              await events.return();
              events = operations.watchAll({ after });
            } else if (id !== undefined && step === 'end') hand.finish(id);
            else if (id !== undefined && step === 'cancel') operations.cancel(id);
            else if (id !== undefined && operations.get(id).version > after) await read();
            await new Promise((resolve) => setImmediate(resolve));
          }
          const all = (): Operation[] => operations.list().operations;
          while (all().some(({ version }) => version > after)) await read();
          expect(all().map(({ id }) => last.get(id))).toEqual(all());
          await events.return();
        },
      ),
      { numRuns: 25 },
    );
  });
});
