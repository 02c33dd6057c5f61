import { describe, expect, it } from 'vitest';
import { workerThreads } from './worker-threads.fixture.ts';
import { KtrdrError, silentLogger, type Logger } from '../base/index.ts';
import { CancellationSource, CancellationToken } from './cancellation.ts';
import { noCheckpoint } from './checkpoint.ts';
import { systemClock } from './clock.ts';
import { inWorker, type WorkContext } from './in-worker.ts';
import type { MetricPoint } from './metrics.ts';
import { ProgressReporter, type ProgressState } from './progress.ts';

type Task = 'count' | 'save' | 'measure' | 'obey' | 'rest' | 'ignore' | 'throw' | 'exit';
interface Context {
  step: string;
}

// The entry module runs in a real thread and takes `serveWork` from the compiled program.
const entry = new URL('../../test/fixtures/task-thread.mjs', import.meta.url);
const runTask = inWorker<Task, Context, number>(entry, () => ({ step: '' }), { graceMs: 100 });

function context(token: CancellationToken, log: Logger = silentLogger) {
  const states: ProgressState<Context>[] = [];
  const progress = new ProgressReporter<Context>({
    clock: systemClock,
    context: { step: '' },
    emit: (state) => states.push(state),
    intervalMs: 0,
  });
  const workContext: WorkContext<Context> = {
    id: 'task-1',
    attempt: 1,
    checkpoint: noCheckpoint,
    token,
    progress,
    log,
    clock: systemClock,
  };
  return { states, workContext };
}

describe('inWorker()', () => {
  it('brings the result, the progress and the log of the thread', async () => {
    const lines: unknown[] = [];
    const log: Logger = { ...silentLogger, info: (message, fields) => lines.push([message, fields]) };
    const { states, workContext } = context(CancellationToken.none, log);
    await expect(runTask('count', workContext)).resolves.toBe(1_000);
    expect(states.at(-1)).toMatchObject({ done: 1_000, total: 1_000, fraction: 1, context: { step: 'last' } });
    expect(lines).toEqual([['counted', { id: 'task-1' }]]);
  });

  it('gives the thread what was saved before, and keeps what it saves, in order', async () => {
    const { workContext } = context(CancellationToken.none);
    const saved: unknown[] = [];
    const checkpoint = { last: { step: 'first' }, save: (value: unknown) => void saved.push(value) };
    await expect(runTask('save', { ...workContext, attempt: 2, checkpoint })).resolves.toBe(2);
    expect(saved).toEqual([{ attempt: 2, before: { step: 'first' } }, { step: 'last' }]);
  });

  it('brings every point of a curve, those before a checkpoint before it', async () => {
    const { workContext } = context(CancellationToken.none);
    const told: unknown[] = [];
    const metrics = { record: (...points: MetricPoint[]) => void told.push(...points.map(({ step }) => step)) };
    const checkpoint = { last: undefined, save: () => void told.push('saved') };
    await expect(runTask('measure', { ...workContext, metrics, checkpoint })).resolves.toBe(4);
    expect(told).toEqual([1, 2, 3, 'saved', 4]);
  });

  it('ends work whose checkpoint cannot be kept', async () => {
    const { workContext } = context(CancellationToken.none);
    const full = (): never => {
      throw new KtrdrError('invalid_input', 'too large');
    };
    const failing = runTask('save', { ...workContext, checkpoint: { last: undefined, save: full } });
    await expect(failing).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('stops work that never yields, through the shared word', async () => {
    using source = new CancellationSource();
    const { states, workContext } = context(source.token);
    const running = runTask('obey', workContext);
    await expect.poll(() => states.length).toBeGreaterThan(0);
    const asked = performance.now();
    source.cancel('user');
    await expect(running).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    expect(performance.now() - asked).toBeLessThan(1_000);
  });

  it('keeps a thread that has nothing to do but wait, and wakes it for the cancel', async () => {
    using source = new CancellationSource();
    const { states, workContext } = context(source.token);
    const running = runTask('rest', workContext);
    await expect.poll(() => states.length).toBeGreaterThan(0);
    await systemClock.sleep(100, CancellationToken.none);
    source.cancel('timeout');
    const thrown: unknown = await running.catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    expect(thrown).not.toMatchObject({ details: { forced: true } });
  });

  it('ends a thread that is still loading at once, and its work never begins', async () => {
    using source = new CancellationSource();
    const { states, workContext } = context(source.token);
    const running = runTask('ignore', workContext);
    source.cancel('user');
    const thrown: unknown = await running.catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'cancelled', details: { reason: 'user', forced: false } });
    expect(states).toEqual([]);
  });

  it('ends a thread that does not stop, and says so', async () => {
    using source = new CancellationSource();
    const { states, workContext } = context(source.token);
    const running = runTask('ignore', workContext);
    await expect.poll(() => states.length).toBeGreaterThan(0);
    source.cancel('timeout');
    await expect(running).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout', forced: true } });
  });

  it('keeps the code of an error thrown in the thread', async () => {
    await expect(runTask('throw', context(CancellationToken.none).workContext)).rejects.toMatchObject({
      code: 'data_corrupt',
      message: 'row 7 is broken',
    });
  });

  it('fails with a sentence when the thread ends without a result', async () => {
    await expect(runTask('exit', context(CancellationToken.none).workContext)).rejects.toMatchObject({
      code: 'internal',
      message: 'The worker thread ended with code 3 before it had a result.',
    });
  });

  it('leaves no thread behind, however the work ended', async () => {
    using source = new CancellationSource();
    const { states, workContext } = context(source.token);
    const running = runTask('ignore', workContext);
    await expect.poll(() => states.length).toBeGreaterThan(0);
    expect(workerThreads()).toBe(1);
    source.cancel();
    await expect(running).rejects.toThrow();
    await runTask('count', context(CancellationToken.none).workContext);
    expect(workerThreads()).toBe(0);
  });
});
