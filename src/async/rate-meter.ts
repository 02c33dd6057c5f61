interface RateMeterOptions {
  /** How far back the rate looks: what is older by this weighs 1/e of what is new. */
  readonly memoryMs: number;
  /** Until so much has been observed there is no rate. */
  readonly knownAfterMs?: number;
}

/** The recent rate at which a number rises, from observations at any distance. The first one is where it counts from. */
export class RateMeter {
  readonly #memoryMs: number;
  readonly #knownAfterMs: number;
  #last: { value: number; at: number } | undefined;
  // Rise and time, both forgotten at the same pace: their ratio is the plain average while there is little to forget.
  #rise = 0;
  #spentMs = 0;
  #observedMs = 0;

  constructor({ memoryMs, knownAfterMs = 1_000 }: RateMeterOptions) {
    this.#memoryMs = memoryMs;
    this.#knownAfterMs = knownAfterMs;
  }

  /** `at` in milliseconds that only rise. A value below the last one begins anew. */
  observe(value: number, at: number): void {
    if (this.#last === undefined || value < this.#last.value) {
      this.reset();
      this.#last = { value, at };
      return;
    }
    const ms = at - this.#last.at;
    const kept = Math.exp(-ms / this.#memoryMs);
    this.#rise = this.#rise * kept + (value - this.#last.value);
    this.#spentMs = this.#spentMs * kept + ms;
    this.#observedMs += ms;
    this.#last = { value, at };
  }

  /** Per millisecond; undefined until it is known. */
  get perMs(): number | undefined {
    return this.#observedMs < this.#knownAfterMs ? undefined : this.#rise / this.#spentMs;
  }

  reset(): void {
    this.#last = undefined;
    this.#rise = 0;
    this.#spentMs = 0;
    this.#observedMs = 0;
  }
}
