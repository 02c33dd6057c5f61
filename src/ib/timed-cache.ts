import type { CancellationToken, Clock } from '../async/index.ts';
import { unlessCancelled } from './unless-cancelled.ts';

interface TimedCacheOptions {
  readonly clock: Clock;
  readonly lifeMs: number;
  /** Beyond it the oldest entry is forgotten. */
  readonly maxEntries: number;
}

/**
 * Remembers answers for a while; a failure is none, and neither is `undefined`, which may change at any time. What is
 * being asked already is waited for, not asked again.
 */
export class TimedCache<V> {
  readonly #options: TimedCacheOptions;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  readonly #asking = new Map<string, Promise<V>>();

  constructor(options: TimedCacheOptions) {
    this.#options = options;
  }

  async get(key: string, token: CancellationToken, ask: () => Promise<V>): Promise<V> {
    for (;;) {
      const held = this.#entries.get(key);
      if (held !== undefined && this.#options.clock.elapsed() < held.until) return held.value;
      const asking = this.#asking.get(key);
      if (asking === undefined) break;
      // Whoever asks may fail for a reason of its own, such as a cancel.
      await unlessCancelled(
        asking.catch(() => {}),
        token,
        key,
      );
    }
    const answer = ask();
    this.#asking.set(key, answer);
    try {
      const value = await answer;
      if (value !== undefined) this.#keep(key, value);
      return value;
    } finally {
      this.#asking.delete(key);
    }
  }

  #keep(key: string, value: V): void {
    const { clock, lifeMs, maxEntries } = this.#options;
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: clock.elapsed() + lifeMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }
}
