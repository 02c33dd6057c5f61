/** Where work left off, kept so that its next attempt need not begin from nothing. */
export interface Checkpoint {
  /** What the last attempt saved last; undefined when there is nothing. Comes back as JSON: parse it. */
  readonly last: unknown;
  /**
   * Keeps a small value, of at most 64 KiB as JSON, in place of the one before. It is durable when this returns; in a
   * thread it is on its way then, and the values arrive in order.
   */
  save(value: unknown): void;
}

/** For work that runs on its own, outside an operation. */
export const noCheckpoint: Checkpoint = { last: undefined, save: () => {} };
