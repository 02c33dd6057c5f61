import type { CancellationToken, ProgressState } from '../async/index.ts';
import { isTerminal, type Operation, type OperationContext, type OperationContract } from '../operations/index.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { followOperation } from './follow-operation.ts';
import { relaysFor } from './page-relay.ts';

interface FollowedWork<C> {
  readonly client: EndpointClient;
  readonly contract: Pick<OperationContract<never, C, never>, 'context' | 'measures' | 'outlives'>;
  /** Of the operation here, under the id that it has on the host. */
  readonly context: OperationContext<C>;
  readonly token: CancellationToken;
}

/**
 * Follows an operation of a host to its end, which it returns; its progress, curves and log are brought here on the way.
 * @throws KtrdrError as `followOperation` does.
 */
export async function followWork<C>(
  operation: Operation,
  { client, contract, context, token }: FollowedWork<C>,
): Promise<Operation> {
  const relayProgress = progressRelay(contract, context);
  const relays = relaysFor(contract, { client, context, token });
  relayProgress(operation);
  let last = operation;
  if (!isTerminal(operation.status)) {
    for await (last of followOperation(client, context.id, { after: operation.version, token })) {
      relayProgress(last);
      // What only waits has measured nothing and said nothing.
      if (last.status !== 'pending') for (const relay of relays) relay.look();
    }
  }
  await Promise.all(relays.map((relay) => relay.finish()));
  return last;
}

/** Other changes of the record, such as of a place in the host's queue, are no progress. */
function progressRelay<C>(
  { context: schema }: Pick<OperationContract<never, C, never>, 'context'>,
  { progress }: Pick<OperationContext<C>, 'progress'>,
): (operation: Operation) => void {
  let relayed: Operation['progress'] | undefined;
  return ({ progress: state }) => {
    if (relayed !== undefined && isSameProgress(state, relayed)) return;
    relayed = state;
    const { phase, done, total, fraction } = state;
    // A host of another version may know a context that we do not; its numbers still count.
    const known = schema.safeParse(state.context);
    progress.report({ phase, done, total, fraction, ...(known.success ? { context: known.data } : {}) });
  };
}

/** The time alone does not tell: much may be done within a millisecond. */
function isSameProgress(one: ProgressState<unknown>, other: ProgressState<unknown>): boolean {
  const keys = ['updatedAt', 'phase', 'done', 'total', 'fraction'] as const;
  return keys.every((key) => one[key] === other[key]);
}
