import type { Clock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { isTerminal, type Operation, type ServiceOrchestrator } from '../operations/index.ts';

interface FollowersOptions {
  readonly orchestrator: ServiceOrchestrator;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an operation goes on without one: who lost the connection is back sooner. */
  readonly patienceMs: number;
}

interface Followed {
  count: number;
  end: Disposable | undefined;
}

/**
 * Who follows the operations that clients have started here and whose contract says that they end `unfollowed`. One that
 * has had no follower for a while is cancelled with reason `timeout`.
 */
export class Followers implements Disposable {
  readonly #options: FollowersOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: FollowersOptions) {
    this.#options = options;
  }

  /** A client has started the operation, or joined it, and is about to follow it. */
  expect({ id, type, status }: Operation): void {
    const contract = this.#options.orchestrator.contracts.find((each) => each.type === type);
    if (contract?.unfollowed !== 'ends' || isTerminal(status)) return;
    if (!this.#followed.has(id)) this.#followed.set(id, { count: 0, end: undefined });
    this.follow(id)[Symbol.dispose]();
  }

  /** A client follows it until the result is disposed of. What no client has started is not kept account of. */
  follow(id: string): Disposable {
    const followed = this.#followed.get(id);
    if (followed === undefined) return { [Symbol.dispose]: () => {} };
    followed.count += 1;
    followed.end?.[Symbol.dispose]();
    return {
      [Symbol.dispose]: () => {
        followed.count -= 1;
        if (followed.count === 0) this.#endSoon(id, followed);
      },
    };
  }

  [Symbol.dispose](): void {
    for (const { end } of this.#followed.values()) end?.[Symbol.dispose]();
    this.#followed.clear();
  }

  #endSoon(id: string, followed: Followed): void {
    const { orchestrator, clock, log, patienceMs } = this.#options;
    const { operations } = orchestrator;
    const isOver = (): boolean => isTerminal(operations.find(id)?.status ?? 'cancelled');
    // A host that shuts down ends its operations itself.
    if (this.#followed.get(id) !== followed) return;
    if (isOver()) return void this.#followed.delete(id);
    followed.end = clock.after(patienceMs, () => {
      this.#followed.delete(id);
      if (isOver()) return;
      log.warn('nobody follows an operation any more, so it ends', { operation: id, patienceMs });
      orchestrator.stop(id, 'timeout');
    });
  }
}
