import {
  CancellationSource,
  CancellationToken,
  type CancelReason,
  type Clock,
  type ProgressState,
} from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
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
  end(outcome: Outcome, result?: EncodedResult): void;
}

/** The register of operations: everybody reads, follows and cancels here. What it announces is already on disk. */
export class OperationsService {
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #live = new Map<string, { operation: Operation; source: CancellationSource; writtenAt: number }>();
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
      this.#write(cancelRequested(live.operation, reason, this.#clock.now()));
      live.source.cancel(reason);
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
    this.#live.set(operation.id, { operation, source, writtenAt: this.#clock.elapsed() });
    const current = (): Operation => this.get(operation.id);
    return {
      start: () => this.#write(started(current(), this.#clock.now())),
      progress: (progress, message) => this.#writeProgress({ ...current(), progress, message }),
      end: (outcome, result) => {
        const stopping =
          outcome.status === 'cancelled' && current().status !== 'cancelling'
            ? cancelRequested(current(), 'user', this.#clock.now())
            : current();
        this.#write(ended(stopping, outcome, this.#clock.now()), result);
      },
    };
  }

  /** True while work with this id is going on in this process. */
  isLive(id: string): boolean {
    return this.#live.has(id);
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

  #writeProgress(operation: Operation): void {
    const live = this.#live.get(operation.id);
    if (live === undefined) return;
    if (this.#clock.elapsed() - live.writtenAt >= progressToDiskMs) {
      this.#write(operation);
    } else {
      live.operation = this.#nextVersion(operation);
      this.#announce(operation.id);
    }
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
