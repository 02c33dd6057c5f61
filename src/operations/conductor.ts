import { CancellationSource, type CancelReason, type Clock } from '../async/index.ts';
import { KtrdrError, newOperationId, parse, type Logger } from '../base/index.ts';
import { actAtDeadline } from './act-at-deadline.ts';
import { Children } from './children.ts';
import type { OperationContract, StartedOperation } from './contract.ts';
import { endedResult } from './ended-result.ts';
import { placeOf, WaitingChildren, type Family } from './family.ts';
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
  readonly #waiting = new WaitingChildren();

  constructor(options: ConductorOptions) {
    this.#options = options;
    const { slots, clock } = options;
    this.#slots = new Slots({ slots, clock, onPlace: (id, place) => this.#running.get(id)?.owned.queued(place) });
  }

  get resources(): ReturnType<Slots['usage']> {
    return this.#slots.usage();
  }

  /** Whether an operation runs here, or waits for its parent that does. */
  goesOn(id: string): boolean {
    return this.#running.has(id) || this.#waiting.has(id);
  }

  /** Leaves a child to its parent. */
  keepFor(parent: string, id: string): void {
    this.#waiting.add(id, parent);
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
      if (kind.contract.resume === 'auto') this.#leave(id);
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

  /** From the record on: deadline, queue, work, end. */
  #conduct(
    kind: Kind,
    input: unknown,
    { owned, source, checkpoint, parent, pauseMs = 0 }: Conduct,
  ): StartedOperation<unknown> {
    const { clock, log, graceMs, root, keepsDebug, quietFor, onEnd } = this.#options;
    const { id, priority, traceId, resumedFrom } = owned.operation;
    const { token } = source;
    const entry = { id, resource: kind.resource, priority };
    const result = runAttempt({
      kind,
      input,
      owned,
      token,
      checkpoint,
      clock,
      log,
      graceMs,
      root,
      keepsDebug,
      isStop: token.isCancelled,
      isLeaving: () => this.#isLeaving(id),
      onFraction: parent?.onFraction ?? (() => {}),
      admitted: async () => {
        if (resumedFrom !== undefined) await unlessCancelled(quietFor(resumedFrom), token);
        if (pauseMs > 0) await clock.sleep(pauseMs, token);
        await this.#slots.take(entry, token);
      },
      children: (progress) =>
        new Children({
          id,
          token,
          progress,
          start: (contract, childInput, { name, ...listeners }) => {
            const family: Family = { id, token, ...listeners };
            return this.#startChild(contract, childInput, { name, parent: family, traceId });
          },
          stop: (child) => this.#stopChild(child, { id, reason: 'shutdown' }),
          abandon: () => this.#abandon(id),
          slot: {
            giveBack: () => this.#slots.giveBack(id),
            takeAgain: () => this.#slots.take({ ...entry, priority: Infinity }, token),
          },
        }),
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
      this.#stopChild(id, { id: parent.id, reason: parent.token.reason ?? 'user' }),
    );
    const deadline = actAtDeadline(owned.operation, clock, () => this.cancel(id, 'timeout'));
    return { id, result };
  }

  #startChild<I, C, R>(
    { type }: OperationContract<I, C, R>,
    rawInput: I,
    { name, parent, traceId }: { name: string | undefined; parent: Family; traceId: string | undefined },
  ): StartedOperation<R> {
    const { operations, clock, kindOf } = this.#options;
    const kind = kindOf(type);
    const input = parse(kind.contract.input, rawInput, `The input of ${type}`);
    const named = `${parent.id}.${name ?? newOperationId(type, clock.now())}`;
    const { id, existing, before } = placeOf(named, (wanted) => operations.find(wanted));
    const trace = traceId === undefined ? {} : { traceId };
    const lineage = before === undefined ? {} : { resumedFrom: before };
    const { result } =
      existing === undefined
        ? this.open(kind, input, { id, parent, ...trace, ...lineage })
        : this.#meet(existing, { kind, input, parent });
    return { id, result: result as Promise<R> };
  }

  /** A child that waits for its parent is taken up again; one that runs or has completed is joined. */
  #meet(
    existing: Operation,
    { kind, input, parent }: { kind: Kind; input: unknown; parent: Family },
  ): StartedOperation<unknown> {
    if (!this.#waiting.has(existing.id)) return this.join(existing, kind, input);
    assertSameWork(existing, kind.contract, input);
    this.#waiting.take(existing.id);
    return this.takeUp(kind, input, { operation: existing, parent });
  }

  #isLeaving(id: string): boolean {
    return this.#running.get(id)?.isLeaving === true;
  }

  /** A child whose parent is left to the next process waits for it there. */
  #stopChild(id: string, parent: { id: string; reason: CancelReason }): void {
    if (!this.#isLeaving(parent.id)) return this.cancel(id, parent.reason);
    this.#waiting.add(id, parent.id);
    this.#leave(id);
  }

  #leave(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.isLeaving = true;
    running.source.cancel('shutdown');
  }

  /** Ends what waits for a parent that goes on no more. */
  #abandon(parent: string): void {
    for (const child of this.#waiting.takeAllOf(parent)) this.cancel(child, 'shutdown');
  }
}
