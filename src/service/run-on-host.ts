import { cancelledError, type CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { decodeResult, type Operation, type OperationContext, type OperationContract } from '../operations/index.ts';
import { CancelRelay } from './cancel-relay.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { followWork } from './follow-work.ts';
import { getOperationResult, startOperation } from './operation-endpoints.ts';
import { inheritedDeadline } from './start-headers.ts';

interface RemoteRun<I, C, R> {
  readonly client: EndpointClient;
  readonly contract: OperationContract<I, C, R>;
  readonly input: I;
  readonly context: OperationContext<C>;
  /** The host has the operation: what it does not know later, it has lost. */
  readonly onAccepted?: (() => void) | undefined;
  /** The host may have the operation: it has not answered the start. */
  readonly onUnanswered?: (() => void) | undefined;
  /** How long a cancelled operation may take to end on the host. */
  readonly graceMs?: number;
}

/**
 * Work that happens on a host: starts or joins the operation with the context's id there, relays its progress here and a
 * cancel there, and ends as it ends. The host has its deadline, too, and so ends it also when nobody comes back to it.
 * With a token that is cancelled already it starts nothing: it only has the host stop what an earlier process may have
 * started there.
 * @throws KtrdrError the operation's own error; `interrupted` when the host has lost it; `cancelled`, with `unconfirmed`
 * in its details when the host did not say in time that the work has stopped, and `unknown` when the host did not know it;
 * `unavailable` when contact is lost, while the operation may go on.
 */
export async function runOnHost<I, C, R>(run: RemoteRun<I, C, R>): Promise<R> {
  const { client, contract, context, graceMs = 5_000 } = run;
  const { id, token } = context;
  const { service } = client;
  using cancel = new CancelRelay({ client, context, graceMs });
  let last: Operation | undefined;
  try {
    last = await (cancel.isStop ? stop(run, cancel) : conduct(run, cancel));
  } catch (thrown) {
    throw token.isCancelled ? cancel.unconfirmed(thrown) : thrown;
  }
  if (last === undefined) {
    throw cancelledError(token.reason ?? 'user', `the start of operation "${id}"`, { service, unknown: true });
  }
  // With the host's process ended also what was to be cancelled.
  if (token.reason !== undefined && last.error?.code === 'interrupted') {
    throw cancelledError(token.reason, `operation "${id}" on ${service}`, { service });
  }
  if (last.status !== 'completed') throw errorOf(last, service);
  return await decodeResult(contract, await resultOf(run, cancel.talk));
}

/** From the start to the end, which it returns. */
async function conduct<I, C, R>(
  { client, contract, input, context, onAccepted, onUnanswered }: RemoteRun<I, C, R>,
  cancel: CancelRelay,
): Promise<Operation> {
  const { id, token } = context;
  const start = { params: { type: contract.type, id }, headers: inheritedDeadline(context), body: input };
  const operation = await client.call(startOperation, start, { token: cancel.talk, onUnanswered });
  onAccepted?.();
  // The first cancel may have reached the host before the start did.
  if (token.isCancelled) await cancel.relay();
  return followWork(operation, { client, contract, context, token: cancel.talk }).catch((thrown: unknown) => {
    throw lostThere(thrown, { id, service: client.service });
  });
}

/** What the operation ended with that an earlier process started; undefined when the host does not know it. */
async function stop<I, C, R>(
  { client, contract, context }: RemoteRun<I, C, R>,
  cancel: CancelRelay,
): Promise<Operation | undefined> {
  try {
    return await followWork(await cancel.tell(), { client, contract, context, token: cancel.talk });
  } catch (thrown) {
    if (KtrdrError.from(thrown).code === 'not_found') return undefined;
    throw thrown;
  }
}

async function resultOf<I, C, R>(
  { client, context: { id } }: RemoteRun<I, C, R>,
  token: CancellationToken,
): Promise<Uint8Array> {
  try {
    return (await client.call(getOperationResult, { params: { id } }, { token })).bytes;
  } catch (thrown) {
    // The host went away between the end and its result, which it still has: the callers can come again.
    const { code, message, details } = KtrdrError.from(thrown);
    throw new KtrdrError(code, message, { cause: thrown, details: { ...details, operation: id } });
  }
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
