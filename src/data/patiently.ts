import { retry } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { OperationContext } from '../operations/index.ts';

/** With pauses of 2, 4, 8 and 16 s: a source that was restarted is back within them. */
const policy = { retries: 4, baseMs: 2_000, maxMs: 16_000 };

/**
 * Asks a source that has answered before, and asks again when it cannot answer now; the phase tells of the wait.
 * @throws KtrdrError what the source answered last.
 */
export function patiently<T>(
  ask: () => Promise<T>,
  { token, clock, progress, log }: Pick<OperationContext<never>, 'token' | 'clock' | 'progress' | 'log'>,
): Promise<T> {
  const asked = async (): Promise<T> => {
    try {
      return await ask();
    } catch (thrown) {
      throw token.isCancelled ? thrown : backSoon(thrown);
    }
  };
  return retry(asked, {
    policy,
    token,
    clock,
    // The pauses are to last together: a few requests to one source do not have to be spread.
    random: () => 1,
    onRetry: ({ code, message }, attempt, pauseMs) => {
      const why = code === 'rate_limited' ? 'the source limits its pace' : 'the source does not answer';
      const seconds = Math.ceil(pauseMs / 1_000);
      log.warn('asking the source again', { error: message, attempt, pauseMs });
      progress.report({ phase: `${why}, trying again in ${seconds} s (${attempt} of ${policy.retries})` });
    },
  });
}

/**
 * A host that was restarted says of what it did before that it was interrupted, or that it was shut down meanwhile; one
 * that lost sight of who asked has given the work up in time.
 */
function backSoon(thrown: unknown): unknown {
  if (!(thrown instanceof KtrdrError)) return thrown;
  const { code, message, details } = thrown;
  const wasStopped = code === 'interrupted' || (code === 'cancelled' && details['reason'] !== 'user');
  return wasStopped ? new KtrdrError('unavailable', message, { cause: thrown, details }) : thrown;
}
