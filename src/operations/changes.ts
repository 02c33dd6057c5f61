import type { CancellationToken } from '../async/index.ts';

/** Wakes whoever waits for a change of one operation, or of any. It carries no news: the record is where to look. */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();

  announce(id: string): void {
    for (const key of [id, any]) {
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      for (const wake of waiting ?? []) wake();
    }
  }

  /** Resolves at the next change, and when the token is cancelled. */
  next(token: CancellationToken, id = any): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const wake = (): void => {
        waiting.delete(wake);
        listening[Symbol.dispose]();
        resolve();
      };
      waiting.add(wake);
      const listening = token.onCancelled(() => queueMicrotask(wake));
    });
  }
}

/** No id is empty. */
const any = '';
