import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { Operation } from '../operations/index.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { watchOperations } from './operation-endpoints.ts';
import { operationOf } from './operation-event.ts';

const pauseMs = 1_000;
/** Longer than the silence between two heartbeats. */
const idleMs = 12_000;

/**
 * The children of an operation: those that have not ended, then each whenever it changes, without end. A dropped stream
 * is taken up where it ended, however long that takes: whether the host is there is told by whoever follows the parent.
 * @throws KtrdrError `cancelled`; what the host refuses for good.
 */
export async function* followChildren(
  client: EndpointClient,
  parent: string,
  token: CancellationToken,
): AsyncGenerator<Operation, void, undefined> {
  let after: number | undefined;
  for (;;) {
    try {
      const query = after === undefined ? { parent } : { parent, after };
      for await (const { data } of client.stream(watchOperations, { query }, { token, idleMs, onContact: () => {} })) {
        const operation = operationOf(data);
        after = operation.version;
        yield operation;
      }
    } catch (thrown) {
      token.throwIfCancelled(`the following of the children of operation ${parent}`);
      const error = KtrdrError.from(thrown);
      if (!error.retryable) throw error;
    }
    await client.clock.sleep(pauseMs, token);
  }
}
