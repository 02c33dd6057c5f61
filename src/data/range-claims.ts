import { cancelledError, type CancellationToken } from '../async/index.ts';
import type { TimeRange } from '../market/index.ts';

interface Claim {
  readonly range: TimeRange;
  readonly released: Promise<void>;
}

/** Who works on which stretch of which series: nobody else does meanwhile. Stretches that do not overlap wait for nobody. */
export class RangeClaims {
  readonly #claims = new Map<string, Set<Claim>>();

  /** True when the stretch can be claimed at once. */
  isFree(key: string, range: TimeRange): boolean {
    return this.#inTheWay(key, range) === undefined;
  }

  /** Resolves when the stretch is the caller's, until disposed. @throws KtrdrError `cancelled` at once. */
  async claim(key: string, range: TimeRange, token: CancellationToken): Promise<Disposable> {
    for (;;) {
      token.throwIfCancelled('the wait for its turn');
      const other = this.#inTheWay(key, range);
      if (other === undefined) return this.#add(key, range);
      await unlessCancelled(other.released, token);
    }
  }

  #inTheWay(key: string, { start, end }: TimeRange): Claim | undefined {
    for (const claim of this.#claims.get(key) ?? []) {
      if (claim.range.start < end && start < claim.range.end) return claim;
    }
    return undefined;
  }

  #add(key: string, range: TimeRange): Disposable {
    let release = (): void => {};
    const claim: Claim = { range, released: new Promise((resolve) => (release = resolve)) };
    const claims = this.#claims.get(key) ?? new Set();
    this.#claims.set(key, claims.add(claim));
    return {
      [Symbol.dispose]: () => {
        claims.delete(claim);
        if (claims.size === 0) this.#claims.delete(key);
        release();
      },
    };
  }
}

function unlessCancelled(event: Promise<void>, token: CancellationToken): Promise<void> {
  return new Promise((resolve, reject) => {
    const listening = token.onCancelled(() => reject(cancelledError(token.reason ?? 'user', 'the wait for its turn')));
    void event.then(resolve).finally(() => listening[Symbol.dispose]());
  });
}
