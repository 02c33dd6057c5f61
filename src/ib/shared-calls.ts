import { CancellationSource, cancelledError, type CancellationToken } from '../async/index.ts';

/** Who waits for an answer, and is told meanwhile what happens. */
export interface Ask {
  readonly token: CancellationToken;
  /** Told what the request is doing: waiting, and for what, or under way. */
  readonly onPhase?: (phase: string) => void;
}

interface SharedCall<T> {
  readonly answer: Promise<T>;
  readonly source: CancellationSource;
  readonly receivers: Set<Ask>;
  phase?: string;
}

/**
 * One call for all who want the same at the same time. A cancel ends only the own wait; that of the last who waits ends
 * the call.
 */
export class SharedCalls<T> {
  readonly #calls = new Map<string, SharedCall<T>>();

  run(key: string, ask: Ask, call: (shared: Required<Ask>) => Promise<T>): Promise<T> {
    if (ask.token.isCancelled) return Promise.reject(cancelledError(ask.token.reason ?? 'user', key));
    const joined = this.#calls.get(key);
    const shared = joined ?? this.#begin(key, call);
    shared.receivers.add(ask);
    if (joined?.phase !== undefined) ask.onPhase?.(joined.phase);
    return new Promise((resolve, reject) => {
      const listening = ask.token.onCancelled(() => {
        shared.receivers.delete(ask);
        if (shared.receivers.size === 0) {
          this.#forget(key, shared);
          shared.source.cancel(ask.token.reason);
        }
        reject(cancelledError(ask.token.reason ?? 'user', key));
      });
      shared.answer.then(resolve, reject).finally(() => listening[Symbol.dispose]());
    });
  }

  #begin(key: string, call: (shared: Required<Ask>) => Promise<T>): SharedCall<T> {
    const source = new CancellationSource();
    const receivers = new Set<Ask>();
    const onPhase = (phase: string): void => {
      shared.phase = phase;
      for (const { onPhase: tell } of receivers) tell?.(phase);
    };
    const answer = Promise.resolve()
      .then(() => call({ token: source.token, onPhase }))
      .finally(() => {
        this.#forget(key, shared);
        source[Symbol.dispose]();
      });
    const shared: SharedCall<T> = { answer, source, receivers };
    this.#calls.set(key, shared);
    return shared;
  }

  #forget(key: string, shared: SharedCall<T>): void {
    if (this.#calls.get(key) === shared) this.#calls.delete(key);
  }
}
