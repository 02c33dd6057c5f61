import {
  cancelReasons,
  CancellationToken,
  type CancellationSource,
  type CancelReason,
  type Clock,
  type ProgressState,
} from '../async/index.ts';
import { KtrdrError, type ProblemDetails } from '../base/index.ts';
import type { EncodedResult } from './contract.ts';
import {
  cancelAcknowledged,
  cancelRequested,
  ended,
  isTerminal,
  started,
  type Operation,
  type Outcome,
} from './operation.ts';
import type { OperationFilter, OperationStore } from './operation-store.ts';

/** How often progress, as opposed to a change of status, is written to disk. */
const progressToDiskMs = 1_000;

/** What a running operation's owner may do with its record. */
export interface RunningOperation {
  start(): void;
  progress(state: ProgressState<unknown>, message: string): void;
  /**
   * Throws what the store throws. An end without a result holds all the same, so that nobody waits for it for ever; on
   * disk the operation is then ended by the next process.
   */
  end(outcome: Outcome, result?: EncodedResult): void;
}

/** The register of operations: everybody reads, follows and cancels here. A change of status is on disk before it is announced. */
export class OperationsService {
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #live = new Map<string, Live>();
  readonly #watchers = new Map<string, Set<() => void>>();

  constructor(store: OperationStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#endInterrupted();
  }

  /** @throws KtrdrError `not_found`. */
  get(id: string): Operation {
    const operation = this.find(id);
    if (operation === undefined) throw new KtrdrError('not_found', `There is no operation "${id}".`);
    return operation;
  }

  find(id: string): Operation | undefined {
    return this.#live.get(id)?.operation ?? this.#store.find(id);
  }

  /** Newest first. `total` counts what the filter lets through, regardless of the page. */
  list(filter: OperationFilter = {}): { operations: Operation[]; total: number } {
    const { operations, total } = this.#store.list(filter);
    return { operations: operations.map((operation) => this.#live.get(operation.id)?.operation ?? operation), total };
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

  /** Asks an operation to stop. Asking again, or after the end, changes nothing and is no error. */
  cancel(id: string, reason: CancelReason = 'user'): Operation {
    const live = this.#live.get(id);
    if (live === undefined) return this.get(id);
    if (live.operation.status === 'pending' || live.operation.status === 'running') {
      try {
        this.#write(cancelRequested(live.operation, reason, this.#clock.now()));
      } finally {
        // A disk that takes no more must not keep the work from stopping.
        live.source.cancel(reason);
      }
      // The work may have ended inside that call.
      if (this.#live.has(id)) this.#write(cancelAcknowledged(live.operation, this.#clock.now()));
    }
    return this.get(id);
  }

  /**
   * The operation as it is now, if newer than version `after`, then each later version; ends after the terminal one. A slow reader skips
   * versions, it never queues them: each event is the whole operation, so nothing is lost that still matters.
   */
  async *watch(
    id: string,
    { after = 0, token = CancellationToken.none }: { after?: number; token?: CancellationToken } = {},
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
      await this.#nextChange(id, token);
      if (token.isCancelled) return;
    }
  }

  /** Registers new work. The record is on disk when this returns. Only the orchestrator calls it. */
  open(operation: Operation, source: CancellationSource): RunningOperation {
    this.#store.insert(operation);
    const live: Live = { operation, source, writtenAt: this.#clock.elapsed() };
    this.#live.set(operation.id, live);
    return {
      start: () => this.#write(started(live.operation, this.#clock.now())),
      progress: (progress, message) => this.#writeProgress(live, { ...live.operation, progress, message }),
      end: (outcome, result) => {
        const stopping =
          outcome.status === 'cancelled' && live.operation.status !== 'cancelling'
            ? cancelRequested(live.operation, reasonOf(outcome.error), this.#clock.now())
            : live.operation;
        const last = ended(stopping, outcome, this.#clock.now());
        try {
          this.#write(last, result);
        } catch (refused) {
          if (outcome.status !== 'completed') this.#show(live, last);
          throw refused;
        }
      },
    };
  }

  #write(operation: Operation, result?: EncodedResult): void {
    const next = this.#nextVersion(operation);
    this.#store.update(next, result);
    const live = this.#live.get(next.id);
    if (live !== undefined) {
      live.operation = next;
      live.writtenAt = this.#clock.elapsed();
    }
    if (isTerminal(next.status)) this.#live.delete(next.id);
    this.#announce(next.id);
  }

  #writeProgress(live: Live, operation: Operation): void {
    this.#show(live, operation);
    if (this.#clock.elapsed() - live.writtenAt < progressToDiskMs) return;
    live.writtenAt = this.#clock.elapsed();
    this.#store.update(live.operation);
  }

  /** A new version that only this process knows of. */
  #show(live: Live, operation: Operation): void {
    live.operation = this.#nextVersion(operation);
    this.#announce(operation.id);
  }

  /** The time serves as version, so that it rises over a restart although coalesced progress was never written. */
  #nextVersion(operation: Operation): Operation {
    return { ...operation, version: Math.max(operation.version + 1, Math.round(this.#clock.now())) };
  }

  #announce(id: string): void {
    const watchers = this.#watchers.get(id);
    this.#watchers.delete(id);
    for (const wake of watchers ?? []) wake();
  }

  #nextChange(id: string, token: CancellationToken): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#watchers.get(id) ?? new Set();
      this.#watchers.set(id, watchers);
      const wake = (): void => {
        watchers.delete(wake);
        listening[Symbol.dispose]();
        resolve();
      };
      watchers.add(wake);
      const listening = token.onCancelled(() => queueMicrotask(wake));
    });
  }

  /** Start-up and recovery are one path: what a dead process left unfinished ends here, and says so. */
  #endInterrupted(): void {
    const { operations } = this.#store.list({ status: ['pending', 'running', 'cancelling'], limit: 100_000 });
    for (const operation of operations) {
      const error = new KtrdrError(
        'interrupted',
        `The process that ran operation ${operation.id} ended before it did. Start it again; what it had stored is kept.`,
      );
      this.#write(ended(operation, { status: 'failed', error: error.toProblem() }, this.#clock.now()));
    }
  }
}

/** An operation whose work goes on in this process. */
interface Live {
  operation: Operation;
  readonly source: CancellationSource;
  writtenAt: number;
}

/** Why work says that it was cancelled; it may have been asked elsewhere, for example on the host that runs it. */
function reasonOf({ details }: ProblemDetails): CancelReason {
  return cancelReasons.find((reason) => reason === details?.['reason']) ?? 'user';
}
