import { retry, systemClock, type CancellationToken } from '../../async/index.ts';
import { isTerminal, type Operation } from '../../operations/index.ts';
import type { OperationsClient } from '../../service/index.ts';
import { terminal } from './terminal.ts';
import { apiPatienceMs, awayWords, notAwaited, untilApiIsBack } from './watch-operation.ts';

interface Cancelling {
  readonly client: OperationsClient;
  readonly id: string;
  /** Ends the waiting; the operation has been asked to stop by then. */
  readonly token: CancellationToken;
}

/**
 * Has an operation cancelled and waits for its end, through a restart of the API too.
 * @returns the operation as it ended.
 * @throws KtrdrError `unavailable` when the API is not there, or stays away; `cancelled` when nobody waits any more.
 */
export async function cancelOperation({ client, id, token }: Cancelling): Promise<Operation> {
  const ask = (): Promise<Operation> => client.cancel({ id }, token);
  let operation = await ask();
  let isAway = false;
  const onSilence = (): void => {
    if (!isAway) terminal.note(awayWords);
    isAway = true;
  };
  const options = { token, after: operation.version, patienceMs: apiPatienceMs, onSilence };
  try {
    for await (operation of client.follow(id, options)) {
      // An API that was away may have begun it anew, without having heard of the cancel.
      if (isAway && !isTerminal(operation.status)) {
        await retry(ask, { policy: untilApiIsBack, token, clock: systemClock });
      }
      isAway = false;
    }
  } catch (thrown) {
    throw token.isCancelled ? notAwaited(id) : thrown;
  }
  return operation;
}
