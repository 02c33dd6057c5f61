import type { CancellationToken, Clock } from '../../async/index.ts';
import { cancelledError } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { afterRequest, newFlightWindow, type FlightWindow } from './flight-window.ts';
import type { JournalNews, PacingJournal } from './pacing-journal.ts';
import {
  budgetLeft,
  forgetOldStarts,
  laterOf,
  nextAllowedAt,
  noPause,
  pauseAfterComplaint,
  type PacedRequest,
  type PacedStart,
  type PacingLimits,
  type PacingPause,
} from './pacing.ts';

/** Why a request has not started yet. */
export interface PacingWait {
  readonly why: string;
  /** Milliseconds until it is looked at again; unknown while it waits for others to end. */
  readonly forMs?: number;
}

/** What IB's rules leave at a moment. */
export interface PacingBudget {
  /** Requests that may be open at once. */
  readonly inFlight: number;
  /** Starts left in the window of the history rate, and in the ten minutes of small requests. */
  readonly history: number;
  readonly small: number;
  /** What is left of the pause that IB asked for. */
  readonly pausedMs: number;
}

export interface PacedRun {
  readonly token: CancellationToken;
  /** What takes the gateway the same time, in words; equal requests by default. */
  readonly effort?: string;
  /** Called when the request cannot start at once, with the reason. */
  readonly onWait?: (wait: PacingWait) => void;
}

/** What is booked for a request that may start, and what must be known of it afterwards. */
export interface Booking {
  /** It was not sent after all: nothing was asked. */
  readonly withdraw: () => void;
  /** It was sent and not answered, as when the connection is lost: to ask for it again repeats nothing that IB has answered. */
  readonly loseAnswer: () => void;
}

interface PacingQueueOptions {
  readonly limits: PacingLimits;
  readonly clock: Clock;
  /** Keeps over restarts the starts that count for long, and pauses. */
  readonly journal?: PacingJournal;
}

interface Waiter {
  readonly request: PacedRequest;
  readonly onWait: (wait: PacingWait) => void;
  readonly admit: (start: PacedStart) => void;
}

/**
 * Holds requests back until the pacing rules let them go: first come, first served, except that a request held up by a
 * rule of its own does not hold up the ones behind it. One for each gateway login.
 */
export class PacingQueue {
  readonly #limits: PacingLimits;
  readonly #clock: Clock;
  readonly #journal: PacingJournal | undefined;
  #starts: PacedStart[] = [];
  /** Those of them that are on their way to the journal. */
  readonly #unrecorded = new Set<PacedStart>();
  #pause: PacingPause = noPause;
  #complainedSince: number | undefined;
  #window: FlightWindow;
  #inFlight = 0;
  #waiters: Waiter[] = [];
  #timer: Disposable | undefined;

  constructor({ limits, clock, journal }: PacingQueueOptions) {
    this.#limits = limits;
    this.#clock = clock;
    this.#journal = journal;
    this.#window = newFlightWindow(limits.inFlight);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** What the rules leave at this moment. */
  get budget(): PacingBudget {
    const now = this.#clock.elapsed();
    const left = (kind: 'history' | 'small'): number => budgetLeft(this.#starts, { kind, limits: this.#limits }, now);
    return {
      inFlight: Math.floor(this.#window.size),
      history: left('history'),
      small: left('small'),
      pausedMs: Math.max(0, Math.ceil(this.#pause.until - now)),
    };
  }

  /** Waits for the request's turn, then runs it. A cancel ends the wait at once. */
  async run<T>(request: PacedRequest, send: (booking: Booking) => Promise<T>, paced: PacedRun): Promise<T> {
    const { token, effort = request.key, onWait = () => {} } = paced;
    token.throwIfCancelled('the wait for pacing');
    const journal = request.kind === 'small' ? this.#journal : undefined;
    for (;;) {
      if (this.#journal !== undefined) this.#add(await this.#journal.news());
      const start = await this.#turn(request, { token, onWait });
      try {
        if (journal !== undefined && !(await this.#isRecorded(start, journal))) continue;
        return await this.#measured({ request, effort }, () => send(this.#bookingOf(start)));
      } finally {
        if (holdsPlace(request)) this.#inFlight -= 1;
        this.#admit();
      }
    }
  }

  /** IB complained: nothing starts until the pause is over. */
  pauseAfterComplaint(): void {
    const now = this.#clock.elapsed();
    this.#complainedSince ??= now;
    const pause = pauseAfterComplaint(this.#pause, this.#limits, now);
    if (pause === this.#pause) return;
    this.#pause = pause;
    // Here the pause holds also with a disk that refuses it.
    this.#journal?.recordPause(pause.lengthMs).catch(() => {});
  }

  /** For how long IB has answered no request, and complained instead, in milliseconds. */
  get complainedForMs(): number {
    return this.#complainedSince === undefined ? 0 : this.#clock.elapsed() - this.#complainedSince;
  }

  #bookingOf(start: PacedStart): Booking {
    return {
      withdraw: () => this.#replace(start),
      // Under the hard rules IB counts what it was asked, whoever got the answer.
      loseAnswer: () => (start.kind === 'history' ? this.#replace(start, { ...start, key: '' }) : undefined),
    };
  }

  /**
   * Writes a start down. False when others took its place while it waited for its turn, or at the same moment, and stand
   * before it in the journal; then its own place counts as used, as it does for them.
   */
  async #isRecorded(start: PacedStart, journal: PacingJournal): Promise<boolean> {
    this.#unrecorded.add(start);
    try {
      this.#add(await journal.record(start));
    } finally {
      this.#unrecorded.delete(start);
    }
    // What this program will write down behind it does not count against it.
    const starts = this.#starts.filter((other) => other !== start && !this.#unrecorded.has(other));
    const { why } = nextAllowedAt({ limits: this.#limits, starts, pause: noPause }, start, start.at);
    if (why === undefined) return true;
    this.#replace(start, { ...start, key: '' });
    return false;
  }

  #replace(start: PacedStart, ...now: readonly PacedStart[]): void {
    this.#starts = this.#starts.flatMap((other) => (other === start ? now : [other]));
  }

  async #measured<T>(
    { request, effort }: { request: PacedRequest; effort: string },
    send: () => Promise<T>,
  ): Promise<T> {
    const startedAt = this.#clock.elapsed();
    const ended = (wasServed: boolean): void => {
      if (!holdsPlace(request)) return;
      if (wasServed) this.#complainedSince = undefined;
      const served = { effort, startedAt, endedAt: this.#clock.elapsed(), wasServed };
      this.#window = afterRequest(this.#window, served, this.#limits.inFlight);
    };
    try {
      const answer = await send();
      ended(true);
      return answer;
    } catch (error) {
      if (error instanceof KtrdrError && ['rate_limited', 'deadline_exceeded'].includes(error.code)) ended(false);
      throw error;
    }
  }

  #add({ starts, pause }: JournalNews): void {
    if (pause !== undefined) this.#pause = laterOf(this.#pause, pause);
    if (starts.length > 0) this.#starts = [...this.#starts, ...starts].sort((a, b) => a.at - b.at);
  }

  #turn(request: PacedRequest, { token, onWait }: Required<Omit<PacedRun, 'effort'>>): Promise<PacedStart> {
    return new Promise((resolve, reject) => {
      const listening = token.onCancelled(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(cancelledError(token.reason ?? 'user', 'the wait for pacing'));
      });
      const waiter: Waiter = {
        request,
        onWait,
        admit: (start) => {
          listening[Symbol.dispose]();
          resolve(start);
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
    const admitted: { waiter: Waiter; start: PacedStart }[] = [];
    for (const waiter of this.#waiters) {
      const { request } = waiter;
      if (holdsPlace(request) && this.#inFlight >= Math.floor(this.#window.size)) {
        held.push({ waiter, wait: { why: 'other requests are under way' } });
        continue;
      }
      const { at, why } = nextAllowedAt(
        { limits: this.#limits, starts: this.#starts, pause: this.#pause },
        request,
        now,
      );
      if (why !== undefined) {
        nextLook = Math.min(nextLook, at);
        held.push({ waiter, wait: { why, forMs: at - now } });
        continue;
      }
      const start = { ...request, at: now };
      this.#starts.push(start);
      if (holdsPlace(request)) this.#inFlight += 1;
      admitted.push({ waiter, start });
    }
    this.#waiters = held.map(({ waiter }) => waiter);
    if (nextLook < Infinity) this.#timer = this.#clock.after(nextLook - now, () => this.#admit());
    for (const { waiter, start } of admitted) waiter.admit(start);
    // Last, because whoever is told may cancel.
    for (const { waiter, wait } of held) waiter.onWait(wait);
  }
}

/** History and head timestamps stay open at the gateway until they are answered. */
function holdsPlace({ kind }: PacedRequest): boolean {
  return kind !== 'message';
}
