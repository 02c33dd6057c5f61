import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../async/index.ts';
import { silentLogger, type Logger } from '../base/index.ts';
import type { LogLine } from './log-line.ts';
import { ByHand, climb, Records, waiting, type ClimbWork } from './records.fixture.ts';
import type { ServiceOrchestrator } from './service-orchestrator.ts';

let records: Records;

beforeEach(() => {
  records = new Records();
});

afterEach(async () => {
  await records[Symbol.asyncDispose]();
});

const auto = { ...climb, resume: 'auto' } as const;
const lines = (orchestrator: ServiceOrchestrator, id: string): LogLine[] => orchestrator.operations.logs(id).lines;
const messages = (orchestrator: ServiceOrchestrator, id: string): string[] =>
  lines(orchestrator, id).map(({ message }) => message);

describe('the log of an operation', () => {
  it('tells its life and what its work says, with their times', async () => {
    const orchestrator = records.open().register(climb, async ({ steps }, { log }) => {
      log.with({ part: 1 }).info('step taken', { steps });
      log.warn('the rope is thin');
      return { reached: steps };
    });
    const { id, result } = orchestrator.start(climb, { steps: 2 });
    await result;
    const { startedAt, endedAt } = orchestrator.operations.get(id);
    expect(lines(orchestrator, id)).toMatchObject([
      { level: 'info', message: 'operation queued', fields: { attempt: 1 } },
      { level: 'info', message: 'operation started', at: startedAt, fields: { attempt: 1 } },
      { level: 'info', message: 'step taken', fields: { part: 1, steps: 2 } },
      { level: 'warn', message: 'the rope is thin', fields: {} },
      { level: 'info', message: 'operation completed', at: endedAt },
    ]);
  });

  it('tells a cancel and a failure, and is whole for whoever hears of the end', async () => {
    const orchestrator = records
      .open({ root: records.directory })
      .register(climb, waiting)
      .register({ ...climb, type: 'fall' }, () =>
        Promise.reject(new Error(`no rope in ${records.directory}/rope.txt`)),
      );
    const fall = orchestrator.startByType('fall', {});
    for await (const _ of orchestrator.operations.watch(fall.id));
    expect(lines(orchestrator, fall.id).at(-1)).toMatchObject({
      level: 'error',
      message: 'operation failed',
      fields: { code: 'internal', error: 'no rope in rope.txt' },
    });
    const { id } = orchestrator.start(climb, { steps: 1 });
    await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
    orchestrator.operations.cancel(id, 'user');
    for await (const _ of orchestrator.operations.watch(id));
    expect(lines(orchestrator, id).slice(-2)).toMatchObject([
      { message: 'cancel asked for', fields: { reason: 'user' } },
      { message: 'operation cancelled', fields: { reason: 'user', forced: false } },
    ]);
  });

  it('goes on with each attempt, in the next process as well', async () => {
    const first = records.open().register(auto, waiting);
    first.start(auto, { steps: 1 }, { id: 'op' });
    await expect.poll(() => first.operations.get('op').status).toBe('running');
    await first[Symbol.asyncDispose]();
    const hand = new ByHand();
    const second = records.open().register(auto, hand.work);
    second.recover();
    await expect.poll(() => hand.started).toEqual(['op']);
    hand.finish('op');
    await second.start(auto, { steps: 1 }, { id: 'op' }).result;
    expect(messages(second, 'op')).toEqual([
      'operation queued',
      'operation started',
      'operation left to the next start',
      'operation queued',
      'operation started',
      'operation completed',
    ]);
  });

  it('has nothing from work that was left behind', async () => {
    let speak = (): void => {};
    const deaf: ClimbWork = (_, { log }) => new Promise(() => (speak = () => log.info('still here')));
    const orchestrator = records.open({ graceMs: 10 }).register(climb, deaf);
    const { id, result } = orchestrator.start(climb, { steps: 1 });
    await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
    orchestrator.operations.cancel(id);
    await result.catch(() => {});
    speak();
    expect(messages(orchestrator, id).at(-1)).toBe('operation cancelled');
  });

  it('has what is of level debug where that is wanted, and the log of the process all that the work says', async () => {
    const told: string[] = [];
    const log: Logger = { ...silentLogger, debug: (text) => void told.push(text), with: () => log };
    const chatty: ClimbWork = async (_, context) => {
      context.log.debug('a detail');
      return { reached: 1 };
    };
    for (const keepsDebug of [false, true]) {
      const orchestrator = records.open({ log, keepsDebug }).register(climb, chatty);
      const { id, result } = orchestrator.start(climb, { steps: 1 });
      await result;
      expect(messages(orchestrator, id).includes('a detail')).toBe(keepsDebug);
    }
    expect(told).toEqual(['a detail', 'a detail']);
  });

  it('goes to disk a tenth of a second later, and then all that came meanwhile', async () => {
    const clock = new ManualClock(1_000);
    await using own = new Records(clock);
    const hand = new ByHand();
    const orchestrator = own.open().register(climb, (input, context) => {
      for (let step = 0; step < 50; step += 1) context.log.info('step taken', { step });
      return hand.work(input, context);
    });
    const { id } = orchestrator.start(climb, { steps: 1 });
    await expect.poll(() => hand.started).toEqual([id]);
    const onDisk = (): number => own.store.logs.page(id, { after: 0, limit: 100 }).lines.length;
    clock.advance(99);
    expect(onDisk()).toBe(0);
    clock.advance(1);
    expect(onDisk()).toBe(52);
  });
});
