import { isMainThread, parentPort, Worker, workerData, type ResourceLimits } from 'node:worker_threads';
import { KtrdrError, silentLogger, type Logger, type ProblemDetails } from '../base/index.ts';
import { cancelledError, CancellationToken } from './cancellation.ts';
import { MetricsBatch, type MetricPoint, type Metrics } from './metrics.ts';
import type { Checkpoint } from './checkpoint.ts';
import { systemClock, type Clock } from './clock.ts';
import { ProgressReporter, type Progress, type ProgressUpdate } from './progress.ts';

/** What work is given besides its input. */
export interface WorkContext<C> {
  readonly id: string;
  /** 1 for the first; work that was interrupted may be tried again. */
  readonly attempt: number;
  readonly checkpoint: Checkpoint;
  /** Absent where nobody keeps curves. */
  readonly metrics?: Metrics;
  readonly token: CancellationToken;
  readonly progress: Progress<C>;
  readonly log: Logger;
  readonly clock: Clock;
}

interface WorkerOptions {
  /** How long cancelled work may take to stop by itself before its thread is ended. */
  graceMs?: number;
  resourceLimits?: ResourceLimits;
}

interface Assignment<I, C> {
  id: string;
  attempt: number;
  lastCheckpoint: unknown;
  input: I;
  context: C;
  shared: Int32Array<SharedArrayBuffer>;
  /** The thread sets it to 1, looks at its token, and begins. */
  begun: Int32Array<SharedArrayBuffer>;
}

type Report<C, R> =
  | { kind: 'progress'; update: ProgressUpdate<C> }
  | { kind: 'checkpoint'; value: unknown }
  | { kind: 'metrics'; points: readonly MetricPoint[] }
  | {
      kind: 'log';
      level: 'debug' | 'info' | 'warn' | 'error';
      message: string;
      fields: Record<string, unknown> | undefined;
    }
  | { kind: 'completed'; result: R }
  | { kind: 'failed'; problem: ProblemDetails };

/**
 * Runs work in a thread of its own, one thread for each call, and settles only after that thread is gone. The entry
 * module calls `serveWork`. A cancel reaches the thread through one shared word; a thread that is still loading is ended
 * at once, and one that does not stop in the grace time is ended too, and the error's details say `forced`.
 */
export function inWorker<I, C, R>(
  entry: URL,
  begin: (input: I) => C,
  { graceMs = 800, resourceLimits = {} }: WorkerOptions = {},
): (input: I, context: WorkContext<C>) => Promise<R> {
  return async (input, { id, attempt, checkpoint, metrics, token, progress, log, clock }) => {
    token.throwIfCancelled();
    const begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const assignment: Assignment<I, C> = {
      id,
      attempt,
      lastCheckpoint: checkpoint.last,
      input,
      context: begin(input),
      shared: token.shared,
      begun,
    };
    const worker = new Worker(entry, { workerData: assignment, resourceLimits });
    const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
    let forced = false;
    let grace: Disposable | undefined;
    const listening = token.onCancelled(() => {
      // One that is still loading has touched nothing, and would find its token cancelled before it did.
      if (Atomics.load(begun, 0) === 0) void worker.terminate();
      grace = clock.after(graceMs, () => {
        forced = true;
        void worker.terminate();
      });
    });
    try {
      return await new Promise<R>((resolve, reject) => {
        worker.on('message', (report: Report<C, R>) => {
          if (report.kind === 'progress') progress.report(report.update);
          else if (report.kind === 'log') log[report.level](report.message, report.fields);
          else if (report.kind === 'metrics') metrics?.record(...report.points);
          else if (report.kind === 'checkpoint') keep(report.value, reject);
          else if (report.kind === 'completed') resolve(report.result);
          else reject(KtrdrError.fromProblem(report.problem));
        });
        worker.on('error', (error) => reject(threadFailure(error)));
        void exited.then((code) =>
          reject(
            token.reason === undefined
              ? new KtrdrError('internal', `The worker thread ended with code ${code} before it had a result.`)
              : cancelledError(token.reason, undefined, { forced }),
          ),
        );
      });
    } finally {
      listening[Symbol.dispose]();
      grace?.[Symbol.dispose]();
      await worker.terminate();
      await exited;
    }

    function keep(value: unknown, refuse: (error: unknown) => void): void {
      try {
        checkpoint.save(value);
      } catch (refused) {
        refuse(refused);
      }
    }
  };
}

/** The other end of `inWorker`: call it once in the thread's entry module. */
export function serveWork<I, C, R>(work: (input: I, context: WorkContext<C>) => Promise<R>): void {
  const port = parentPort;
  if (isMainThread || port === null) throw new KtrdrError('internal', 'serveWork runs in a worker thread only.');
  const { id, attempt, lastCheckpoint, input, context, shared, begun } = workerData as Assignment<I, C>;
  const send = (report: Report<C, R>): void => port.postMessage(report);
  const progress = new ProgressReporter<C>({
    clock: systemClock,
    context,
    emit: ({ phase, done, total, fraction, context: current }) =>
      send({ kind: 'progress', update: { phase, done, total, fraction, context: current } }),
  });
  const metrics = new MetricsBatch({ clock: systemClock, send: (points) => send({ kind: 'metrics', points }) });
  const workContext: WorkContext<C> = {
    id,
    attempt,
    checkpoint: {
      last: lastCheckpoint,
      save(value) {
        // Work that continues from this checkpoint does not record again what came before it.
        metrics.flush();
        send({ kind: 'checkpoint', value });
      },
    },
    metrics,
    token: CancellationToken.fromShared(shared),
    progress,
    log: postedLogger({}, (level, message, fields) => send({ kind: 'log', level, message, fields })),
    clock: systemClock,
  };
  // A thread that waits for nothing but its token, which holds no thread, would end before its work does.
  port.ref();
  begin()
    .then(
      (result) => {
        flush();
        send({ kind: 'completed', result });
      },
      (thrown: unknown) => {
        flush();
        send({ kind: 'failed', problem: KtrdrError.from(thrown).toProblem() });
      },
    )
    .finally(() => port.unref());

  function flush(): void {
    metrics.flush();
    progress.flush();
  }

  async function begin(): Promise<R> {
    Atomics.store(begun, 0, 1);
    workContext.token.throwIfCancelled();
    return work(input, workContext);
  }
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

function postedLogger(
  base: Record<string, unknown>,
  post: (level: LogLevel, message: string, fields: Record<string, unknown> | undefined) => void,
): Logger {
  const at = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) =>
    post(level, message, { ...base, ...fields });
  return {
    ...silentLogger,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => postedLogger({ ...base, ...fields }, post),
  };
}

function threadFailure(error: Error): KtrdrError {
  const outOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new KtrdrError(
    'internal',
    outOfMemory ? 'The worker thread ran out of its memory limit.' : `The worker thread crashed: ${error.message}`,
    { cause: error },
  );
}
