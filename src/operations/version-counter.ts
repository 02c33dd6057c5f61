import type { Clock } from '../async/index.ts';
import type { OperationStore } from './operation-store.ts';

/** How many milliseconds are reserved at once: one small write a minute. */
const reservedMs = 60_000;

/**
 * One rising number over all changes of all operations of a store. The time serves as number, so that it rises also over
 * records that were lost; what may have been announced is reserved on disk before, so that it rises over a restart also
 * when the clock was set back meanwhile.
 */
export class VersionCounter {
  readonly #store: OperationStore;
  readonly #clock: Clock;
  #last: number;
  #reserved: number;

  constructor(store: OperationStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#reserved = store.reservedVersion;
    this.#last = this.#reserved;
  }

  /** Every change from now on has a higher one. */
  get last(): number {
    return this.#last;
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, Math.round(this.#clock.now()));
    if (this.#last > this.#reserved) this.#reserve();
    return this.#last;
  }

  #reserve(): void {
    const upTo = this.#last + reservedMs;
    try {
      this.#store.reserveVersions(upTo);
      this.#reserved = upTo;
    } catch {
      // A disk that takes no more: whatever has to be durable says so itself; the next number tries again.
    }
  }
}
