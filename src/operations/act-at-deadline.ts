import type { Clock } from '../async/index.ts';
import type { Operation } from './operation.ts';

/** Acts at the deadline of an operation that has one. */
export function actAtDeadline(
  { createdAt, deadlineAt }: Operation,
  clock: Clock,
  act: () => void,
): Disposable | undefined {
  if (deadlineAt === undefined) return undefined;
  // Over a restart the time of day counts; a clock that was set back meanwhile makes it no longer than it was.
  return actAfter(clock, Math.min(deadlineAt - clock.now(), deadlineAt - createdAt), act);
}

/** Acts after a time, which may be longer than a timer can count, or over. Whoever sets the clock does not move it. */
function actAfter(clock: Clock, ms: number, act: () => void): Disposable {
  const dueAt = clock.elapsed() + ms;
  let timer: Disposable | undefined;
  const look = (): void => {
    const wait = dueAt - clock.elapsed();
    if (wait <= 0) act();
    else timer = clock.after(wait, look);
  };
  look();
  return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
}
