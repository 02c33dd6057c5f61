import { KtrdrError } from '../base/index.ts';

/** Who asked for the stop. A closed set, so that it fits into the one shared word that a thread can read. */
export const cancelReasons = ['user', 'timeout', 'shutdown'] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** The read side of cancellation: work may look and listen, never cancel. Once cancelled, every later look says so too. */
export interface CancellationToken {
  /** One `Atomics.load`; cheap enough for an inner loop, and true in every thread at the same moment. */
  readonly isCancelled: boolean;
  readonly reason: CancelReason | undefined;
  /** For HTTP requests, timers and streams; made on first use. */
  readonly signal: AbortSignal;
  /** Crosses to a worker thread, where `CancellationToken.fromShared` makes a token of it again. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  /** @throws KtrdrError `cancelled`, with the reason in its details. */
  throwIfCancelled(where?: string): void;
  /** Calls back once, at once when already cancelled. Disposing stops listening. */
  onCancelled(listener: () => void): Disposable;
}

export const CancellationToken = {
  /** The token of work that nobody will cancel. */
  get none(): CancellationToken {
    return none;
  },

  /** A token over a word that another thread writes. It hears the write even while its own event loop is idle. */
  fromShared(shared: Int32Array<SharedArrayBuffer>): CancellationToken {
    const token = new SharedToken(shared);
    const wait = Atomics.waitAsync(shared, 0, 0);
    if (wait.async) void wait.value.then(() => token.announce());
    return token;
  },
};

/** The write side. Linked to its parents until disposed; disposing unlinks and does not cancel. */
export class CancellationSource implements Disposable {
  readonly #token = new SharedToken(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)));
  readonly #links: Disposable[];

  constructor(...parents: (CancellationToken | AbortSignal)[]) {
    this.#links = parents.map((parent) =>
      parent instanceof AbortSignal
        ? onAborted(parent, () => this.cancel('user'))
        : parent.onCancelled(() => this.cancel(parent.reason)),
    );
  }

  get token(): CancellationToken {
    return this.#token;
  }

  /** The first reason stays; later calls change nothing. */
  cancel(reason: CancelReason = 'user'): void {
    const { shared } = this.#token;
    if (Atomics.compareExchange(shared, 0, 0, cancelReasons.indexOf(reason) + 1) !== 0) return;
    Atomics.notify(shared, 0);
    this.#token.announce();
  }

  [Symbol.dispose](): void {
    for (const link of this.#links) link[Symbol.dispose]();
  }
}

/** The error that cancelled work ends with. */
export function cancelledError(
  reason: CancelReason,
  where?: string,
  details: Record<string, unknown> = {},
): KtrdrError {
  const cause = { user: 'at the request of the user', timeout: 'at its deadline', shutdown: 'by a shutdown' }[reason];
  const place = where === undefined ? '' : ` during ${where}`;
  return new KtrdrError('cancelled', `Cancelled ${cause}${place}.`, { details: { reason, ...details } });
}

class SharedToken implements CancellationToken {
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly #listeners = new Set<() => void>();
  #controller: AbortController | undefined;

  constructor(shared: Int32Array<SharedArrayBuffer>) {
    this.shared = shared;
  }

  get isCancelled(): boolean {
    return Atomics.load(this.shared, 0) !== 0;
  }

  get reason(): CancelReason | undefined {
    return cancelReasons[Atomics.load(this.shared, 0) - 1];
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      this.onCancelled(() => controller.abort(cancelledError(this.reason ?? 'user')));
    }
    return this.#controller.signal;
  }

  throwIfCancelled(where?: string): void {
    // Not by looking up the reason, which costs several times as much.
    if (this.isCancelled) throw cancelledError(this.reason ?? 'user', where);
  }

  onCancelled(listener: () => void): Disposable {
    if (this.isCancelled) {
      listener();
      return nothingToDispose;
    }
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Every listener hears of it, whatever another one throws; the first error is thrown when all have heard. */
  announce(): void {
    const errors: unknown[] = [];
    // Over the set itself, so that a listener disposed by an earlier one is not called any more.
    for (const listener of this.#listeners) {
      this.#listeners.delete(listener);
      try {
        listener();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

const nothingToDispose: Disposable = { [Symbol.dispose]: () => {} };

// Its word is never written, so listeners would only pile up: it keeps none.
const none: CancellationToken = Object.freeze({
  isCancelled: false,
  reason: undefined,
  signal: new AbortController().signal,
  shared: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  throwIfCancelled: () => {},
  onCancelled: () => nothingToDispose,
});

function onAborted(signal: AbortSignal, listener: () => void): Disposable {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) };
}
