import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cancelledError, systemClock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import type { OperationContract, OperationWork } from './contract.ts';
import type { Operation } from './operation.ts';
import { OperationStore } from './operation-store.ts';
import { OperationsService } from './operations-service.ts';
import { ServiceOrchestrator } from './service-orchestrator.ts';

interface Input {
  steps: number;
}
interface Context {
  step: number;
}

const climb: OperationContract<Input, Context, { reached: number }> = {
  type: 'climb',
  input: z.strictObject({ steps: z.number().int().positive().default(3) }),
  context: z.object({ step: z.number() }),
  result: z.object({ reached: z.number() }),
  begin: () => ({ step: 0 }),
  render: ({ context }) => `Climbing, step ${context.step}`,
};

let directory: string;
let store: OperationStore;
let orchestrator: ServiceOrchestrator;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-operations-'));
  open();
});

afterEach(async () => {
  await orchestrator[Symbol.asyncDispose]();
  store[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

function open(): void {
  store = OperationStore.open(directory);
  orchestrator = new ServiceOrchestrator({
    operations: new OperationsService(store, systemClock),
    clock: systemClock,
    log: silentLogger,
  });
}

function runs(work: OperationWork<Input, Context, { reached: number }>): ServiceOrchestrator {
  return orchestrator.register(climb, work);
}

const climbing: OperationWork<Input, Context, { reached: number }> = async ({ steps }, { progress, token }) => {
  for (let step = 1; step <= steps; step += 1) {
    token.throwIfCancelled();
    progress.report({ done: step, total: steps, context: { step } });
  }
  return { reached: steps };
};

/** Work that goes on until it is told to stop. */
const waiting: OperationWork<Input, Context, { reached: number }> = async (_, { token, clock }) => {
  await clock.sleep(60_000, token);
  return { reached: 0 };
};

async function versions(id: string, after?: number): Promise<Operation[]> {
  const seen: Operation[] = [];
  for await (const operation of orchestrator.operations.watch(id, after === undefined ? {} : { after }))
    seen.push(operation);
  return seen;
}

describe('ServiceOrchestrator', () => {
  it('runs work to its result and records it', async () => {
    const { id, result } = runs(climbing).start(climb, { steps: 2 });
    await expect(result).resolves.toEqual({ reached: 2 });
    const operation = orchestrator.operations.get(id);
    expect(operation).toMatchObject({
      type: 'climb',
      status: 'completed',
      input: { steps: 2 },
      message: 'Climbing, step 2',
      progress: { fraction: 1, context: { step: 2 } },
    });
    expect(id).toMatch(/^op_climb_\d{8}_\d{6}_[0-9a-f]{8}$/);
    expect(new TextDecoder().decode(orchestrator.operations.result(id).bytes)).toBe('{"reached":2}');
  });

  it('fills in the defaults of the input and refuses what does not fit', async () => {
    const { id, result } = runs(climbing).startByType('climb', {});
    await expect(result).resolves.toEqual({ reached: 3 });
    expect(orchestrator.operations.get(id).input).toEqual({ steps: 3 });
    expect(() => orchestrator.startByType('climb', { steps: 'many', extra: 1 })).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringMatching(/climb.*steps.*extra/s) as string,
      }),
    );
    expect(() => orchestrator.startByType('fly', {})).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('records a failure with its code, and a bug as internal', async () => {
    const failing = runs(async () => {
      throw new KtrdrError('data_corrupt', 'The map is torn.');
    }).start(climb, { steps: 1 });
    await expect(failing.result).rejects.toThrow('The map is torn.');
    expect(orchestrator.operations.get(failing.id)).toMatchObject({
      status: 'failed',
      error: { code: 'data_corrupt', detail: 'The map is torn.' },
    });
    const buggy = runs(async () => Promise.reject(new TypeError('x is undefined'))).start(climb, { steps: 1 });
    await expect(buggy.result).rejects.toMatchObject({ code: 'internal' });
  });

  it('joins a repeated start with the same input and refuses another input under the same id', async () => {
    let runsStarted = 0;
    runs(async (input, context) => {
      runsStarted += 1;
      return climbing(input, context);
    });
    const first = orchestrator.start(climb, { steps: 2 }, { id: 'mine' });
    const joined = orchestrator.start(climb, { steps: 2 }, { id: 'mine' });
    await expect(joined.result).resolves.toEqual({ reached: 2 });
    await first.result;
    await expect(orchestrator.start(climb, { steps: 2 }, { id: 'mine' }).result).resolves.toEqual({ reached: 2 });
    expect(runsStarted).toBe(1);
    expect(() => orchestrator.start(climb, { steps: 9 }, { id: 'mine' })).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
    expect(() => orchestrator.start(climb, { steps: 1 }, { id: '../x' })).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });

  it('cancels running work and records when it was asked, told and stopped', async () => {
    const { id, result } = runs(waiting).start(climb, { steps: 1 });
    await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
    expect(orchestrator.operations.cancel(id).status).toBe('cancelling');
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    const { status, cancellation } = orchestrator.operations.get(id);
    expect(status).toBe('cancelled');
    expect(cancellation).toMatchObject({ reason: 'user', forced: false });
    const { requestedAt, acknowledgedAt = 0, stoppedAt = 0 } = cancellation ?? { requestedAt: 0 };
    expect(requestedAt).toBeLessThanOrEqual(acknowledgedAt);
    expect(acknowledgedAt).toBeLessThanOrEqual(stoppedAt);
  });

  it('cancels work that has not begun without running it', async () => {
    let ran = false;
    const { id, result } = runs(async (input, context) => {
      ran = true;
      return climbing(input, context);
    }).start(climb, { steps: 1 });
    orchestrator.operations.cancel(id);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(ran).toBe(false);
    expect(orchestrator.operations.get(id).startedAt).toBeUndefined();
  });

  it('leaves an ended operation as it is when cancelled again', async () => {
    const { id, result } = runs(climbing).start(climb, { steps: 1 });
    await result;
    const before = orchestrator.operations.get(id);
    expect(orchestrator.operations.cancel(id)).toEqual(before);
    expect(() => orchestrator.operations.cancel('nobody')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('lets work that finishes in spite of a cancel be completed', async () => {
    let finish = (): void => {};
    const { id, result } = runs(() => new Promise((resolve) => (finish = () => resolve({ reached: 1 })))).start(climb, {
      steps: 1,
    });
    await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
    orchestrator.operations.cancel(id);
    finish();
    await result;
    expect(orchestrator.operations.get(id)).toMatchObject({ status: 'completed', cancellation: { reason: 'user' } });
  });

  it('cancels with reason timeout at the deadline', async () => {
    const { id, result } = runs(waiting).start(climb, { steps: 1 }, { deadlineMs: 20 });
    await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    expect(orchestrator.operations.get(id).cancellation?.reason).toBe('timeout');
  });

  it('records the reason that work gave which stopped without being asked here', async () => {
    const { id, result } = runs(async () => {
      throw cancelledError('shutdown', 'a climb elsewhere');
    }).start(climb, { steps: 1 });
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(orchestrator.operations.get(id)).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'shutdown' },
    });
  });

  it('gives the work its input as it was parsed, not as it is recorded', async () => {
    let steps = 0;
    const endless: typeof climb = { ...climb, input: z.object({ steps: z.literal('all').transform(() => Infinity) }) };
    const { id, result } = orchestrator
      .register(endless, async (input) => ({ reached: (steps = input.steps) }))
      .startByType('climb', { steps: 'all' });
    await result.catch(() => {});
    expect(steps).toBe(Infinity);
    expect(orchestrator.operations.get(id).input).toEqual({ steps: null });
  });

  it('takes no input and no result for what they are', async () => {
    const rest: OperationContract<undefined, Context, undefined> = {
      type: 'rest',
      input: z.undefined(),
      context: climb.context,
      result: z.undefined(),
      begin: () => ({ step: 0 }),
      render: () => 'Resting',
    };
    orchestrator.register(rest, async () => undefined);
    await expect(orchestrator.start(rest, undefined, { id: 'nap' }).result).resolves.toBeUndefined();
    const joined = orchestrator.start(rest, undefined, { id: 'nap' });
    await expect(joined.result).resolves.toBeUndefined();
  });

  it('calls a kept result that does not fit its contract corrupt', async () => {
    const { id, result } = runs(async () => ({ reached: 'the top' }) as unknown as { reached: number }).start(climb, {
      steps: 1,
    });
    await result;
    await expect(orchestrator.start(climb, { steps: 1 }, { id }).result).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringContaining('climb') as string,
    });
  });

  it('stops everything with reason shutdown when disposed, and starts nothing more', async () => {
    const { id } = runs(waiting).start(climb, { steps: 1 });
    await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
    await orchestrator[Symbol.asyncDispose]();
    expect(orchestrator.operations.get(id)).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'shutdown' },
    });
    expect(() => orchestrator.start(climb, { steps: 1 })).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

describe('a disk that takes no more', () => {
  const full = (): never => {
    throw new Error('database or disk is full');
  };

  it('does not leave an operation running for ever', async () => {
    const { id, result } = runs(async (input, context) => {
      store.update = full;
      return climbing(input, context);
    }).start(climb, { steps: 1 });
    await expect(result).rejects.toThrow('disk is full');
    const seen = await versions(id);
    expect(seen.at(-1)).toMatchObject({ status: 'failed', error: { detail: expect.stringContaining('disk is full') } });
    expect(orchestrator.operations.list().operations).toMatchObject([{ id, status: 'failed' }]);
  });

  it('does not keep a cancel or a shutdown from the work', async () => {
    const ids = ['one', 'two'];
    runs(waiting);
    const ends = ids.map((id) =>
      orchestrator.start(climb, { steps: 1 }, { id }).result.catch((error: unknown) => error),
    );
    await expect.poll(() => ids.map((id) => orchestrator.operations.get(id).status)).toEqual(['running', 'running']);
    store.update = full;
    await orchestrator[Symbol.asyncDispose]();
    for (const end of ends) expect(await end).toMatchObject({ code: 'cancelled', details: { reason: 'shutdown' } });
    expect(ids.map((id) => orchestrator.operations.get(id))).toMatchObject(
      ids.map(() => ({ status: 'cancelled', cancellation: { reason: 'shutdown' } })),
    );
  });

  it('does not keep work from going on that only reports progress', async () => {
    const update = store.update.bind(store);
    // A clock on which every look is seconds after the last one, so that each report goes to the disk.
    let seconds = 0;
    const clock = { ...systemClock, elapsed: () => (seconds += 2) * 1_000 };
    const operations = new OperationsService(store, clock);
    const { id, result } = new ServiceOrchestrator({ operations, clock, log: silentLogger })
      .register(climb, async (input, context) => {
        store.update = full;
        const reached = await climbing(input, context);
        store.update = update;
        return reached;
      })
      .start(climb, { steps: 3 });
    await expect(result).resolves.toEqual({ reached: 3 });
    expect(operations.get(id)).toMatchObject({ status: 'completed', progress: { done: 3 } });
  });
});

it('a report that comes after the end changes nothing, even when the records are closed', async () => {
  let late = (): void => {};
  const { id, result } = runs(async ({ steps }, { progress }) => {
    late = () => progress.report({ done: 7, total: 9 });
    return { reached: steps };
  }).start(climb, { steps: 1 });
  await result;
  late();
  expect(orchestrator.operations.get(id).progress.done).toBe(0);
  store[Symbol.dispose]();
  expect(late).not.toThrow();
  open();
});

describe('OperationsService.watch()', () => {
  it('yields rising versions and ends after the terminal one', async () => {
    const { id } = runs(async (input, context) => {
      await new Promise((resolve) => setImmediate(resolve));
      return climbing(input, context);
    }).start(climb, { steps: 5 });
    const seen = await versions(id);
    const numbers = seen.map(({ version }) => version);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(seen.at(-1)?.status).toBe('completed');
  });

  it('resumes after a version without repeating it', async () => {
    const { id, result } = runs(climbing).start(climb, { steps: 1 });
    await result;
    const [last] = await versions(id);
    expect(last?.status).toBe('completed');
    expect(await versions(id, last?.version)).toEqual([]);
  });
});

describe('OperationStore', () => {
  it('ends what a dead process left unfinished, and keeps its version rising', async () => {
    const { id } = runs(waiting).start(climb, { steps: 1 });
    await expect.poll(() => orchestrator.operations.get(id).status).toBe('running');
    const { version } = orchestrator.operations.get(id);
    // The records as they lie on disk at this moment are what a killed process leaves.
    store[Symbol.dispose]();
    open();
    runs(waiting).recover();
    const operation = orchestrator.operations.get(id);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
    expect(operation.version).toBeGreaterThan(version);
  });

  it('has one owner at a time and names it', () => {
    expect(() => OperationStore.open(directory)).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message: expect.stringContaining(`process ${process.pid}`) as string,
      }),
    );
  });

  it('says what is wrong with a directory that it cannot use', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const blocked = join(directory, 'blocked');
    mkdirSync(join(blocked, 'owner.lock'), { recursive: true });
    for (const path of [file, blocked]) {
      expect(() => OperationStore.open(path)).toThrow(
        expect.objectContaining({ code: 'failed_precondition', message: expect.stringContaining(path) as string }),
      );
    }
  });

  it('names a record that cannot be read', async () => {
    await runs(climbing).start(climb, { steps: 1 }, { id: 'torn' }).result;
    store[Symbol.dispose]();
    const db = new DatabaseSync(join(directory, 'operations.db'));
    db.exec(`UPDATE operations SET record = json_remove(record, '$.version')`);
    db.close();
    open();
    expect(() => orchestrator.operations.list()).toThrow(
      expect.objectContaining({ code: 'data_corrupt', message: expect.stringContaining('"torn"') as string }),
    );
  });

  it('lists newest first, by status and type, in pages', async () => {
    runs(climbing);
    for (let index = 0; index < 5; index += 1)
      await orchestrator.start(climb, { steps: 1 }, { id: `climb-${index}` }).result;
    const filter = { status: ['completed'], type: 'climb', limit: 2 } as const;
    const { operations, total, nextCursor = '' } = orchestrator.operations.list(filter);
    expect(total).toBe(5);
    expect(operations.map(({ id }) => id)).toEqual(['climb-4', 'climb-3']);
    const { operations: next } = orchestrator.operations.list({ ...filter, cursor: nextCursor });
    expect(next.map(({ id }) => id)).toEqual(['climb-2', 'climb-1']);
    expect(orchestrator.operations.list({ status: ['failed'] }).total).toBe(0);
  });

  it('forgets all but the newest ended operations when pruned', async () => {
    runs(climbing);
    for (let index = 0; index < 4; index += 1)
      await orchestrator.start(climb, { steps: 1 }, { id: `climb-${index}` }).result;
    store.prune({ maxCount: 2 }, 0);
    expect(orchestrator.operations.list().operations.map(({ id }) => id)).toEqual(['climb-3', 'climb-2']);
  });
});
