import { CancellationSource, type CancelReason, type Clock, type Progress } from '../async/index.ts';
import { KtrdrError, type Logger } from '../base/index.ts';
import { actAtDeadline } from './act-at-deadline.ts';
import { Children } from './children.ts';
import type { StartedOperation } from './contract.ts';
import { endedResult } from './ended-result.ts';
import { Families, type Family } from './families.ts';
import type { OwnedOperation } from './owned-operation.ts';
import { assertSameWork, newOperation, type NewOperation } from './new-operation.ts';
import type { Operation } from './operation.ts';
import type { OperationsService } from './operations-service.ts';
import { runAttempt, type Kind } from './run-attempt.ts';
import { unlessCancelled } from './settled-in-time.ts';
import { Slots } from './slots.ts';

interface ConductorOptions {
  readonly operations: OperationsService;
  readonly clock: Clock;
  readonly log: Logger;
  readonly slots: Readonly<Record<string, number>>;
  /** Work that has not stopped so long after a cancel is left behind, and its operation ends. */
  readonly graceMs: number;
  readonly root: string | undefined;
  readonly keepsDebug: boolean;
  /** @throws KtrdrError `not_found` for a type that nobody registered, `unavailable` when nothing more is started. */
  readonly kindOf: (type: string) => Kind;
  /** Resolves when nobody has the work of an ended operation stopped any more, see `CancelReminder`. */
  readonly quietFor: (id: string) => Promise<void>;
  /** Called whenever one has ended. */
  readonly onEnd: () => void;
}

interface Opening extends Omit<NewOperation, 'parent'> {
  readonly parent?: Family;
}

interface Conduct {
  readonly owned: OwnedOperation;
  readonly source: CancellationSource;
  readonly checkpoint: string | undefined;
  readonly parent?: Family;
  readonly pauseMs?: number;
}

/** An operation between its record and its end. */
interface Running {
  readonly owned: OwnedOperation;
  readonly source: CancellationSource;
  readonly kind: Kind;
  readonly parent: string | undefined;
  readonly result: Promise<unknown>;
  /** A shutdown stops it, and the next process goes on with it. */
  isLeaving: boolean;
}

/** Brings operations from their records to their ends: deadline, queue, work, children, shutdown. */
export class Conductor {
  readonly #options: ConductorOptions;
  readonly #slots: Slots;
  readonly #running = new Map<string, Running>();
  readonly #families: Families;

  constructor(options: ConductorOptions) {
    this.#options = options;
    this.#families = new Families({ ...options, conductor: this });
    const { slots, clock } = options;
    this.#slots = new Slots({ slots, clock, onPlace: (id, place) => this.#running.get(id)?.owned.queued(place) });
  }

  get resources(): ReturnType<Slots['usage']> {
    return this.#slots.usage();
  }

  /** Whether an operation runs here, or waits for its parent that does. */
  goesOn(id: string): boolean {
    return this.#running.has(id) || this.#families.isWaiting(id);
  }

  /** Leaves a child to its parent. */
  keepFor(parent: string, id: string): void {
    this.#families.keepFor(parent, id);
  }

  /** New work. */
  open(kind: Kind, input: unknown, options: Opening): StartedOperation<unknown> {
    const { operations, clock } = this.#options;
    const { parent, resumedFrom } = options;
    const source = new CancellationSource();
    const checkpoint = resumedFrom === undefined ? undefined : operations.checkpoint(resumedFrom);
    const operation = newOperation(kind.contract, input, { ...options, parent: parent?.id, now: clock.now() });
    const { outlives } = kind.contract;
    const owned = operations.open(operation, { source, checkpoint, outlives });
    return this.#conduct(kind, input, { owned, source, checkpoint, ...(parent === undefined ? {} : { parent }) });
  }

  /** What an earlier process began, in the state that it is to go on from; what was to be cancelled only stops. */
  takeUp(
    kind: Kind,
    input: unknown,
    { operation, ...rest }: { operation: Operation; pauseMs?: number; parent?: Family },
  ): StartedOperation<unknown> {
    const { operations } = this.#options;
    const source = new CancellationSource();
    if (operation.status === 'cancelling') source.cancel(operation.cancellation?.reason);
    const owned = operations.takeOver(operation, { source, outlives: kind.contract.outlives });
    return this.#conduct(kind, input, { owned, source, checkpoint: operations.checkpoint(operation.id), ...rest });
  }

  /** @throws KtrdrError `conflict` when the operation is other work. */
  join(existing: Operation, kind: Kind, input: unknown): StartedOperation<unknown> {
    assertSameWork(existing, kind.contract, input);
    const { id } = existing;
    const result = this.#running.get(id)?.result ?? endedResult(existing, kind.contract, this.#options.operations);
    result.catch(() => {});
    return { id, result };
  }

  /**
   * Stops everything with reason `shutdown` and waits for it. What resumes by itself is left to the next process, with its
   * children; everything else is cancelled, with its own.
   */
  async shutDown(): Promise<void> {
    for (const [id, { kind, parent }] of this.#running) {
      // Children go with their parents.
      if (parent !== undefined && this.#running.has(parent)) continue;
      if (kind.contract.resume === 'auto') this.leave(id);
      else this.cancel(id, 'shutdown');
    }
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
    this.#slots[Symbol.dispose]();
  }

  /** A cancel that nobody waits for: what the store has against it is for the log. */
  cancel(id: string, reason: CancelReason): void {
    const { operations, log } = this.#options;
    try {
      operations.cancel(id, reason);
    } catch (refused) {
      log.error('a cancel was not recorded', { operation: id, error: KtrdrError.from(refused).message });
    }
  }

  /** Stops it, to be gone on with by the next process. */
  leave(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.isLeaving = true;
    running.source.cancel('shutdown');
  }

  isLeaving(id: string): boolean {
    return this.#running.get(id)?.isLeaving === true;
  }

  /** From the record on: deadline, queue, work, end. */
  #conduct(kind: Kind, input: unknown, conduct: Conduct): StartedOperation<unknown> {
    const { clock, onEnd } = this.#options;
    const { owned, source, checkpoint, parent } = conduct;
    const { token } = source;
    const { id } = owned.operation;
    const result = runAttempt({
      ...this.#options,
      kind,
      input,
      owned,
      token,
      checkpoint,
      isStop: token.isCancelled,
      isLeaving: () => this.isLeaving(id),
      onFraction: parent?.onFraction ?? (() => {}),
      admitted: () => this.#admit(kind, conduct),
      children: (progress) => this.#childrenOf(kind, conduct, progress),
    }).finally(() => {
      // A parent that wants its slot again has to be in the queue before this one is free.
      parent?.onEnd();
      this.#slots.giveBack(id);
      deadline?.[Symbol.dispose]();
      listening?.[Symbol.dispose]();
      source[Symbol.dispose]();
      this.#running.delete(id);
      onEnd();
    });
    this.#running.set(id, { owned, source, kind, parent: parent?.id, result, isLeaving: false });
    // The record tells how it ended; a caller that is not interested in the promise must not crash the process.
    result.catch(() => {});
    const listening = parent?.token.onCancelled(() =>
      this.#families.stop(id, { id: parent.id, reason: parent.token.reason ?? 'user' }),
    );
    const deadline = actAtDeadline(owned.operation, clock, () => this.cancel(id, 'timeout'));
    return { id, result };
  }

  /** Resolves when the work may begin. */
  async #admit({ resource }: Kind, { owned, source: { token }, pauseMs = 0 }: Conduct): Promise<void> {
    const { clock, quietFor } = this.#options;
    const { id, priority, resumedFrom } = owned.operation;
    if (resumedFrom !== undefined) await unlessCancelled(quietFor(resumedFrom), token);
    if (pauseMs > 0) await clock.sleep(pauseMs, token);
    await this.#slots.take({ id, resource, priority }, token);
  }

  #childrenOf(
    { resource }: Kind,
    { owned, source: { token } }: Conduct,
    progress: Progress<unknown>,
  ): Children<unknown> {
    const { id, traceId } = owned.operation;
    return new Children({
      id,
      token,
      progress,
      start: (contract, input, { name, ...listeners }) =>
        this.#families.start(contract, input, { name, parent: { id, token, ...listeners }, traceId }),
      stop: (child) => this.#families.stop(child, { id, reason: 'shutdown' }),
      abandon: () => this.#families.abandon(id),
      slot: {
        giveBack: () => this.#slots.giveBack(id),
        takeAgain: () => this.#slots.take({ id, resource, priority: Infinity }, token),
      },
    });
  }
}
