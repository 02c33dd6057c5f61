import type { Clock } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import type { Retention } from './operation-store.ts';
import type { OperationsService } from './operations-service.ts';

const everyMs = 60_000;

interface HousekeepingOptions {
  readonly operations: OperationsService;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is kept of ended operations; everything when undefined. */
  readonly retain: Retention | undefined;
}

/** Removes ended operations that are not to be kept any longer. */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #doneAt = Number.NEGATIVE_INFINITY;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  /** At most once a minute. */
  doAtTimes(): void {
    if (this.#options.clock.elapsed() - this.#doneAt >= everyMs) this.doNow();
  }

  doNow(): void {
    const { operations, clock, log, retain } = this.#options;
    if (retain === undefined) return;
    this.#doneAt = clock.elapsed();
    try {
      operations.prune(retain);
    } catch (refused) {
      log.warn('old operations were not removed', { error: KtrdrError.from(refused).message });
    }
  }
}
