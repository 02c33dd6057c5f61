import {
  cancelReasons,
  CancellationToken,
  type CancellationSource,
  type CancelReason,
  type Clock,
  type ProgressState,
} from '../async/index.ts';
import { KtrdrError, type ProblemDetails } from '../base/index.ts';
import { Changes } from './changes.ts';
import type { EncodedResult } from './contract.ts';
import {
  cancelAcknowledged,
  cancelRequested,
  ended,
  interrupted,
  isTerminal,
  queued,
  started,
  type Beginning,
  type Operation,
  type OperationStatus,
  type Outcome,
} from './operation.ts';
import {
  keptDurations,
  type OperationFilter,
  type OperationPage,
  type OperationStore,
  type PageRequest,
  type Retention,
} from './operation-store.ts';
import { remainingBand } from './remaining-band.ts';
import { VersionCounter } from './version-counter.ts';

/** How often progress, as opposed to a change of status, is written to disk. */
const progressToDiskMs = 1_000;

/**
 * What the owner of an attempt may do with the record. When the operation has ended, or another process has taken over,
 * all of it does nothing: work that was left behind and wakes up late changes no record.
 */
export interface OwnedOperation {
  readonly operation: Operation;
  queued(place: number): void;
  start(beginning: Beginning): void;
  progress(state: ProgressState<unknown>, message: string): void;
  /** @throws what the store throws: work that cannot keep its checkpoints should know. */
  saveCheckpoint(checkpoint: string): void;
  /**
   * Throws what the store throws. An end without a result holds all the same, so that nobody waits for it for ever; on
   * disk the operation is then ended by the next process.
   */
  end(outcome: Outcome, result?: EncodedResult): void;
}

interface WatchOptions {
  /** Only versions above this one. */
  after?: number;
  token?: CancellationToken;
}

/** The register of operations: everybody reads, follows and cancels here. A change of status is on disk before it is announced. */
export class OperationsService {
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #versions: VersionCounter;
  readonly #owner: number;
  readonly #live = new Map<string, Live>();
  readonly #changes = new Changes();
  readonly #durations = new Map<string, number[]>();

  constructor(store: OperationStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#versions = new VersionCounter(store, clock);
    this.#owner = store.claim();
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

  /** Newest first. Going on by `nextCursor` meets every operation that was there at the beginning exactly once. */
  list(request: PageRequest = {}): OperationPage {
    const page = this.#store.list(request);
    return {
      ...page,
      operations: page.operations.map((operation) => this.#live.get(operation.id)?.operation ?? operation),
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

  /** Asks an operation to stop. Asking again, or after the end, changes nothing and is no error. */
  cancel(id: string, reason: CancelReason = 'user'): Operation {
    const live = this.#live.get(id);
    if (live === undefined) return this.get(id);
    if (live.operation.status === 'pending' || live.operation.status === 'running') {
      try {
        this.#write(live, cancelRequested(live.operation, reason, this.#clock.now()));
      } finally {
        // A disk that takes no more must not keep the work from stopping.
        live.source.cancel(reason);
      }
      // The work may have ended inside that call.
      if (this.#live.get(id) === live) this.#write(live, cancelAcknowledged(live.operation, this.#clock.now()));
    }
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
   * All operations that the filter lets through and that changed after version `after`, in the order of their last
   * changes, then each further change, until the token is cancelled. Whoever was away goes on from the last version it
   * saw. As with `watch`, a slow reader skips versions; nothing is queued for it.
   */
  async *watchAll({
    after = 0,
    filter = {},
    token = CancellationToken.none,
  }: WatchOptions & { filter?: OperationFilter } = {}): AsyncGenerator<Operation, void, undefined> {
    let seen = after;
    while (!token.isCancelled) {
      const operation = this.#firstAfter(seen, filter);
      if (operation === undefined) {
        // All that is older was looked at, and is not let through.
        seen = Math.max(seen, this.#versions.last);
        await this.#changes.next(token);
      } else {
        seen = operation.version;
        yield operation;
      }
    }
  }

  /** Registers new work. The record is on disk when this returns. Only the orchestrator calls it. */
  open(operation: Operation, source: CancellationSource, checkpoint?: string): OwnedOperation {
    const first = { ...operation, version: this.#versions.next() };
    this.#store.insert(first, this.#owner, checkpoint);
    const owned = this.#own(first, source);
    this.#changes.announce(first.id);
    return owned;
  }

  /** Takes over what an earlier process left unfinished, in the state that it is to go on from. */
  takeOver(operation: Operation, source: CancellationSource): OwnedOperation {
    const next = { ...operation, version: this.#versions.next() };
    this.#store.takeOver(next, this.#owner);
    const owned = this.#own(next, source);
    this.#changes.announce(next.id);
    return owned;
  }

  /** Ends what an earlier process left unfinished. */
  endLeftBehind(operation: Operation, outcome: Outcome): void {
    const last = ended(interrupted(operation), outcome, this.#clock.now());
    this.#store.takeOver({ ...last, version: this.#versions.next() }, this.#owner);
    this.#changes.announce(last.id);
  }

  /** The ids of what an earlier process left unfinished, oldest first. */
  leftBehind(): string[] {
    return this.#store.unfinished().filter((id) => !this.#live.has(id));
  }

  /** What goes on in this process. */
  get live(): Operation[] {
    return [...this.#live.values()].map(({ operation }) => operation);
  }

  checkpoint(id: string): string | undefined {
    return this.#store.checkpoint(id);
  }

  prune(retention: Retention): void {
    this.#store.prune(retention, this.#clock.now());
  }

  #own(operation: Operation, source: CancellationSource): OwnedOperation {
    const live: Live = { operation, source, writtenAt: this.#clock.elapsed() };
    this.#live.set(operation.id, live);
    const ifOwned = (act: () => void): void => {
      if (this.#live.get(operation.id) === live && !isTerminal(live.operation.status)) act();
    };
    return {
      get operation() {
        return live.operation;
      },
      queued: (place) =>
        ifOwned(() => {
          if (live.operation.status === 'pending' && live.operation.queuePlace !== place)
            this.#show(live, queued(live.operation, place));
        }),
      start: (beginning) => ifOwned(() => this.#write(live, started(live.operation, beginning, this.#clock.now()))),
      progress: (state, message) =>
        ifOwned(() => {
          const remaining = remainingBand(state, this.#durationsOf(operation.type));
          const progress = remaining === undefined ? state : { ...state, remaining };
          this.#writeProgress(live, { ...live.operation, progress, message });
        }),
      saveCheckpoint: (checkpoint) =>
        ifOwned(() => {
          if (!this.#store.saveCheckpoint(live.operation.id, this.#owner, checkpoint)) this.#fence(live);
        }),
      end: (outcome, result) => ifOwned(() => this.#end(live, outcome, result)),
    };
  }

  #end(live: Live, outcome: Outcome, result: EncodedResult | undefined): void {
    const stopping =
      outcome.status === 'cancelled' && live.operation.status !== 'cancelling'
        ? cancelRequested(live.operation, reasonOf(outcome.error), this.#clock.now())
        : live.operation;
    const last = ended(stopping, outcome, this.#clock.now());
    const durationMs = durationOf(last);
    try {
      this.#write(live, last, { result, durationMs });
    } catch (refused) {
      // Nobody must wait for a disk; the mark says that a restart may go on from here after all.
      if (outcome.status !== 'completed') this.#show(live, unrecorded(last));
      throw refused;
    }
    if (durationMs !== undefined) {
      const known = this.#durations.get(last.type);
      if (known !== undefined) this.#durations.set(last.type, [...known, durationMs].slice(-keptDurations));
    }
  }

  #write(live: Live, operation: Operation, ending: Parameters<OperationStore['update']>[2] = {}): void {
    const next = { ...operation, version: this.#versions.next() };
    if (!this.#store.update(next, this.#owner, ending)) return this.#fence(live);
    live.operation = next;
    live.writtenAt = this.#clock.elapsed();
    if (isTerminal(next.status)) this.#live.delete(next.id);
    this.#changes.announce(next.id);
  }

  #writeProgress(live: Live, operation: Operation): void {
    this.#show(live, operation);
    if (this.#clock.elapsed() - live.writtenAt < progressToDiskMs) return;
    live.writtenAt = this.#clock.elapsed();
    if (!this.#store.update(live.operation, this.#owner)) this.#fence(live);
  }

  /** A new version that only this process knows of. */
  #show(live: Live, operation: Operation): void {
    live.operation = { ...operation, version: this.#versions.next() };
    this.#changes.announce(operation.id);
  }

  /** Another owner has taken over: this one's work is to stop, and is heard no more. */
  #fence(live: Live): void {
    this.#live.delete(live.operation.id);
    live.source.cancel('shutdown');
  }

  #firstAfter(version: number, filter: OperationFilter): Operation | undefined {
    let first: Operation | undefined;
    for (const { operation } of this.#live.values()) {
      const isNext = operation.version > version && (first === undefined || operation.version < first.version);
      if (isNext && isLetThrough(operation, filter)) first = operation;
    }
    // Of what is live the store knows an older version: it may fill as many rows.
    const rows = this.#store.changedAfter(version, filter, this.#live.size + 1);
    const stored = rows.find(({ id }) => !this.#live.has(id));
    if (stored === undefined || (first !== undefined && first.version < stored.version)) return first;
    return this.#store.find(stored.id);
  }

  #durationsOf(type: string): number[] {
    let durations = this.#durations.get(type);
    if (durations === undefined) {
      durations = this.#store.durations(type);
      this.#durations.set(type, durations);
    }
    return durations;
  }
}

/** An operation whose work goes on in this process. */
interface Live {
  operation: Operation;
  readonly source: CancellationSource;
  writtenAt: number;
}

function isLetThrough(operation: Operation, { status, type, parent }: OperationFilter): boolean {
  return (
    (status === undefined || status.includes(operation.status)) &&
    (type === undefined || operation.type === type) &&
    (parent === undefined || operation.parent === parent)
  );
}

/** For the history of the type: of work that completed in one go. */
function durationOf({ status, attempt, resumedFrom, startedAt, endedAt }: Operation): number | undefined {
  const inOneGo = status === 'completed' && attempt === 1 && resumedFrom === undefined;
  return inOneGo && startedAt !== undefined && endedAt !== undefined ? Math.max(0, endedAt - startedAt) : undefined;
}

/** Why work says that it was cancelled; it may have been asked elsewhere, for example on the host that runs it. */
function reasonOf({ details }: ProblemDetails): CancelReason {
  return cancelReasons.find((reason) => reason === details?.['reason']) ?? 'user';
}

/** An end that the disk did not take: true for now, and not for the next process. */
function unrecorded(operation: Operation): Operation {
  const { error } = operation;
  if (error === undefined) return operation;
  return { ...operation, error: { ...error, details: { ...error.details, unrecorded: true } } };
}
