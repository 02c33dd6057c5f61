import { afterEach, beforeEach, expect, it } from 'vitest';
import { ByHand, climb, Records } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

let records: Records;
let hand: ByHand;
let orchestrator: ServiceOrchestrator;

beforeEach(() => {
  records = new Records();
  hand = new ByHand();
  orchestrator = records.open({ slots: { oven: 2 } }).register(climb, hand.work, { resource: 'oven' });
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

const start = (id: string, priority = 0) => orchestrator.start(climb, { steps: 1 }, { id, priority });
const get = (id: string) => orchestrator.operations.get(id);

it('runs as many as there are slots, the most urgent first, and shows the others their place', async () => {
  for (const id of ['a', 'b', 'c', 'd']) start(id);
  start('urgent', 5);
  await expect.poll(() => hand.started).toEqual(['a', 'b']);
  await expect.poll(() => ['urgent', 'c', 'd'].map((id) => get(id).queuePlace)).toEqual([1, 2, 3]);
  expect(get('d')).toMatchObject({ status: 'pending', message: 'Queued, 2 ahead', progress: { phase: 'queued' } });
  hand.finish('a');
  await expect.poll(() => hand.started).toEqual(['a', 'b', 'urgent']);
  const { queuePlace, message } = get('urgent');
  expect({ queuePlace, message }).toEqual({ queuePlace: undefined, message: 'Climbing, step 0' });
  await expect.poll(() => get('d').queuePlace).toBe(2);
  expect(orchestrator.resources).toEqual({ oven: { slots: 2, holding: 2, waiting: 2 } });
});

it('cancels what waits at once, and never starts it', async () => {
  for (const id of ['a', 'b', 'c', 'd']) start(id);
  await expect.poll(() => hand.started).toEqual(['a', 'b']);
  const { result } = start('c');
  orchestrator.operations.cancel('c');
  await expect(result).rejects.toMatchObject({ code: 'cancelled' });
  expect(get('c')).toMatchObject({ status: 'cancelled', attempts: [] });
  expect(get('c').startedAt).toBeUndefined();
  for (const id of ['a', 'b']) hand.finish(id);
  await expect.poll(() => hand.started).toEqual(['a', 'b', 'd']);
});

it('cancels what waits when its time is over, the wait included', async () => {
  for (const id of ['a', 'b']) start(id);
  const { result } = orchestrator.start(climb, { steps: 1 }, { id: 'c', deadlineMs: 30 });
  await expect(result).rejects.toMatchObject({ details: { reason: 'timeout' } });
  expect(hand.started).toEqual(['a', 'b']);
});

it('has every slot free again when all have ended, however they did', async () => {
  const ends = ['a', 'b', 'c', 'd', 'e'].map((id) => start(id).result.catch(() => {}));
  await expect.poll(() => hand.started).toHaveLength(2);
  for (const id of ['e', 'a', 'd']) orchestrator.operations.cancel(id);
  await expect.poll(() => hand.started).toContain('c');
  for (const id of ['b', 'c']) hand.finish(id);
  await Promise.all(ends);
  expect(orchestrator.resources).toEqual({ oven: { slots: 2, holding: 0, waiting: 0 } });
});
