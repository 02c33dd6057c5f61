import { ProgressReporter, type CancellationToken, type Clock, type Progress } from '../async/index.ts';
import { isCancelled, KtrdrError, type Logger } from '../base/index.ts';
import type { Children } from './children.ts';
import { encodeResult, type OperationContract, type OperationWork } from './contract.ts';
import { keptParts } from './kept-parts.ts';
import { beginning } from './new-operation.ts';
import { settledInTime } from './settled-in-time.ts';
import { startSpan } from './span.ts';
import { hasBegun, type Outcome } from './operation.ts';
import type { OwnedOperation } from './owned-operation.ts';

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
  const { id, attempt, traceId, deadlineAt } = owned.operation;
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
    if (isStop || (await isToStop())) {
      log.info('operation is stopped', { type: contract.type, attempt });
    } else {
      owned.start(beginning(contract, input, clock.now()));
      // Another process may have taken over while this one waited.
      token.throwIfCancelled();
      log.info('operation started', { type: contract.type, attempt });
    }
    const context = {
      id,
      attempt,
      ...keptParts({ owned, checkpoint, clock, log, root, keepsDebug }),
      token,
      progress,
      children,
      clock,
      ...trace,
      ...(deadlineAt === undefined ? {} : { deadlineAt }),
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

  /** Waits for its turn. What was cancelled meanwhile and had begun before still has to stop what it left elsewhere. */
  async function isToStop(): Promise<boolean> {
    try {
      await admitted();
      token.throwIfCancelled();
      return false;
    } catch (thrown) {
      const { operation } = owned;
      if (operation.status === 'cancelling' && contract.resume === 'auto' && hasBegun(operation)) return true;
      throw thrown;
    }
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
    `Operation ${id} was stopped by the shutdown of its service and continues when that starts again.`,
    { details: { reason: 'shutdown', operation: id, released: true } },
  );
}

function isShutdown(error: KtrdrError): boolean {
  return isCancelled(error) && error.details['reason'] === 'shutdown';
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
