import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cancelledError, ManualClock, type CancelReason } from '../async/index.ts';
import { climb, Records, type ClimbWork } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

const auto = { ...climb, resume: 'auto' } as const;
const weekMs = 7 * 24 * 60 * 60 * 1_000;

/** A place where work runs on until it is told to stop, which it cannot be while the place is away. */
class Elsewhere {
  readonly running = new Set<string>();
  readonly reminders: (CancelReason | undefined)[] = [];
  isAway = false;
  /** Settles when it answers a reminder. */
  answers: Promise<void> = Promise.resolve();

  readonly work: ClimbWork = (_, { id, token, checkpoint, clock, lines }) => {
    const there = typeof checkpoint.last === 'string' ? checkpoint.last : id;
    const stop = (): never => {
      const reason = token.reason ?? 'user';
      if (this.isAway) throw cancelledError(reason, undefined, { unconfirmed: true });
      this.running.delete(there);
      lines?.keep([{ at: clock.now(), level: 'info', message: 'stopped there', fields: {} }], {
        source: 'elsewhere',
        cursor: 1,
      });
      throw cancelledError(reason);
    };
    if (token.isCancelled) {
      this.reminders.push(token.reason);
      return this.answers.then(stop);
    }
    checkpoint.save(there);
    this.running.add(there);
    return new Promise<void>((resolve) => token.onCancelled(resolve)).then(stop);
  };
}

let clock: ManualClock;
let records: Records;
let there: Elsewhere;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  records = new Records(clock);
  there = new Elsewhere();
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

function open(): ServiceOrchestrator {
  const orchestrator = records.open().register(auto, there.work);
  orchestrator.recover();
  return orchestrator;
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

/** An operation that was cancelled while the place of its work was away. */
async function cancelWhileAway(
  orchestrator: ServiceOrchestrator,
  reason: CancelReason = 'user',
  id = 'op',
): Promise<void> {
  const { result } = orchestrator.start(auto, { steps: 1 }, { id });
  await expect.poll(() => there.running.has(id)).toBe(true);
  there.isAway = true;
  orchestrator.operations.cancel(id, reason);
  await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { unconfirmed: true } });
}

const messages = ({ operations }: ServiceOrchestrator): string[] =>
  operations.logs('op').lines.map(({ message }) => message);

describe('a cancel that could not be delivered', () => {
  it('is delivered when the place is back, and the log of the ended operation says so', async () => {
    const orchestrator = open();
    await cancelWhileAway(orchestrator, 'timeout');
    const end = orchestrator.operations.get('op');
    await pass(1_000);
    expect(there.reminders).toEqual(['timeout']);
    expect([...there.running]).toEqual(['op']);
    there.isAway = false;
    await pass(2_000);
    expect([...there.running]).toEqual([]);
    expect(messages(orchestrator).slice(-3)).toEqual([
      'operation cancelled',
      'stopped there',
      'the cancel was confirmed after all',
    ]);
    expect(orchestrator.operations.get('op'), 'an end is an end').toEqual(end);
    await pass(600_000);
    expect(there.reminders).toHaveLength(2);
  });

  it('is delivered by the next process', async () => {
    const first = open();
    await cancelWhileAway(first);
    await first[Symbol.asyncDispose]();
    there.isAway = false;
    const second = open();
    await pass(1_000);
    expect([...there.running]).toEqual([]);
    expect(messages(second).at(-1)).toBe('the cancel was confirmed after all');
    await second[Symbol.asyncDispose]();
    open();
    await pass(60_000);
    expect(there.reminders).toHaveLength(1);
  });

  it('is delivered by the next process also when this one takes its time to stop', async () => {
    const stubborn = { ...climb, type: 'stubborn' };
    const first = open().register(stubborn, () => new Promise(() => {}));
    await cancelWhileAway(first);
    first.start(stubborn, { steps: 1 });
    await pass(0);
    const stopped = first[Symbol.asyncDispose]();
    await pass(10_000);
    await stopped;
    expect(there.reminders).toEqual([]);
    there.isAway = false;
    open();
    await pass(1_000);
    expect([...there.running]).toEqual([]);
  });

  it('is tried ever more rarely, once a minute in the end, and given up after a week', async () => {
    const orchestrator = open();
    await cancelWhileAway(orchestrator);
    const gaps: number[] = [];
    for (let seconds = 0, since = 0; gaps.length < 8; seconds += 1) {
      const before = there.reminders.length;
      await pass(1_000);
      if (there.reminders.length === before) continue;
      gaps.push(seconds - since);
      since = seconds;
    }
    expect(gaps).toEqual([0, 2, 4, 8, 16, 32, 60, 60]);
    await pass(weekMs);
    await pass(60_000);
    expect(messages(orchestrator).at(-1)).toBe('a cancel was never confirmed, and nobody is asked any more');
    const before = there.reminders.length;
    await pass(600_000);
    expect(there.reminders).toHaveLength(before);
  });

  it('is taken back by who goes on from where the work is', async () => {
    const orchestrator = open();
    await cancelWhileAway(orchestrator);
    orchestrator.resume('op', { id: 'next' });
    there.isAway = false;
    await pass(600_000);
    expect(there.reminders).toEqual([]);
    expect([...there.running]).toEqual(['op']);
    orchestrator.operations.cancel('next');
    await expect.poll(() => there.running.size).toBe(0);
  });

  it('is taken back also while others are asked for', async () => {
    const orchestrator = open();
    await cancelWhileAway(orchestrator, 'user', 'first');
    there.isAway = false;
    await cancelWhileAway(orchestrator);
    there.isAway = false;
    let answer = (): void => {};
    there.answers = new Promise((resolve) => (answer = resolve));
    await pass(1_000);
    expect(there.reminders).toEqual(['user']);
    orchestrator.resume('op', { id: 'next' });
    answer();
    await pass(600_000);
    expect(there.reminders).toEqual(['user']);
    expect([...there.running]).toEqual(['op']);
  });

  it('is waited for by who goes on, while it is on its way', async () => {
    const orchestrator = open();
    await cancelWhileAway(orchestrator);
    there.isAway = false;
    let answer = (): void => {};
    there.answers = new Promise((resolve) => (answer = resolve));
    await pass(1_000);
    orchestrator.resume('op', { id: 'next' });
    await pass(0);
    expect(orchestrator.operations.get('next').status).toBe('pending');
    answer();
    await expect.poll(() => orchestrator.operations.get('next').status).toBe('running');
    expect([...there.running]).toEqual(['op']);
    expect(messages(orchestrator), 'it was taken back').not.toContain('the cancel was confirmed after all');
  });

  it('keeps nobody from cancelling who waits for it', async () => {
    const orchestrator = open();
    await cancelWhileAway(orchestrator);
    there.answers = new Promise(() => {});
    await pass(1_000);
    const { result } = orchestrator.resume('op', { id: 'next' });
    await pass(0);
    there.answers = Promise.resolve();
    there.isAway = false;
    orchestrator.operations.cancel('next');
    await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    expect([...there.running]).toEqual([]);
  });

  it('stands in the way of no other, also when its work cannot be asked any more', async () => {
    const first = open();
    await cancelWhileAway(first);
    await first[Symbol.asyncDispose]();
    const unknowing = records.open();
    unknowing.recover();
    await pass(1_000);
    expect(messages(unknowing).at(-1)).toBe('a cancel cannot be confirmed');
    expect(unknowing.operations.unconfirmed.all()).toEqual([]);
  });
});

describe('an operation that is cancelled while it waits to be tried again', () => {
  it('has what its earlier attempt left elsewhere stopped', async () => {
    open().start(auto, { steps: 1 }, { id: 'op' });
    await expect.poll(() => there.running.has('op')).toBe(true);
    const second = open();
    second.operations.cancel('op');
    await expect.poll(() => second.operations.get('op').status).toBe('cancelled');
    expect(there.reminders).toEqual(['user']);
    expect([...there.running]).toEqual([]);
  });

  it('has it stopped also when its deadline has passed while there was no process', async () => {
    open().start(auto, { steps: 1 }, { id: 'op', deadlineMs: 10_000 });
    await expect.poll(() => there.running.has('op')).toBe(true);
    clock.advance(9_999);
    const second = open();
    clock.advance(1);
    await expect.poll(() => second.operations.get('op').status).toBe('cancelled');
    expect([...there.running]).toEqual([]);
  });

  it('asks nobody where nothing had begun', async () => {
    const orchestrator = open();
    const { result } = orchestrator.start(auto, { steps: 1 }, { id: 'op' });
    orchestrator.operations.cancel('op');
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(there.reminders).toEqual([]);
  });
});
