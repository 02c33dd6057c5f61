import type { Clock } from '../async/index.ts';

interface TimedCacheOptions {
  readonly clock: Clock;
  readonly lifeMs: number;
  /** Beyond it the oldest entry is forgotten. */
  readonly maxEntries: number;
}

/** Remembers answers for a while. A failure is not an answer. */
export class TimedCache<V> {
  readonly #options: TimedCacheOptions;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(options: TimedCacheOptions) {
    this.#options = options;
  }

  async get(key: string, ask: () => Promise<V>): Promise<V> {
    const { clock, lifeMs, maxEntries } = this.#options;
    const held = this.#entries.get(key);
    if (held !== undefined && clock.elapsed() < held.until) return held.value;
    const value = await ask();
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: clock.elapsed() + lifeMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    return value;
  }
}
