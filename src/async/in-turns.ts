import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../base/index.ts';
import { CancellationToken } from './cancellation.ts';

interface Turns {
  readonly turnMs?: number;
  /** Looked at between two turns. */
  readonly token?: CancellationToken;
}

/**
 * Runs steps, and lets the process do what else waits each time that they have taken `turnMs`. So work on the main
 * thread holds up nobody for longer than that and one step.
 * @throws KtrdrError `cancelled` when a cancel came meanwhile; the rest of the steps is not taken then.
 */
export async function inTurns<T>(
  steps: Steps<T>,
  { turnMs = 10, token = CancellationToken.none }: Turns = {},
): Promise<T> {
  for (let begun = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - begun < turnMs) continue;
    await setImmediate();
    token.throwIfCancelled();
    begun = performance.now();
  }
}
