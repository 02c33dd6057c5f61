import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationSource, CancellationToken, systemClock, type Clock } from '../../src/async/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import {
  isTerminal,
  operationSchema,
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type Operation,
  type OperationContract,
} from '../../src/operations/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { oneOf } from '../support/random.ts';
import { History } from './history.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';
import { diskOf } from './system.ts';

const hourMs = 3_600_000;
const jumps = [hourMs, -hourMs, 24 * hourMs, -24 * hourMs] as const;

/** Shows the time of a computer whose clock is set while everything runs; what only ever rises goes on rising. */
class JumpingClock implements Clock {
  offsetMs = 0;
  now = (): number => systemClock.now() + this.offsetMs;
  elapsed = (): number => systemClock.elapsed();
  after: Clock['after'] = (ms, callback) => systemClock.after(ms, callback);
  sleep: Clock['sleep'] = (ms, cancelled) => systemClock.sleep(ms, cancelled);
}

const steps: OperationContract<number, object, number> = {
  type: 'steps',
  resume: 'auto',
  input: z.number(),
  context: z.object({}),
  result: z.number(),
  begin: () => ({}),
  render: ({ done, total }) => `Step ${done} of ${total}`,
};

describe(`a clock that is set while operations run (seed ${seed})`, () => {
  const random = randomOf('clock');
  let home: TemporaryDirectory;
  let clock: JumpingClock;
  let history: History;
  let store: OperationStore;
  let orchestrator: ServiceOrchestrator;

  beforeEach(async () => {
    home = await temporaryDirectory();
    clock = new JumpingClock();
    history = new History();
    open();
  });

  afterEach(async () => {
    await close();
    await home[Symbol.asyncDispose]();
  });

  function open(): void {
    store = OperationStore.open(home.path);
    const operations = new OperationsService(store, clock);
    orchestrator = new ServiceOrchestrator({ operations, clock, log: silentLogger });
    orchestrator.register(steps, async (count, { progress, token }) => {
      for (let done = 0; done < count; done += 1) {
        await clock.sleep(2, token);
        progress.report({ done: done + 1, total: count });
      }
      return count;
    });
    orchestrator.recover();
  }

  async function close(): Promise<void> {
    await orchestrator[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  }

  /** Reads until the end, and finds every state on the way to be one. */
  async function followed(id: string, reader: string): Promise<Operation> {
    let last = orchestrator.operations.get(id);
    for await (const operation of orchestrator.operations.watch(id)) {
      history.seen(reader, operation);
      last = operationSchema.parse(operation);
      const { remainingMs = 0, fraction } = operation.progress;
      expect(remainingMs, 'no jump reaches an estimate').toBeLessThan(60_000);
      expect(remainingMs).toBeGreaterThanOrEqual(0);
      expect(fraction).toBeLessThanOrEqual(1);
    }
    return last;
  }

  it('ends each of them once, in versions that rise, over restarts too', timeoutFor(20_000), async () => {
    for (let round = 0; round < Math.ceil(4 * scale); round += 1) {
      const ids = Array.from({ length: 10 }, (_, index) => `round-${round}-${index}`);
      for (const id of ids) {
        orchestrator.start(steps, 1 + Math.floor(random() * 40), { id });
        history.started(orchestrator.operations.get(id));
      }
      const ends = Promise.all(ids.map((id) => followed(id, id)));
      for (let jump = 0; jump < 4; jump += 1) {
        clock.offsetMs += oneOf(random, jumps);
        await systemClock.sleep(random() * 20, CancellationToken.none);
        const id = oneOf(random, ids as [string, ...string[]]);
        if (random() < 0.5) history.cancelled(orchestrator.operations.cancel(id));
      }
      for (const { status } of await ends) expect(isTerminal(status)).toBe(true);
      await close();
      clock.offsetMs += oneOf(random, jumps);
      open();
    }
    const pages = orchestrator.operations.list({ limit: 1_000 });
    for (const operation of pages.operations) history.seen('list', operation);
    await close();
    {
      using disk = diskOf(home.path);
      expect(history.violations(disk)).toEqual([]);
      expect(disk.operations.length).toBe(history.ids.length);
    }
    open();
  });

  it.each(jumps)('that jumps by %i ms moves no deadline', async (jumpMs) => {
    const begunAt = performance.now();
    orchestrator.start(steps, 1_000_000, { id: 'late', deadlineMs: 300 });
    orchestrator.start(steps, 1_000_000, { id: 'in-time', deadlineMs: 60_000 });
    await systemClock.sleep(20, CancellationToken.none);
    clock.offsetMs += jumpMs;
    using patience = new CancellationSource();
    using _ = systemClock.after(3_000, () => patience.cancel('timeout'));
    let last: Operation | undefined;
    for await (const operation of orchestrator.operations.watch('late', { token: patience.token })) last = operation;
    expect(last).toMatchObject({ status: 'cancelled', cancellation: { reason: 'timeout' } });
    expect(performance.now() - begunAt).toBeGreaterThan(295);
    expect(orchestrator.operations.get('in-time').status).toBe('running');
  });
});
