import { cancelledError, cancelReasons, type CancelReason, type Clock } from '../async/index.ts';
import type { ProblemDetails } from '../base/index.ts';
import type { Changes } from './changes.ts';
import type { EncodedResult } from './contract.ts';
import { durationOf, Durations } from './durations.ts';
import {
  cancelAcknowledged,
  cancelRequested,
  ended,
  hasBegun,
  interrupted,
  isTerminal,
  queued,
  released,
  started,
  type Operation,
  type Outcome,
} from './operation.ts';
import type { OperationStore } from './operation-store.ts';
import type { OwnedOperation, Owning } from './owned-operation.ts';
import { RecordLog } from './record-log.ts';
import { remainingBand } from './remaining-band.ts';
import { UnconfirmedCancels } from './unconfirmed-cancels.ts';
import { VersionCounter } from './version-counter.ts';

/** How often progress, as opposed to a change of status, is written; it waits for no disk. */
const progressToDiskMs = 1_000;

/** An operation whose work goes on in this process. */
interface Live extends Pick<Owning, 'source' | 'outlives'> {
  operation: Operation;
  writtenAt: number;
}

/** The operations of this process: all that is ever written to a record is written here, and announced when it is written. */
export class LiveOperations {
  /** Those of them that were cancelled and may still run elsewhere. */
  readonly unconfirmed: UnconfirmedCancels;
  readonly #store: OperationStore;
  readonly #clock: Clock;
  readonly #changes: Changes;
  readonly #versions: VersionCounter;
  readonly #owner: number;
  readonly #live = new Map<string, Live>();
  readonly #durations: Durations;
  readonly #log: RecordLog;

  constructor(store: OperationStore, clock: Clock, changes: Changes) {
    this.#store = store;
    this.#clock = clock;
    this.#changes = changes;
    this.#versions = new VersionCounter(store, clock);
    this.#owner = store.claim();
    this.#durations = new Durations(store);
    this.#log = new RecordLog({ store, clock, owner: this.#owner });
    this.unconfirmed = new UnconfirmedCancels({ store, log: this.#log, owner: this.#owner });
  }

  /** Every change from now on has a higher version. */
  get lastVersion(): number {
    return this.#versions.last;
  }

  get all(): Operation[] {
    return [...this.#live.values()].map(({ operation }) => operation);
  }

  get size(): number {
    return this.#live.size;
  }

  /** The one that changed first after a version, of those that are let through. */
  firstAfter(version: number, isLetThrough: (operation: Operation) => boolean): Operation | undefined {
    let first: Operation | undefined;
    for (const { operation } of this.#live.values()) {
      const isNext = operation.version > version && (first === undefined || operation.version < first.version);
      if (isNext && isLetThrough(operation)) first = operation;
    }
    return first;
  }

  find(id: string): Operation | undefined {
    return this.#live.get(id)?.operation;
  }

  open(operation: Operation, owning: Owning): OwnedOperation {
    const first = { ...operation, version: this.#versions.next() };
    this.#record(owning, () => this.#store.insert(first, this.#owner, owning.checkpoint));
    const owned = this.#own(first, owning);
    this.#log.tell(undefined, first);
    this.#changes.announce(first.id);
    return owned;
  }

  takeOver(operation: Operation, owning: Owning): OwnedOperation {
    const next = { ...operation, version: this.#versions.next() };
    this.#store.takeOver(next, this.#owner);
    const owned = this.#own(next, owning);
    if (next.status === 'pending') this.#log.tell(undefined, next);
    this.#changes.announce(next.id);
    return owned;
  }

  /** Ends what does not go on here. */
  endLeftBehind(operation: Operation, outcome: Outcome): void {
    const last = ended(interrupted(operation), outcome, this.#clock.now());
    this.#store.takeOver({ ...last, version: this.#versions.next() }, this.#owner);
    this.#log.tell(operation, last);
    this.#changes.announce(last.id);
    this.unconfirmed.note(last);
  }

  cancel(id: string, reason: CancelReason): void {
    const live = this.#live.get(id);
    if (live === undefined) return this.#cancelWaiting(id, reason);
    if (live.operation.status !== 'pending' && live.operation.status !== 'running') return;
    try {
      this.#write(live, cancelRequested(live.operation, reason, this.#clock.now()));
    } finally {
      // A disk that takes no more must not keep the work from stopping.
      live.source.cancel(reason);
    }
    // The work may have ended inside that call.
    if (this.#live.get(id) === live) this.#write(live, cancelAcknowledged(live.operation, this.#clock.now()));
  }

  /** What waits for its parent, or for the next start, has nothing to stop here. */
  #cancelWaiting(id: string, reason: CancelReason): void {
    const operation = this.#store.find(id);
    if (operation?.status !== 'pending') return;
    const details = hasBegun(operation) ? { unconfirmed: true } : {};
    const error = cancelledError(reason, 'its wait', details).toProblem();
    const asked = cancelRequested(operation, reason, this.#clock.now());
    this.endLeftBehind(asked, { status: 'cancelled', error, forced: false });
  }

  #own(operation: Operation, { source, outlives }: Owning): OwnedOperation {
    const live: Live = { operation, source, outlives, writtenAt: this.#clock.elapsed() };
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
          const remaining = remainingBand(state, this.#durations.of(operation.type));
          const progress = remaining === undefined ? state : { ...state, remaining };
          this.#writeProgress(live, { ...live.operation, progress, message });
        }),
      measure: (points) =>
        ifOwned(() =>
          this.#store.unsynced(() => this.#store.metrics.add(live.operation.id, points, this.#clock.now())),
        ),
      log: (lines, origin) => ifOwned(() => this.#log.keep(live.operation.id, lines, origin)),
      logCursorOf: (source) => this.#log.cursorOf(operation.id, source),
      saveCheckpoint: (checkpoint) =>
        ifOwned(() => {
          if (!this.#store.saveCheckpoint(live.operation.id, this.#owner, checkpoint)) this.#fence(live);
        }),
      end: (outcome, result) => ifOwned(() => this.#end(live, outcome, result)),
      release: () =>
        ifOwned(() => {
          try {
            this.#write(live, released(live.operation, this.#clock.now()));
          } finally {
            this.#live.delete(operation.id);
          }
        }),
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
    if (durationMs !== undefined) this.#durations.add(last.type, durationMs);
  }

  #write(live: Live, operation: Operation, ending: Parameters<OperationStore['update']>[2] = {}): void {
    const next = { ...operation, version: this.#versions.next() };
    if (!this.#record(live, () => this.#store.update(next, this.#owner, ending))) return this.#fence(live);
    this.#log.tell(live.operation, next);
    live.operation = next;
    live.writtenAt = this.#clock.elapsed();
    if (isTerminal(next.status)) this.#live.delete(next.id);
    this.#changes.announce(next.id);
    this.unconfirmed.note(next);
  }

  #writeProgress(live: Live, operation: Operation): void {
    this.#show(live, operation);
    if (this.#clock.elapsed() - live.writtenAt < progressToDiskMs) return;
    live.writtenAt = this.#clock.elapsed();
    // A hundred that report would else have everybody wait for the disk.
    if (!this.#store.unsynced(() => this.#store.update(live.operation, this.#owner))) this.#fence(live);
  }

  #record<T>({ outlives }: Pick<Owning, 'outlives'>, write: () => T): T {
    return outlives === 'process' ? this.#store.unsynced(write) : write();
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
