import { afterEach, beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../async/index.ts';
import { ByHand, climb, Records, type ClimbWork } from './records.fixture.ts';

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

let clock: ManualClock;
let records: Records;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  records = new Records(clock);
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

it('keeps as much of what has ended as was asked for, looking once a minute', async () => {
  const orchestrator = records.open({ retain: { maxCount: 2 } }).register(climb, async () => ({ reached: 1 }));
  const total = (): number => orchestrator.operations.list().total;
  const run = (id: string) => orchestrator.start(climb, { steps: 1 }, { id }).result;
  orchestrator.recover();
  for (const id of ['a', 'b', 'c', 'd']) await run(id);
  await settled();
  expect(total()).toBe(4);
  clock.advance(60_000);
  await run('e');
  await settled();
  expect(orchestrator.operations.list().operations.map(({ id }) => id)).toEqual(['e', 'd']);
});

it('tells how long the rest will take from how long it took before', async () => {
  const work: ClimbWork = async (_, { progress, token }) => {
    await clock.sleep(2_000, token);
    progress.report({ fraction: 0.5 });
    await clock.sleep(8_000, token);
    return { reached: 1 };
  };
  const orchestrator = records.open().register(climb, work);
  for (let run = 0; run < 6; run += 1) {
    const { id, result } = orchestrator.start(climb, { steps: 1 });
    await settled();
    clock.advance(2_000);
    await settled();
    const { remaining } = orchestrator.operations.get(id).progress;
    // Half of the mean, in equal parts, of 10 s and of what 2 s for one half make of the whole.
    expect(remaining).toEqual(run < 5 ? undefined : { p50Ms: 3_500, p90Ms: 3_500 });
    clock.advance(8_000);
    await result;
  }
});

it('arms a deadline that is further away than a timer can count', async () => {
  const hand = new ByHand();
  const orchestrator = records.open().register(climb, hand.work);
  const days = 86_400_000;
  const { result } = orchestrator.start(climb, { steps: 1 }, { id: 'op', deadlineMs: 60 * days });
  await settled();
  clock.advance(59 * days);
  expect(orchestrator.operations.get('op').status).toBe('running');
  clock.advance(days);
  await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
});
