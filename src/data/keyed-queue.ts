import { cancelledError, CancellationToken } from '../async/index.ts';

/** Runs work one at a time for each key, in the order of asking; different keys do not wait for each other. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<void>>();

  /** True while work of the key runs or waits. */
  isBusy(key: string): boolean {
    return this.#tails.has(key);
  }

  /**
   * Settles as the work does. Work that fails does not hold up what waits behind it. A cancel ends the wait at once, and
   * the work is not begun; work that has begun looks at the token itself.
   */
  run<T>(key: string, work: () => Promise<T>, token = CancellationToken.none): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = token.onCancelled(() => reject(cancelledError(token.reason ?? 'user', 'the wait for its turn')));
      const turn = (this.#tails.get(key) ?? Promise.resolve()).then(async () => {
        waiting[Symbol.dispose]();
        token.throwIfCancelled('the wait for its turn');
        return work();
      });
      turn.then(resolve, reject);
      const tail: Promise<void> = turn.then(
        () => this.#forget(key, tail),
        () => this.#forget(key, tail),
      );
      this.#tails.set(key, tail);
    });
  }

  /** Resolves when no work is left, including work that is added meanwhile. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  #forget(key: string, tail: Promise<void>): void {
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}
