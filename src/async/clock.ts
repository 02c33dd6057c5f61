import type { CancellationToken } from './cancellation.ts';
import { cancelledError } from './cancellation.ts';

/** Time, passed in wherever it matters, so that tests and simulations can run their own. */
export interface Clock {
  /** Epoch milliseconds. May jump when the computer's clock is set; for stamps, never for durations. */
  now(): number;
  /** Milliseconds that only ever rise; for durations and spacing. */
  elapsed(): number;
  /** Calls back once after `ms`. A pending callback does not keep the process alive. Disposing calls it off. */
  after(ms: number, callback: () => void): Disposable;
  /** @throws KtrdrError `cancelled` as soon as the token is cancelled. */
  sleep(ms: number, token: CancellationToken): Promise<void>;
}

/** The platform would call back at once after anything longer (24.8 days). */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed() {
    // `performance` is as exact, but is loaded when it is first named, which a short command would notice.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs)).unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  sleep: (ms, token) =>
    sleepWith((callback) => {
      const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    }, token),
};

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.#elapsed + ms, callback };
    this.#timers.push(timer);
    return { [Symbol.dispose]: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  sleep(ms: number, token: CancellationToken): Promise<void> {
    return sleepWith((callback) => this.after(ms, callback), token);
  }

  /** Moves time on, calling back every timer on the way at its own moment, in order. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#moveTo(next.at);
      next.callback();
    }
    this.#moveTo(end);
  }

  #moveTo(elapsed: number): void {
    this.#now += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }
}

function sleepWith(schedule: (callback: () => void) => Disposable, token: CancellationToken): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = schedule(() => {
      listening[Symbol.dispose]();
      resolve();
    });
    const listening = token.onCancelled(() => {
      timer[Symbol.dispose]();
      reject(cancelledError(token.reason ?? 'user'));
    });
  });
}
