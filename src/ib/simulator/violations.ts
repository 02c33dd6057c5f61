/** A rule of the gateway that a client broke. */
export interface Violation {
  /** Epoch milliseconds by the simulator's clock. */
  readonly at: number;
  readonly connection: number;
  /** -1 where no request broke it. */
  readonly request: number;
  readonly rule: BrokenRule;
}

export type BrokenRule = 'pacing' | 'live_pacing' | 'message_rate' | 'open_requests' | 'duplicate_id';

const kept = 1000;

/** The latest broken rules, oldest first. */
export class Violations {
  readonly #list: Violation[] = [];

  add(violation: Violation): void {
    this.#list.push(violation);
    if (this.#list.length > kept) this.#list.shift();
  }

  get list(): readonly Violation[] {
    return [...this.#list];
  }
}
