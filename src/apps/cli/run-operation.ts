import { cancelledError, CancellationSource, CancellationToken, retry, systemClock } from '../../async/index.ts';
import { KtrdrError, newOperationId } from '../../base/index.ts';
import type { Operation, OperationContract } from '../../operations/index.ts';
import type { OperationsClient } from '../../service/index.ts';
import { withApi } from './api-client.ts';
import { formatDuration } from './format.ts';
import type { CommandContext } from './programs/command.ts';
import { printJson, terminal } from './terminal.ts';
import { notAwaited, untilApiIsBack, watchOperation } from './watch-operation.ts';

/** What every command takes that starts long work. */
export interface LongWorkOptions {
  /** After so many milliseconds the API cancels it by itself. */
  readonly deadline?: number | undefined;
  /** Only start it. */
  readonly detach?: boolean | undefined;
  readonly json?: boolean;
  readonly ndjson?: boolean;
}

interface Work<I, C, R> {
  readonly contract: OperationContract<I, C, R>;
  readonly input: I;
}

/** How long the API may take to answer a start after somebody has given it up. */
const startGraceMs = 5_000;

/**
 * Runs long work on the API, shows it, and relays a cancel: the one way in which commands do. Work that somebody leaves
 * running goes on by itself.
 * @returns the result; nothing when it was left running, which this has told of by then.
 * @throws KtrdrError the operation's own; `deadline_exceeded`; see `watchOperation`.
 */
export function runLongWork<I, C, R>(
  context: CommandContext,
  work: Work<I, C, R>,
  options: LongWorkOptions,
): Promise<R | undefined> {
  return withApi(context.settings, async (client) => {
    const started = await start(client, work, { ...context, deadlineMs: options.deadline });
    if (options.detach === true && !context.token.isCancelled) {
      tellLeft(started, options);
      return undefined;
    }
    const { ndjson = false } = options;
    const watching = { client, context, operation: started, onInterrupt: 'cancel', canDetach: true, ndjson } as const;
    const { operation, isLeft } = await watchOperation(watching);
    if (!isLeft) return resultOf(client, work.contract, { operation, context, deadlineMs: options.deadline });
    tellLeft(operation, options);
    return undefined;
  });
}

/** The same for work that is of no use to anybody but who waits for it. */
export function runOperation<I, C, R>(context: CommandContext, work: Work<I, C, R>): Promise<R> {
  return withApi(context.settings, async (client) => {
    const started = await start(client, work, context);
    const watching = { client, context, operation: started, onInterrupt: 'cancel', canDetach: false } as const;
    const { operation } = await watchOperation(watching);
    return resultOf(client, work.contract, { operation, context });
  });
}

/** What an operation ended with that did not complete. */
export function errorOf({ id, status, error }: Operation): KtrdrError {
  if (error === undefined) {
    return new KtrdrError('internal', `Operation "${id}" is ${status} without giving a reason.`, {
      details: { operation: id },
    });
  }
  const { code, message, details } = KtrdrError.fromProblem(error);
  return new KtrdrError(code, message, { details: { ...details, operation: id } });
}

/** How to find what goes on by itself. */
export function noteLeft(id: string): void {
  terminal.note(`It keeps running. Watch it with "ktrdr ops follow ${id}", stop it with "ktrdr ops cancel ${id}".`);
}

function tellLeft(operation: Operation, { json = false, ndjson = false }: LongWorkOptions): void {
  if (json || ndjson) printJson('ktrdr.ops.detached/1', operation);
  else terminal.print(operation.id);
  if (!ndjson) noteLeft(operation.id);
}

/** The name is known before the API hears of it, so that a start whose answer is lost can be sent again. */
async function start<I, C, R>(
  client: OperationsClient,
  { contract, input }: Work<I, C, R>,
  { token, interruption, deadlineMs }: CommandContext & { deadlineMs?: number | undefined },
): Promise<Operation> {
  const { type } = contract;
  const id = newOperationId(type, systemClock.now());
  using answer = interruption.answerWith({ second: () => notAwaited(id) });
  // Only whoever knows whether it was started can have it cancelled.
  using talk = new CancellationSource();
  let grace: Disposable | undefined;
  using listening = token.onCancelled(() => {
    grace = systemClock.after(startGraceMs, () => talk.cancel(token.reason));
  });
  void [answer, listening];
  try {
    return await client.start({ type, input, id, deadlineMs }, talk.token);
  } catch (thrown) {
    if (!talk.token.isCancelled) throw thrown;
    throw cancelledError(token.reason ?? 'user', `the start of operation "${id}", which the API has not answered`, {
      operation: id,
      unconfirmed: true,
    });
  } finally {
    grace?.[Symbol.dispose]();
  }
}

async function resultOf<I, C, R>(
  client: OperationsClient,
  contract: OperationContract<I, C, R>,
  {
    operation,
    context,
    deadlineMs,
  }: { operation: Operation; context: CommandContext; deadlineMs?: number | undefined },
): Promise<R> {
  const { id, status, cancellation } = operation;
  if (status === 'cancelled' && cancellation?.reason === 'timeout' && deadlineMs !== undefined) {
    throw new KtrdrError('deadline_exceeded', `Not done within ${formatDuration(deadlineMs)}, so it was cancelled.`, {
      cause: errorOf(operation),
      details: { operation: id },
    });
  }
  if (status !== 'completed') throw errorOf(operation);
  // The API may go away between the end and its result, which it still has then.
  const token = context.token.isCancelled ? CancellationToken.none : context.token;
  return retry(() => client.result(contract, id, token), { policy: untilApiIsBack, token, clock: systemClock });
}
