import {
  cancelledError,
  ProgressReporter,
  type CancellationToken,
  type Checkpoint,
  type Clock,
  type Metrics,
  type Progress,
} from '../async/index.ts';
import { isCancelled, KtrdrError, type Logger } from '../base/index.ts';
import type { Children } from './children.ts';
import { encodeResult, type FetchedLines, type OperationContract, type OperationWork } from './contract.ts';
import { keptLogger } from './kept-logger.ts';
import { boundedLine } from './log-line.ts';
import { beginning } from './new-operation.ts';
import { startSpan } from './span.ts';
import type { Outcome } from './operation.ts';
import type { OwnedOperation } from './live-operations.ts';

/** A registered kind of work. */
export interface Kind {
  readonly contract: OperationContract<unknown, unknown, unknown>;
  readonly work: OperationWork<unknown, unknown, unknown>;
  readonly resource: string | undefined;
}

interface AttemptOptions {
  readonly kind: Kind;
  readonly input: unknown;
  readonly owned: OwnedOperation;
  readonly token: CancellationToken;
  /** The last checkpoint, as JSON. */
  readonly checkpoint: string | undefined;
  readonly children: (progress: Progress<unknown>) => Children<unknown>;
  /** Resolves when the work may begin. */
  readonly admitted: () => Promise<void>;
  /**
   * The cancel of an earlier process is to be finished: the token is cancelled already, the work begins at once, and has
   * nothing to do but to stop what it may have left running elsewhere.
   */
  readonly isStop: boolean;
  /** Whether a shutdown stops the work, to be gone on with by the next process. */
  readonly isLeaving: () => boolean;
  readonly onFraction: (fraction: number) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** After a cancel work may take so long to stop; then it is left behind. */
  readonly graceMs: number;
  /** Files below it are named relative to it in the record of an error. */
  readonly root: string | undefined;
  /** Whether lines of level debug are kept with the record, too. */
  readonly keepsDebug: boolean;
}

/** One try at an operation, from its wait in the queue to the record of its end. Settles when the record has ended. */
export async function runAttempt({
  kind: { contract, work },
  input,
  owned,
  token,
  checkpoint,
  children: childrenOf,
  admitted,
  isStop,
  isLeaving,
  onFraction,
  clock,
  log: parentLog,
  graceMs,
  root,
  keepsDebug,
}: AttemptOptions): Promise<unknown> {
  const { id, attempt, traceId } = owned.operation;
  const trace = traceId === undefined ? {} : { traceId };
  const log = parentLog.with({ operation: id, ...trace });
  const span = startSpan(`operation ${contract.type}`, {
    traceId,
    kind: 'internal',
    attributes: { 'ktrdr.operation.id': id, 'ktrdr.operation.attempt': attempt },
  });
  const progress = new ProgressReporter<unknown>({
    clock,
    context: contract.begin(input),
    emit: (state) => {
      // Mostly called by a timer, where an error would end the process.
      try {
        owned.progress(state, contract.render(state));
        onFraction(state.fraction);
      } catch (refused) {
        log.warn('progress was not recorded', { error: KtrdrError.from(refused).message });
      }
    },
  });
  const children = childrenOf(progress);
  // The caller gets the id before the work's first line runs.
  await Promise.resolve();
  try {
    if (!isStop) {
      await admitted();
      token.throwIfCancelled();
      owned.start(beginning(contract, input, clock.now()));
      // Another process may have taken over while this one waited.
      token.throwIfCancelled();
    }
    log.info('operation started', { type: contract.type, attempt });
    const context = {
      id,
      attempt,
      checkpoint: checkpointOf(owned, checkpoint),
      metrics: metricsOf(owned, log),
      token,
      progress,
      children,
      lines: linesOf(owned, root),
      log: keptLogger(log, {
        keepsDebug,
        keep: (level, message, fields) => owned.log([boundedLine({ at: clock.now(), level, message, fields }, root)]),
      }),
      clock,
      ...trace,
    };
    const result = await settledInTime(
      span.run(() => work(input, context)),
      { token, clock, graceMs },
    );
    await children.close();
    children.abandon();
    const encoded = await encodeResult(contract, result);
    progress.flush();
    owned.end({ status: 'completed' }, encoded);
    span.end();
    log.info('operation completed', { type: contract.type });
    return result;
  } catch (thrown) {
    const error = KtrdrError.from(thrown);
    span.end(error);
    await children.close();
    progress.flush();
    if (isLeaving() && owned.operation.status !== 'cancelling' && isShutdown(error)) {
      leave(owned, log);
      throw releasedError(id);
    }
    children.abandon();
    const outcome = outcomeOf(error, root);
    try {
      owned.end(outcome);
    } catch (refused) {
      log.error('the end of an operation was not recorded', { error: KtrdrError.from(refused).message });
    }
    if (outcome.status === 'cancelled')
      log.info('operation cancelled', { type: contract.type, forced: outcome.forced });
    else
      log.error('operation failed', {
        type: contract.type,
        code: error.code,
        error: error.message,
        cause: stackOf(error),
      });
    throw error;
  } finally {
    progress[Symbol.dispose]();
  }
}

/** A disk that refuses it leaves the record of a process that died, with which the next one goes on as well. */
function leave(owned: OwnedOperation, log: Logger): void {
  try {
    owned.release();
    log.info('operation left to the next start', { type: owned.operation.type });
  } catch (refused) {
    log.error('that an operation was left to the next start was not recorded', {
      error: KtrdrError.from(refused).message,
    });
  }
}

function releasedError(id: string): KtrdrError {
  return new KtrdrError(
    'cancelled',
    `Operation ${id} was stopped by the shutdown of its service and goes on when that starts again.`,
    { details: { reason: 'shutdown', operation: id, released: true } },
  );
}

function isShutdown(error: KtrdrError): boolean {
  return isCancelled(error) && error.details['reason'] === 'shutdown';
}

const maxCheckpointBytes = 64 * 1024;

/** A curve that the disk refuses is no reason for the work to fail. */
function metricsOf(owned: OwnedOperation, log: Logger): Metrics {
  return {
    record(...points) {
      try {
        owned.measure(points);
      } catch (refused) {
        log.warn('points of a curve were not recorded', { error: KtrdrError.from(refused).message });
      }
    },
  };
}

function linesOf(owned: OwnedOperation, root: string | undefined): FetchedLines {
  return {
    keep: (lines, origin) =>
      owned.log(
        lines.map((line) => boundedLine(line, root)),
        origin,
      ),
    cursorOf: (source) => owned.logCursorOf(source),
  };
}

function checkpointOf(owned: OwnedOperation, last: string | undefined): Checkpoint {
  return {
    last: last === undefined ? undefined : JSON.parse(last),
    save(value) {
      const { id } = owned.operation;
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) {
        throw new KtrdrError(
          'invalid_input',
          `The checkpoint of operation ${id} is a ${typeof value}, which JSON cannot carry.`,
        );
      }
      const bytes = Buffer.byteLength(text);
      if (bytes > maxCheckpointBytes) {
        throw new KtrdrError(
          'invalid_input',
          `The checkpoint of operation ${id} has ${bytes} bytes, more than ${maxCheckpointBytes}; keep what is large in a file and its name here.`,
        );
      }
      owned.saveCheckpoint(text);
    },
  };
}

/** As the work settles, or cancelled by force when it has not settled in the grace time after a cancel. */
function settledInTime<T>(
  work: Promise<T>,
  { token, clock, graceMs }: Pick<AttemptOptions, 'token' | 'clock' | 'graceMs'>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let grace: Disposable | undefined;
    const listening = token.onCancelled(() => {
      grace = clock.after(graceMs, () => reject(cancelledError(token.reason ?? 'user', undefined, { forced: true })));
    });
    work.then(resolve, reject).finally(() => {
      listening[Symbol.dispose]();
      grace?.[Symbol.dispose]();
    });
  });
}

function outcomeOf(error: KtrdrError, root: string | undefined): Outcome {
  const problem = error.toProblem({ root });
  if (!isCancelled(error)) return { status: 'failed', error: problem };
  return { status: 'cancelled', error: problem, forced: error.details['forced'] === true };
}

function stackOf(error: KtrdrError): string | undefined {
  if (error.code !== 'internal') return undefined;
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
