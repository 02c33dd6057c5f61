import { CancellationToken, type CancelReason, type Clock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { Changes } from './changes.ts';
import type { EncodedResult } from './contract.ts';
import type { LogsPage } from './log-line.ts';
import type { MetricsPage } from './metrics-page.ts';
import { LiveOperations } from './live-operations.ts';
import type { OwnedOperation, Owning } from './owned-operation.ts';
import { isTerminal, operationStatuses, type Operation, type OperationStatus, type Outcome } from './operation.ts';
import type { OperationFilter, OperationPage, PageRequest } from './operation-query.ts';
import type { OperationStore, Retention } from './operation-store.ts';
import type { UnconfirmedCancels } from './unconfirmed-cancels.ts';

interface WatchOptions {
  /** Only versions above this one. */
  after?: number;
  token?: CancellationToken;
}

/** The register of operations: everybody reads, follows and cancels here. A change of status is on disk before it is announced. */
export class OperationsService {
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #changes = new Changes();
  readonly #live: LiveOperations;

  constructor(store: OperationStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#live = new LiveOperations(store, clock, this.#changes);
  }

  /** @throws KtrdrError `not_found`. */
  get(id: string): Operation {
    const operation = this.find(id);
    if (operation === undefined) throw new KtrdrError('not_found', `There is no operation "${id}".`);
    return operation;
  }

  find(id: string): Operation | undefined {
    return this.#live.find(id) ?? this.#store.find(id);
  }

  /** Newest first. Going on by `nextCursor` meets every operation that was there at the beginning exactly once. */
  list(request: PageRequest = {}): OperationPage {
    const page = this.#store.list(request);
    return {
      ...page,
      operations: page.operations.map((operation) => this.#live.find(operation.id) ?? operation),
    };
  }

  counts(): { type: string; status: OperationStatus; count: number }[] {
    return this.#store.counts();
  }

  /** The encoded result of a completed operation. @throws KtrdrError `not_found`, or `failed_precondition` when there is none (yet). */
  result(id: string): EncodedResult {
    const { status } = this.get(id);
    const result = this.#store.result(id);
    if (result === undefined) {
      throw new KtrdrError('failed_precondition', `Operation "${id}" is ${status} and has no result.`);
    }
    return result;
  }

  /**
   * The points of an operation's curves behind a cursor, in the order in which they were recorded. A point whose step is
   * not above that of the one before takes the place of all from there on. @throws KtrdrError `not_found`.
   */
  metrics(id: string, { after = 0, limit = 1_000 }: { after?: number; limit?: number } = {}): MetricsPage {
    return this.#store.metrics.page(this.get(id).id, { after, limit });
  }

  /**
   * What an operation and its work said on their way, behind a cursor, oldest first; all that has been said by now.
   * @throws KtrdrError `not_found`.
   */
  logs(id: string, { after = 0, limit = 1_000 }: { after?: number; limit?: number } = {}): LogsPage {
    const operation = this.get(id);
    this.#store.flushLogs();
    return this.#store.logs.page(operation.id, { after, limit });
  }

  /** Asks an operation to stop. Asking again, or after the end, changes nothing and is no error. */
  cancel(id: string, reason: CancelReason = 'user'): Operation {
    this.#live.cancel(id, reason);
    return this.get(id);
  }

  /**
   * The operation as it is now, if newer than version `after`, then each later version; ends after the terminal one. A slow reader skips
   * versions, it never queues them: each event is the whole operation, so nothing is lost that still matters.
   */
  async *watch(
    id: string,
    { after = 0, token = CancellationToken.none }: WatchOptions = {},
  ): AsyncGenerator<Operation, void, undefined> {
    let seen = after;
    for (;;) {
      const operation = this.get(id);
      if (operation.version > seen) {
        seen = operation.version;
        yield operation;
      }
      if (isTerminal(operation.status)) return;
      if (this.get(id).version > seen) continue;
      await this.#changes.next(token, id);
      if (token.isCancelled) return;
    }
  }

  /**
   * The operations that the filter lets through: without `after` those that have not ended, with it all that changed after
   * that version, in the order of their last changes; then each further change, until the token is cancelled. Whoever was
   * away goes on from the last version it saw; `after: 0` begins with everything that is kept. As with `watch`, a slow
   * reader skips versions; nothing is queued for it.
   */
  async *watchAll({
    after,
    filter = {},
    token = CancellationToken.none,
  }: WatchOptions & { filter?: OperationFilter } = {}): AsyncGenerator<Operation, void, undefined> {
    // Up to here, what has ended is old news.
    const news = after === undefined ? this.#live.lastVersion : 0;
    let seen = after ?? 0;
    while (!token.isCancelled) {
      const isBeginning = seen < news;
      const operation = this.#firstAfter(seen, isBeginning ? unfinishedOnly(filter) : filter);
      if (isBeginning && (operation === undefined || operation.version > news)) {
        seen = news;
      } else if (operation === undefined) {
        // All that is older was looked at, and is not let through.
        seen = Math.max(seen, this.#live.lastVersion);
        await this.#changes.next(token);
      } else {
        seen = operation.version;
        yield operation;
      }
    }
  }

  /** Registers new work. The record is written when this returns. Only the orchestrator calls it. */
  open(operation: Operation, owning: Owning): OwnedOperation {
    return this.#live.open(operation, owning);
  }

  /** Takes over what an earlier process left unfinished, in the state that it is to go on from. */
  takeOver(operation: Operation, owning: Owning): OwnedOperation {
    return this.#live.takeOver(operation, owning);
  }

  /** Ends what an earlier process left unfinished. */
  endLeftBehind(operation: Operation, outcome: Outcome): void {
    this.#live.endLeftBehind(operation, outcome);
  }

  /** The ids of what an earlier process left unfinished, oldest first. */
  leftBehind(): string[] {
    return this.#store.unfinished().filter((id) => this.#live.find(id) === undefined);
  }

  /** What goes on in this process. */
  get live(): Operation[] {
    return this.#live.all;
  }

  /** What was cancelled and may still run elsewhere. Only the orchestrator looks after it. */
  get unconfirmed(): UnconfirmedCancels {
    return this.#live.unconfirmed;
  }

  checkpoint(id: string): string | undefined {
    return this.#store.checkpoint(id);
  }

  prune(retention: Retention): void {
    this.#store.prune(retention, this.#clock.now());
  }

  #firstAfter(version: number, filter: OperationFilter): Operation | undefined {
    const first = this.#live.firstAfter(version, (operation) => isLetThrough(operation, filter));
    // Of what is live the store knows an older version: it may fill as many rows.
    const rows = this.#store.changedAfter(version, filter, this.#live.size + 1);
    const stored = rows.find(({ id }) => this.#live.find(id) === undefined);
    if (stored === undefined || (first !== undefined && first.version < stored.version)) return first;
    return this.#store.find(stored.id);
  }
}

function isLetThrough(operation: Operation, { status, type, parent }: OperationFilter): boolean {
  return (
    (status === undefined || status.includes(operation.status)) &&
    (type === undefined || operation.type === type) &&
    (parent === undefined || operation.parent === parent)
  );
}

function unfinishedOnly({ status = operationStatuses, ...filter }: OperationFilter): OperationFilter {
  return { ...filter, status: status.filter((one) => !isTerminal(one)) };
}
