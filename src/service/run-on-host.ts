import { cancelledError, CancellationSource, type ProgressState } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import {
  decodeResult,
  isTerminal,
  type Operation,
  type OperationContext,
  type OperationContract,
} from '../operations/index.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { followOperation } from './follow-operation.ts';
import { relaysFor } from './page-relay.ts';
import { cancelOperation, getOperationResult, startOperation } from './operation-endpoints.ts';

interface RemoteRun<I, C, R> {
  readonly client: EndpointClient;
  readonly contract: OperationContract<I, C, R>;
  readonly input: I;
  readonly context: OperationContext<C>;
  /** After this time the host cancels the operation by itself. */
  readonly deadlineMs?: number | undefined;
  /** The host has the operation: what it does not know later, it has lost. */
  readonly onAccepted?: (() => void) | undefined;
  /** The host may have the operation: it has not answered the start. */
  readonly onUnanswered?: (() => void) | undefined;
  /** How long a cancelled operation may take to end on the host. */
  readonly graceMs?: number;
}

/**
 * Work that happens on a host: starts or joins the operation with the context's id there, relays its progress here and a
 * cancel there, and ends as it ends. With a token that is cancelled already it starts nothing: it only has the host stop
 * what an earlier process may have started there.
 * @throws KtrdrError the operation's own error; `interrupted` when the host has lost it; `cancelled`, with `unconfirmed` in its details when the host did not
 * say in time that the work has stopped; `unavailable` when contact is lost, while the operation may go on.
 */
export async function runOnHost<I, C, R>({
  client,
  contract,
  input,
  context,
  deadlineMs,
  onAccepted,
  onUnanswered,
  graceMs = 5_000,
}: RemoteRun<I, C, R>): Promise<R> {
  const { id, token, progress, clock, log, traceId } = context;
  // Talking to the host outlives the cancel: it has to hear of it, and to say that it has stopped.
  using talk = new CancellationSource();
  const relays = relaysFor(contract, { client, context, token: talk.token });
  let relayed: Operation['progress'] | undefined;
  let grace: Disposable | undefined;
  const isStop = token.isCancelled;
  const cancelThere = (): Promise<Operation> =>
    client.call(cancelOperation, { params: { id }, body: { reason: token.reason ?? 'user' } }, { token: talk.token });
  const relayCancel = async (): Promise<void> => {
    try {
      await cancelThere();
    } catch (thrown) {
      const { message, retryable } = KtrdrError.from(thrown);
      log.debug('the host did not take the cancel', { service: client.service, error: message });
      // Services are mostly stopped together: one that is gone is not waited for.
      if (retryable && token.reason === 'shutdown') talk.cancel('shutdown');
    }
  };
  using _ = token.onCancelled(() => {
    grace = clock.after(graceMs, () => talk.cancel(token.reason));
    if (!isStop) void relayCancel();
  });

  try {
    const last = await (isStop ? stop() : conduct()).catch((thrown: unknown) => {
      if (token.isCancelled) throw unconfirmed(thrown);
      throw thrown;
    });
    if (last === undefined) throw cancelledError(token.reason ?? 'user', `the start of operation "${id}"`);
    // With the host's process ended also what was to be cancelled.
    if (token.reason !== undefined && last.error?.code === 'interrupted') {
      throw cancelledError(token.reason, `operation "${id}" on ${client.service}`, { service: client.service });
    }
    if (last.status !== 'completed') throw errorOf(last, client.service);
    return await decodeResult(contract, await fetchResult());
  } finally {
    grace?.[Symbol.dispose]();
  }

  /** From the start to the end, which it returns. */
  async function conduct(): Promise<Operation> {
    const headers = deadlineMs === undefined ? {} : { 'operation-deadline': String(deadlineMs) };
    const start = { params: { type: contract.type, id }, headers, body: input };
    const operation = await client.call(startOperation, start, { token: talk.token, traceId, onUnanswered });
    onAccepted?.();
    // The first cancel may have reached the host before the start did.
    if (token.isCancelled) await relayCancel();
    return follow(operation).catch((thrown: unknown) => {
      throw lostThere(thrown, { id, service: client.service });
    });
  }

  async function fetchResult(): Promise<Uint8Array> {
    try {
      return (await client.call(getOperationResult, { params: { id } }, { token: talk.token })).bytes;
    } catch (thrown) {
      // The host went away between the end and its result, which it still has: the callers can come again.
      const { code, message, details } = KtrdrError.from(thrown);
      throw new KtrdrError(code, message, { cause: thrown, details: { ...details, operation: id } });
    }
  }

  /** What the operation ended with that an earlier process started; undefined when the host does not know it. */
  async function stop(): Promise<Operation | undefined> {
    try {
      return await follow(await cancelThere());
    } catch (thrown) {
      if (KtrdrError.from(thrown).code === 'not_found') return undefined;
      throw thrown;
    }
  }

  async function follow(operation: Operation): Promise<Operation> {
    relayProgress(operation);
    let last = operation;
    if (isTerminal(operation.status)) {
      await finishRelays();
      return last;
    }
    const states = followOperation(client, id, { after: operation.version, token: talk.token });
    for await (last of states) {
      relayProgress(last);
      // What only waits has measured nothing and said nothing.
      if (last.status !== 'pending') for (const relay of relays) relay.look();
    }
    await finishRelays();
    return last;
  }

  async function finishRelays(): Promise<void> {
    await Promise.all(relays.map((relay) => relay.finish()));
  }

  /** Other changes of the record, such as of a place in the host's queue, are no progress. */
  function relayProgress({ progress: state }: Operation): void {
    const { phase, done, total, fraction } = state;
    if (relayed !== undefined && isSameProgress(state, relayed)) return;
    relayed = state;
    // A host of another version may know a context that we do not; its numbers still count.
    const known = contract.context.safeParse(state.context);
    progress.report({ phase, done, total, fraction, ...(known.success ? { context: known.data } : {}) });
  }

  function unconfirmed(cause: unknown): KtrdrError {
    const { reason = 'user' } = token;
    log.warn('a cancel was not confirmed in time', { service: client.service, error: KtrdrError.from(cause).message });
    const details = { service: client.service, operation: id, unconfirmed: true };
    return cancelledError(reason, `operation "${id}", which ${client.service} has not confirmed`, details);
  }
}

/** The time alone does not tell: much may be done within a millisecond. */
function isSameProgress(one: ProgressState<unknown>, other: ProgressState<unknown>): boolean {
  const keys = ['updatedAt', 'phase', 'done', 'total', 'fraction'] as const;
  return keys.every((key) => one[key] === other[key]);
}

/** A host that has started an operation and does not know it any more has lost its record, as by a failure of power. */
function lostThere(thrown: unknown, { id, service }: { id: string; service: string }): unknown {
  if (!(thrown instanceof KtrdrError && thrown.code === 'not_found')) return thrown;
  return new KtrdrError(
    'interrupted',
    `Operation "${id}" was started on ${service}, which does not know it any more. Start it again.`,
    { cause: thrown, details: { service, operation: id } },
  );
}

function errorOf({ id, status, error }: Operation, service: string): KtrdrError {
  const { code, message, details } =
    error === undefined
      ? new KtrdrError('internal', `Operation "${id}" is ${status} on ${service} without giving a reason.`)
      : KtrdrError.fromProblem(error);
  return new KtrdrError(code, message, { details: { ...details, service, operation: id } });
}
