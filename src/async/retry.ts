import { KtrdrError } from '../base/index.ts';
import type { CancellationToken } from './cancellation.ts';
import type { Clock } from './clock.ts';

export interface RetryPolicy {
  /** Tries after the first one; 0 means none. */
  readonly retries: number;
  /** The longest pause before the first retry; it doubles with each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
}

interface RetryOptions {
  policy: RetryPolicy;
  token: CancellationToken;
  clock: Clock;
  /** 0 up to 1, exclusive. */
  random?: () => number;
  onRetry?: (error: KtrdrError, attempt: number, pauseMs: number) => void;
}

const longestPauseMs = 60_000;

/**
 * Calls `act` until it succeeds, fails for good, or the policy is used up. Only errors whose code is retryable are tried
 * again; an error that carries `retryAfterMs` in its details sets the pause itself, and is final when that is longer than
 * a minute: nobody expects a call to take so long. The token ends a pause at once.
 */
export async function retry<T>(act: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { policy, token, clock, random = Math.random, onRetry } = options;
  for (let attempt = 0; ; attempt += 1) {
    token.throwIfCancelled();
    try {
      return await act(attempt);
    } catch (thrown) {
      const error = KtrdrError.from(thrown);
      if (!error.retryable || attempt >= policy.retries) throw thrown;
      const pauseMs = retryAfter(error) ?? retryPauseMs(attempt, policy, random);
      if (pauseMs > longestPauseMs) throw thrown;
      onRetry?.(error, attempt + 1, pauseMs);
      await clock.sleep(pauseMs, token);
    }
  }
}

/** Exponential back-off with full jitter: clients that failed together do not come back together. */
export function retryPauseMs(attempt: number, policy: RetryPolicy, random: () => number): number {
  return random() * Math.min(policy.maxMs, policy.baseMs * 2 ** attempt);
}

function retryAfter({ details }: KtrdrError): number | undefined {
  return typeof details['retryAfterMs'] === 'number' ? Math.max(0, details['retryAfterMs']) : undefined;
}
