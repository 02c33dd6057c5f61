import type { Clock } from '../../async/index.ts';

const tickMs = 1_000;

/** Tells of a wait for IB, and once a second what is left of it, until it is disposed. */
export class WaitingPhase implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (phase: string) => void;
  #why = '';
  #until: number | undefined;
  #timer: Disposable | undefined;

  constructor(clock: Clock, tell: (phase: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** `forMs` is unknown for a wait that others end. */
  update({ why, forMs }: { why: string; forMs?: number }): void {
    this.#why = why;
    this.#until = forMs === undefined ? undefined : this.#clock.elapsed() + forMs;
    this.#tick();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** The wait is over; another one may follow. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const leftMs = this.#until === undefined ? undefined : Math.max(0, this.#until - this.#clock.elapsed());
    // Before the telling, which may end the wait.
    if (leftMs !== undefined && leftMs > 0) {
      this.#timer = this.#clock.after(leftMs % tickMs || tickMs, () => this.#tick());
    }
    this.#tell(waitingPhase(this.#why, leftMs));
  }
}

/** `waiting for IB: its history rate, 2 s left`. */
export function waitingPhase(why: string, leftMs?: number): string {
  return `waiting for IB: ${why}${leftMs === undefined ? '' : `, ${timeText(leftMs)} left`}`;
}

function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
