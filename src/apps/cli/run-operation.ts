import { CancellationToken, noCheckpoint, ProgressReporter, systemClock } from '../../async/index.ts';
import { isCancelled, KtrdrError, newOperationId, silentLogger } from '../../base/index.ts';
import { noChildren, type OperationContract } from '../../operations/index.ts';
import type { OperationsClient } from '../../service/index.ts';
import { formatDuration } from './format.ts';
import { closingLine, ProgressLine, type OperationDisplay } from './progress-line.ts';
import { progressView } from './progress-view.ts';
import { colours, terminal } from './terminal.ts';

interface Run<I, C, R> {
  client: OperationsClient;
  contract: OperationContract<I, C, R>;
  input: I;
  token: CancellationToken;
  /** The API cancels the operation by itself after this time. */
  deadlineMs?: number | undefined;
  /** Where it is shown; one line when absent. */
  display?: (id: string) => OperationDisplay;
}

/**
 * Runs long work on the API and shows it. The command line is one more client of the machinery that the API itself uses
 * towards its hosts: the cancel is relayed, a dropped stream is taken up, the result is decoded.
 */
export async function runOperation<I, C, R>({
  client,
  contract,
  input,
  token,
  deadlineMs,
  display = () => new ProgressLine(),
}: Run<I, C, R>): Promise<R> {
  const id = newOperationId(contract.type, systemClock.now());
  const line = display(id);
  using progress = new ProgressReporter<C>({
    clock: systemClock,
    context: contract.begin(input),
    emit: (state) => {
      const message = `${token.isCancelled ? 'Cancelling: ' : ''}${contract.render(state)}`;
      line.show(progressView(message, state));
    },
  });
  try {
    const result = await client.run(contract, input, {
      id,
      attempt: 1,
      checkpoint: noCheckpoint,
      children: noChildren,
      token,
      progress,
      log: silentLogger,
      clock: systemClock,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    });
    progress.flush();
    await line.end(closingLine(await client.get(id, CancellationToken.none)));
    return result;
  } catch (thrown) {
    const words = contract.render(progress.state);
    const mark = isCancelled(thrown) ? colours.yellow('\u25A0') : colours.red('\u2717');
    await line.end(`${mark} ${words}: ${isCancelled(thrown) ? cancelledWords(KtrdrError.from(thrown)) : 'failed'}`);
    // Only the API knows whether there is an operation to look at: what it refused or never heard has none.
    if (thrown instanceof KtrdrError && thrown.details['operation'] === id) {
      terminal.note(colours.dim(`  operation ${id}`));
    }
    if (deadlineMs !== undefined && isCancelled(thrown) && KtrdrError.from(thrown).details['reason'] === 'timeout') {
      throw new KtrdrError('deadline_exceeded', `Not done within ${formatDuration(deadlineMs)}, so it was cancelled.`, {
        cause: thrown,
      });
    }
    throw thrown;
  }
}

function cancelledWords({ details }: KtrdrError): string {
  if (details['unconfirmed'] === true) return 'cancel sent, but the API has not confirmed that the work stopped';
  return details['forced'] === true ? 'cancelled (its thread had to be ended)' : 'cancelled';
}
