import { CancellationSource, CancellationToken, systemClock } from '../../dist/async/index.js';
import { runContext } from './run-context.mjs';

/**
 * Runs work on an API as the command line does, and cancels it when `moment` resolves. The moment is given `seen`, which
 * resolves with the first progress that a condition holds for. `find` looks an operation up where the work really runs.
 *
 * Returns how it ended, and milliseconds from the cancel: `acknowledged`, until where the work runs had been told
 * (undefined when the work had ended or was never begun there), and `stopped`, until the news of the end was back here.
 */
export async function cancelledRun({ client, contract, input, moment, find }) {
  const source = new CancellationSource();
  const lookers = new Set();
  const seen = (condition) =>
    new Promise((resolve) => {
      lookers.add((state) => {
        if (condition(state)) resolve();
      });
    });
  const emit = (state) => lookers.forEach((look) => look(state));
  const context = runContext(contract, input, { token: source.token, emit });
  const { id } = context;
  const end = client.run(contract, input, context).then(
    () => ({ how: 'completed', at: performance.now() }),
    ({ code, message }) => ({ how: code, message, at: performance.now() }),
  );
  await Promise.race([moment(seen), end]);
  const askedAt = performance.now();
  const askedOn = systemClock.now();
  source.cancel('user');
  const { how, message, at } = await end;
  if (how !== 'completed' && how !== 'cancelled') throw new Error(`operation ${id} ended with ${how}: ${message}`);
  source[Symbol.dispose]();
  const acknowledgedOn = (await find(id))?.cancellation?.acknowledgedAt;
  return {
    how,
    acknowledged: acknowledgedOn === undefined ? undefined : Math.max(0, acknowledgedOn - askedOn),
    stopped: Math.max(0, at - askedAt),
  };
}

/** Resolves after a random time below `ms`. */
export const within = (ms, random) => systemClock.sleep(ms * random(), CancellationToken.none);
