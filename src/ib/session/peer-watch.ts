import type { Clock } from '../../async/index.ts';

interface PeerWatchOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Asks something that is answered at once. */
  readonly ask: () => void;
  /** Rises with every sign of life. */
  readonly signsOfLife: () => number;
  /** Called once, with the milliseconds of silence. */
  readonly onDead: (silentMs: number) => void;
}

const missesThatEnd = 2;

/** TCP does not tell when the other side is gone; two questions in a row without any sign of life do. */
export function watchPeer({ clock, intervalMs, ask, signsOfLife, onDead }: PeerWatchOptions): Disposable {
  let misses = 0;
  const probe = (): void => {
    const before = signsOfLife();
    ask();
    timer = clock.after(intervalMs, () => {
      misses = signsOfLife() > before ? 0 : misses + 1;
      if (misses < missesThatEnd) probe();
      else onDead(misses * intervalMs);
    });
  };
  let timer = clock.after(intervalMs, probe);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
