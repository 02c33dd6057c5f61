import { cancelledError, systemClock, type CancellationToken, type Clock } from '../../async/index.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock of a simulated world: it begins where it is told, runs at a multiple of the real speed (0 stands still), and can
 * be moved on. Timers are called back in the order of their moments, each at its own moment, whether time passes or jumps.
 */
export class VirtualClock implements Clock, Disposable {
  readonly speed: number;
  readonly #real: Pick<Clock, 'elapsed' | 'after'>;
  readonly #start: number;
  readonly #realStart: number;
  /** Virtual milliseconds that were added by `advance`. */
  #jumped = 0;
  /** While timers are called back: the moment of the one that is. */
  #held: number | undefined;
  #timers: Timer[] = [];
  #alarm: Disposable | undefined;

  constructor({
    start,
    speed = 1,
    real = systemClock,
  }: {
    start: number;
    speed?: number;
    real?: Pick<Clock, 'elapsed' | 'after'>;
  }) {
    this.#start = start;
    this.speed = speed;
    this.#real = real;
    this.#realStart = real.elapsed();
  }

  now(): number {
    return Math.floor(this.#start + this.elapsed());
  }

  elapsed(): number {
    return this.#held ?? this.#passed;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.elapsed() + ms, callback };
    const index = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(index === -1 ? this.#timers.length : index, 0, timer);
    this.#setAlarm();
    return { [Symbol.dispose]: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  sleep(ms: number, token: CancellationToken): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.after(ms, () => {
        listening[Symbol.dispose]();
        resolve();
      });
      const listening = token.onCancelled(() => {
        timer[Symbol.dispose]();
        reject(cancelledError(token.reason ?? 'user'));
      });
    });
  }

  /** Moves time on; what was to happen on the way happens. */
  advance(ms: number): void {
    this.#jumped += ms;
    this.#ring();
  }

  /** No more timers are called back. */
  [Symbol.dispose](): void {
    this.#alarm?.[Symbol.dispose]();
    this.#timers = [];
  }

  get #passed(): number {
    return (this.#real.elapsed() - this.#realStart) * this.speed + this.#jumped;
  }

  #ring(): void {
    if (this.#held !== undefined) return;
    for (let next = this.#timers[0]; next !== undefined && next.at <= this.#passed; next = this.#timers[0]) {
      this.#timers.shift();
      this.#held = next.at;
      try {
        next.callback();
      } finally {
        this.#held = undefined;
      }
    }
    this.#setAlarm();
  }

  #setAlarm(): void {
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
    const [next] = this.#timers;
    if (next === undefined || this.speed === 0 || this.#held !== undefined) return;
    // A millisecond late rather than a fraction of one early, which would come back at once.
    const realMs = Math.ceil(Math.max(0, next.at - this.#passed) / this.speed);
    this.#alarm = this.#real.after(realMs, () => this.#ring());
  }
}
