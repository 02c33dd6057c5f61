import { CancellationToken, noCheckpoint, ProgressReporter, systemClock } from '../../dist/async/index.js';
import { newOperationId, silentLogger } from '../../dist/base/index.js';
import { noChildren } from '../../dist/operations/index.js';

/** What a client gives to `run`, as the command line makes it. `emit` hears of every progress. */
export function runContext(contract, input, { token = CancellationToken.none, emit = () => {} } = {}) {
  const progress = new ProgressReporter({
    clock: systemClock,
    context: contract.begin(input),
    intervalMs: 0,
    emit,
  });
  return {
    id: newOperationId(contract.type, systemClock.now()),
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token,
    progress,
    log: silentLogger,
    clock: systemClock,
  };
}
