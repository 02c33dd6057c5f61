import type { CancellationToken, Clock } from '../async/index.ts';
import { cancelledError } from '../async/index.ts';
import { forgetOldStarts, nextAllowedAt, type PacedRequest, type PacedStart, type PacingLimits } from './pacing.ts';

/** Why a request has not started yet. */
export interface PacingWait {
  readonly why: string;
  /** Milliseconds until it is looked at again; unknown while it waits for others to end. */
  readonly forMs?: number;
}

export interface PacedRun {
  readonly token: CancellationToken;
  /** Called when the request cannot start at once, with the reason. */
  readonly onWait?: (wait: PacingWait) => void;
}

interface Waiter {
  readonly request: PacedRequest;
  readonly onWait: (wait: PacingWait) => void;
  readonly admit: () => void;
}

/**
 * Holds requests back until the pacing rules let them go: first come, first served, except that a request held up by a
 * rule of its own does not hold up the ones behind it. One for each gateway login.
 */
export class PacingQueue {
  readonly #limits: PacingLimits;
  readonly #clock: Clock;
  #starts: PacedStart[] = [];
  #heldUntil = -Infinity;
  #inFlight = 0;
  #waiters: Waiter[] = [];
  #timer: Disposable | undefined;

  constructor(limits: PacingLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Waits for the request's turn, then runs it. A cancel ends the wait at once. */
  async run<T>(request: PacedRequest, send: () => Promise<T>, { token, onWait = () => {} }: PacedRun): Promise<T> {
    token.throwIfCancelled('the wait for pacing');
    await this.#turn(request, { token, onWait });
    const occupies = holdsPlace(request);
    try {
      return await send();
    } finally {
      if (occupies) this.#inFlight -= 1;
      this.#admit();
    }
  }

  /** IB complained: nothing starts until the pause is over. */
  pauseAfterComplaint(): void {
    this.#heldUntil = this.#clock.elapsed() + this.#limits.afterComplaintMs;
  }

  #turn(request: PacedRequest, { token, onWait }: Required<PacedRun>): Promise<void> {
    return new Promise((resolve, reject) => {
      const listening = token.onCancelled(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(cancelledError(token.reason ?? 'user', 'the wait for pacing'));
      });
      const waiter: Waiter = {
        request,
        onWait,
        admit: () => {
          listening[Symbol.dispose]();
          resolve();
        },
      };
      this.#waiters.push(waiter);
      this.#admit();
    });
  }

  #admit(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const now = this.#clock.elapsed();
    this.#starts = forgetOldStarts(this.#starts, this.#limits, now);
    let nextLook = Infinity;
    const held: { waiter: Waiter; wait: PacingWait }[] = [];
    const admitted: Waiter[] = [];
    for (const waiter of this.#waiters) {
      const { request } = waiter;
      if (holdsPlace(request) && this.#inFlight >= this.#limits.inFlight) {
        held.push({ waiter, wait: { why: 'other requests are under way' } });
        continue;
      }
      const { at, why } = nextAllowedAt(
        { limits: this.#limits, starts: this.#starts, heldUntil: this.#heldUntil },
        request,
        now,
      );
      if (why !== undefined) {
        nextLook = Math.min(nextLook, at);
        held.push({ waiter, wait: { why, forMs: at - now } });
        continue;
      }
      this.#starts.push({ ...request, at: now });
      if (holdsPlace(request)) this.#inFlight += 1;
      admitted.push(waiter);
    }
    this.#waiters = held.map(({ waiter }) => waiter);
    if (nextLook < Infinity) this.#timer = this.#clock.after(nextLook - now, () => this.#admit());
    for (const { admit } of admitted) admit();
    // Last, because whoever is told may cancel.
    for (const { waiter, wait } of held) waiter.onWait(wait);
  }
}

/** History and head timestamps stay open at the gateway until they are answered. */
function holdsPlace({ kind }: PacedRequest): boolean {
  return kind !== 'message';
}
