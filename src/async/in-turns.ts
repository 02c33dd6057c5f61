import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../base/index.ts';

/**
 * Runs steps, and lets the process do what else waits each time that they have taken `turnMs`. So work on the main
 * thread holds up nobody for longer than that and one step.
 */
export async function inTurns<T>(steps: Steps<T>, turnMs = 10): Promise<T> {
  for (let begun = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() - begun < turnMs) continue;
    await setImmediate();
    begun = performance.now();
  }
}
