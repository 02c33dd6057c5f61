import type { Clock } from '../../async/index.ts';

const tickMs = 1_000;

/** How long nobody wonders why there is no answer. */
const quietMs = 10_000;

/** A wait for leave to ask; `forMs` is unknown where others end it. */
interface WaitForLeave {
  readonly why: string;
  readonly forMs?: number;
}

/** A wait for the answer to what has been asked. */
interface WaitForAnswer {
  /** After so long without any part of it the request is given up. */
  readonly withinMs: number;
  /** Rises while a message is coming in; undefined between two messages. */
  readonly piecesComingIn: () => number | undefined;
}

/** Tells of what a request waits for, once a second, until it is stopped or disposed. */
export class WaitingPhase implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (phase: string) => void;
  #timer: Disposable | undefined;

  constructor(clock: Clock, tell: (phase: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Tells why IB may not be asked yet, and what is left of the wait. */
  forLeave({ why, forMs }: WaitForLeave): void {
    const until = forMs === undefined ? undefined : this.#clock.elapsed() + forMs;
    const tick = (): void => {
      const leftMs = until === undefined ? undefined : Math.max(0, until - this.#clock.elapsed());
      // Before the telling, which may end the wait.
      if (leftMs !== undefined && leftMs > 0) this.#next(leftMs % tickMs || tickMs, tick);
      this.#tell(waitingPhase(why, leftMs));
    };
    this.stop();
    tick();
  }

  /** Tells that the request is under way; and, where no answer comes, for how long none has come and when it is given up. */
  forAnswer({ withinMs, piecesComingIn }: WaitForAnswer): void {
    const begunAt = this.#clock.elapsed();
    let heardAt = begunAt;
    let pieces = piecesComingIn();
    let isSilent = false;
    const tick = (): void => {
      this.#next(tickMs, tick);
      const now = this.#clock.elapsed();
      const before = pieces;
      pieces = piecesComingIn();
      if (pieces !== undefined && pieces !== before) heardAt = now;
      const silentMs = now - heardAt;
      const wasSilent = isSilent;
      isSilent = silentMs >= quietMs;
      if (isSilent) this.#tell(silentPhase(silentMs, begunAt + withinMs - now));
      else if (wasSilent) this.#tell(underWay);
    };
    this.stop();
    this.#next(tickMs, tick);
    this.#tell(underWay);
  }

  /** The wait is over; another one may follow. */
  stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #next(ms: number, tick: () => void): void {
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      tick();
    });
  }
}

const underWay = 'fetching';

/** `waiting for IB: its history rate, 2 s left`. */
export function waitingPhase(why: string, leftMs?: number): string {
  return `waiting for IB: ${why}${leftMs === undefined ? '' : `, ${timeText(leftMs)} left`}`;
}

/** `no answer from the gateway for 20 s, giving up in 40 s at the latest`. A part of an answer gives it more time. */
function silentPhase(silentMs: number, leftMs: number): string {
  const next = leftMs > 0 ? `giving up in ${timeText(leftMs)} at the latest` : 'giving up soon';
  return `no answer from the gateway for ${Math.floor(silentMs / 1_000)} s, ${next}`;
}

function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
