import type { Clock } from '../async/index.ts';

/** Acts after a time, which may be longer than a timer can count, or over. Whoever sets the clock does not move it. */
export function actAfter(clock: Clock, ms: number, act: () => void): Disposable {
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
