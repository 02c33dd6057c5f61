import { cancelledError, type CancellationToken, type Clock } from '../async/index.ts';

interface Time {
  readonly token: CancellationToken;
  readonly clock: Clock;
  /** After a cancel work may take so long to stop; then it is left behind. */
  readonly graceMs: number;
}

/** As the work settles, or cancelled by force when it has not settled in the grace time after a cancel. */
export function settledInTime<T>(work: Promise<T>, { token, clock, graceMs }: Time): Promise<T> {
  return new Promise((resolve, reject) => {
    let grace: Disposable | undefined;
    const listening = token.onCancelled(() => {
      grace = clock.after(graceMs, () => reject(cancelledError(token.reason ?? 'user', undefined, { forced: true })));
    });
    work.then(resolve, reject).finally(() => {
      listening[Symbol.dispose]();
      grace?.[Symbol.dispose]();
    });
  });
}

/** As a wait settles, or cancelled as soon as the token is. */
export function unlessCancelled<T>(wait: Promise<T>, token: CancellationToken): Promise<T> {
  return new Promise((resolve, reject) => {
    const listening = token.onCancelled(() => reject(cancelledError(token.reason ?? 'user')));
    wait.then(resolve, reject).finally(() => listening[Symbol.dispose]());
  });
}
