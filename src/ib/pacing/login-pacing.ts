import type { Clock } from '../../async/index.ts';
import { PacingJournal } from './pacing-journal.ts';
import { PacingQueue } from './pacing-queue.ts';
import type { PacingLimits } from './pacing.ts';

interface LoginPacingOptions {
  readonly limits: PacingLimits;
  readonly clock: Clock;
  /** Where starts and pauses are remembered over restarts; without it they are not. */
  readonly folder?: string;
}

/** One queue for each login of IB, which counts requests by login: another login at the same gateway has its own budget. */
export class LoginPacing {
  readonly #options: LoginPacingOptions;
  readonly #queues = new Map<string, PacingQueue>();
  #current: PacingQueue;

  constructor(options: LoginPacingOptions) {
    this.#options = options;
    this.#current = new PacingQueue(options);
  }

  /** That of the login used last; one without a past before the first. */
  get current(): PacingQueue {
    return this.#current;
  }

  of({ login }: { readonly login: string }): PacingQueue {
    const known = this.#queues.get(login);
    this.#current = known ?? this.#begin(login);
    return this.#current;
  }

  #begin(login: string): PacingQueue {
    const { limits, clock, folder } = this.#options;
    const memoryMs = limits.small.ms;
    const journal = folder === undefined ? undefined : new PacingJournal({ folder, login, memoryMs, clock });
    const queue = new PacingQueue({ limits, clock, ...(journal === undefined ? {} : { journal }) });
    this.#queues.set(login, queue);
    return queue;
  }
}
