/** Upper bounds in seconds: from a call on this machine to the longest wait for an answer. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface Latencies {
  readonly count: number;
  readonly sumSeconds: number;
  readonly maxSeconds: number;
  /** How many took no longer than `seconds`, as Prometheus counts: each bucket contains the ones before it. */
  readonly buckets: readonly { readonly seconds: number; readonly count: number }[];
}

/** Durations by size, in a fixed amount of memory. */
export class LatencyHistogram {
  readonly #counts = bounds.map(() => 0);
  #count = 0;
  #sumSeconds = 0;
  #maxSeconds = 0;

  record(ms: number): void {
    const seconds = ms / 1_000;
    this.#count += 1;
    this.#sumSeconds += seconds;
    this.#maxSeconds = Math.max(this.#maxSeconds, seconds);
    const place = bounds.findIndex((bound) => seconds <= bound);
    if (place >= 0) this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  get latencies(): Latencies {
    let below = 0;
    const buckets = bounds.map((seconds, place) => ({ seconds, count: (below += this.#counts[place] ?? 0) }));
    return { count: this.#count, sumSeconds: this.#sumSeconds, maxSeconds: this.#maxSeconds, buckets };
  }
}
