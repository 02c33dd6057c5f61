import { cancelledError, type CancellationToken, type Clock } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';

export interface Call {
  /** What is asked for, in words for an error: `the contract details of AAPL`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly token: CancellationToken;
  readonly send: (id: number) => void;
  /** Tells the gateway that nobody waits any more. */
  readonly abandon: (id: number) => void;
}

interface Pending<T> {
  readonly what: string;
  readonly askedAt: number;
  readonly items: T[];
  readonly resolve: (items: T[]) => void;
  readonly reject: (error: KtrdrError) => void;
}

export interface PendingCallsOptions {
  readonly clock: Clock;
  readonly nextId: () => number;
  /** The number of the message whose bytes are coming in: while there is one, a call is given more time. */
  readonly messageComingIn: () => number | undefined;
  /** A call had to be given up although it was given more time, and during all of that the same message came in. */
  readonly onClogged: (forMs: number) => void;
}

/** How often an answer that is still coming in is looked at, and how far it may stretch its time. */
const extensionMs = 5_000;
const longestStretch = 5;

/** Requests of one kind that wait for their answers. The library itself knows no timeout and settles nothing. */
export class PendingCalls<T> {
  readonly #options: PendingCallsOptions;
  readonly #calls = new Map<number, Pending<T>>();

  constructor(options: PendingCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Sends a request and collects its answer. A cancel and a timeout tell the gateway first, then settle at once. */
  async start({ what, timeoutMs, token, send, abandon }: Call): Promise<T[]> {
    token.throwIfCancelled(what);
    const { clock, nextId, messageComingIn, onClogged } = this.#options;
    const id = nextId();
    const askedAt = clock.elapsed();
    return await new Promise<T[]>((resolve, reject) => {
      const giveUp = (error: KtrdrError): void => {
        abandon(id);
        settle(() => reject(error));
      };
      const extendedAt = clock.elapsed() + timeoutMs;
      const deadline = extendedAt + timeoutMs * (longestStretch - 1);
      let first: number | undefined;
      const onTimer = (): void => {
        const message = messageComingIn();
        first ??= message;
        if (message !== undefined && clock.elapsed() < deadline) {
          timer = clock.after(Math.min(extensionMs, timeoutMs), onTimer);
          return;
        }
        giveUp(timedOut(what, timeoutMs));
        if (message !== undefined && message === first) onClogged(clock.elapsed() - extendedAt);
      };
      let timer = clock.after(timeoutMs, onTimer);
      const listening = token.onCancelled(() => giveUp(cancelledError(token.reason ?? 'user', what)));
      const settle = (how: () => void): void => {
        this.#calls.delete(id);
        timer[Symbol.dispose]();
        listening[Symbol.dispose]();
        how();
      };
      this.#calls.set(id, {
        what,
        askedAt,
        items: [],
        resolve: (items) => settle(() => resolve(items)),
        reject: (error) => settle(() => reject(error)),
      });
      try {
        send(id);
      } catch (error) {
        settle(() => reject(KtrdrError.from(error)));
      }
    });
  }

  /** When an open request was sent, by `elapsed`. */
  askedAt(id: number): number | undefined {
    return this.#calls.get(id)?.askedAt;
  }

  /** A part of an answer. Answers that nobody waits for are dropped. */
  add(id: number, item: T): void {
    this.#calls.get(id)?.items.push(item);
  }

  /** The answer is complete; true when somebody waited for it. */
  finish(id: number): boolean {
    const call = this.#calls.get(id);
    call?.resolve(call.items);
    return call !== undefined;
  }

  /** True when somebody waited for it. */
  fail(id: number, error: (what: string) => KtrdrError): boolean {
    const call = this.#calls.get(id);
    call?.reject(error(call.what));
    return call !== undefined;
  }

  failAll(error: (what: string) => KtrdrError): void {
    for (const id of this.#calls.keys()) this.fail(id, error);
  }
}

function timedOut(what: string, timeoutMs: number): KtrdrError {
  return new KtrdrError(
    'deadline_exceeded',
    `The gateway did not answer the request for ${what} in ${timeoutMs / 1_000} s. Try again; if it stays silent, restart TWS or IB Gateway.`,
  );
}
