import type { Clock } from '../async/index.ts';
import { SharedCalls, type Ask } from './shared-calls.ts';

interface TimedCacheOptions {
  readonly clock: Clock;
  readonly lifeMs: number;
  /** Beyond it the oldest entry is forgotten. To be left out where so few answers come in `lifeMs` that all may be kept. */
  readonly maxEntries?: number;
}

/**
 * Remembers answers for a while; a failure is none, and neither is `undefined`, which may change at any time. What is
 * being asked already is waited for, not asked again.
 */
export class TimedCache<V> {
  readonly #options: TimedCacheOptions;
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();
  readonly #asking = new SharedCalls<V>();

  constructor(options: TimedCacheOptions) {
    this.#options = options;
  }

  /** `call` is given a token of its own: it ends when nobody waits for the answer any more. */
  async get(key: string, ask: Ask, call: (shared: Required<Ask>) => Promise<V>): Promise<V> {
    this.#forgetOld();
    const held = this.#entries.get(key);
    if (held !== undefined) return held.value;
    return this.#asking.run(key, ask, async (shared) => {
      const value = await call(shared);
      if (value !== undefined) this.#keep(key, value);
      return value;
    });
  }

  /** An answer that turned out to be of no use: who asks next gets another one. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  #forgetOld(): void {
    const now = this.#options.clock.elapsed();
    for (const [key, { until }] of this.#entries) {
      if (now < until) break;
      this.#entries.delete(key);
    }
  }

  #keep(key: string, value: V): void {
    const { clock, lifeMs, maxEntries = Infinity } = this.#options;
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: clock.elapsed() + lifeMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) this.#entries.delete(oldest);
  }
}
