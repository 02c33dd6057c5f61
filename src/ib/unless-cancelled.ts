import { cancelledError, type CancellationToken } from '../async/index.ts';

/** Waits for what others wait for, too: a cancel ends this wait alone. `what` is waited for, in words. */
export function unlessCancelled<T>(promise: Promise<T>, token: CancellationToken, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const listening = token.onCancelled(() => reject(cancelledError(token.reason ?? 'user', what)));
    void promise.then(resolve, reject).finally(() => listening[Symbol.dispose]());
  });
}
