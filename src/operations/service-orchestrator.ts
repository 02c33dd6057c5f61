import { isDeepStrictEqual } from 'node:util';
import { CancellationSource, type CancelReason, type Clock } from '../async/index.ts';
import { KtrdrError, newOperationId, operationIdSchema, parse, type Logger } from '../base/index.ts';
import { Children } from './children.ts';
import { decodeResult, type OperationContract, type OperationWork } from './contract.ts';
import { asKept, beginning, inputOf, newOperation } from './new-operation.ts';
import { isTerminal, retried, type Operation } from './operation.ts';
import type { Retention } from './operation-store.ts';
import type { OperationsService, OwnedOperation } from './operations-service.ts';
import { endOf, recoveryOf } from './recovery-of.ts';
import { runAttempt, type Kind } from './run-attempt.ts';
import { Slots } from './slots.ts';

export interface StartOptions {
  /** Chosen by the client, so that a start whose answer was lost can be repeated and cancelled; made here when absent. */
  id?: string;
  /** After this time, waiting included, the operation is cancelled with reason `timeout`. */
  deadlineMs?: number;
  /** Among those that wait for the same resource; the highest goes first. */
  priority?: number;
  /** The trace of the request that asks for it. */
  traceId?: string;
}

export interface StartedOperation<R> {
  readonly id: string;
  /** Settles when the record has ended. A caller that only wants the record may ignore it. */
  readonly result: Promise<R>;
}

interface RegisterOptions {
  /** What the work needs a slot of while it runs. */
  resource?: string;
}

interface OrchestratorOptions {
  operations: OperationsService;
  clock: Clock;
  log: Logger;
  /** How many operations may hold a resource at the same time; one that is not named here is not limited. */
  slots?: Readonly<Record<string, number>>;
  /** Work that has not stopped so long after a cancel is left behind, and its operation ends. */
  graceMs?: number;
  /** What is kept of ended operations; everything when absent. */
  retain?: Retention;
  /** Files below this folder are named relative to it in the records of errors. */
  root?: string;
}

const defaultGraceMs = 10_000;
const retainEveryMs = 60_000;

/** Starts registered work as operations: validates, records, queues, runs, reports, ends. Knows nothing of what the work is. */
export class ServiceOrchestrator implements AsyncDisposable {
  readonly operations: OperationsService;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #slots: Slots;
  readonly #graceMs: number;
  readonly #retain: Retention | undefined;
  readonly #root: string | undefined;
  readonly #kinds = new Map<string, Kind>();
  readonly #running = new Map<string, Running>();
  #retainedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor({ operations, clock, log, slots = {}, graceMs = defaultGraceMs, retain, root }: OrchestratorOptions) {
    this.operations = operations;
    this.#clock = clock;
    this.#log = log;
    this.#slots = new Slots({ slots, clock, onPlace: (id, place) => this.#running.get(id)?.owned.queued(place) });
    this.#graceMs = graceMs;
    this.#retain = retain;
    this.#root = root;
  }

  register<I, C, R>(
    contract: OperationContract<I, C, R>,
    work: OperationWork<I, C, R>,
    { resource }: RegisterOptions = {},
  ): this {
    this.#kinds.set(contract.type, {
      contract: contract as OperationContract<unknown, unknown, unknown>,
      work: work as OperationWork<unknown, unknown, unknown>,
      resource,
    });
    return this;
  }

  /** The contracts this orchestrator can run, in the order of their registration. */
  get contracts(): OperationContract<unknown, unknown, unknown>[] {
    return [...this.#kinds.values()].map(({ contract }) => contract);
  }

  /** How full each limited resource is, and how many wait for it. */
  get resources(): Record<string, { slots: number; holding: number; waiting: number }> {
    return this.#slots.usage();
  }

  /**
   * Starts work, or joins the operation that already has this id and the same input.
   * @throws KtrdrError `not_found` for an unknown type, `invalid_input`, `conflict` when the id belongs to other work.
   */
  start<I, C, R>(contract: OperationContract<I, C, R>, input: I, options: StartOptions = {}): StartedOperation<R> {
    const { id, result } = this.startByType(contract.type, input, options);
    return { id, result: result as Promise<R> };
  }

  startByType(type: string, rawInput: unknown, options: StartOptions = {}): StartedOperation<unknown> {
    this.#assertOpen();
    const kind = this.#kind(type);
    const input = parse(kind.contract.input, rawInput, `The input of ${type}`);
    const id =
      options.id === undefined
        ? newOperationId(type, this.#clock.now())
        : parse(operationIdSchema, options.id, 'The operation id');
    const existing = this.operations.find(id);
    return existing === undefined ? this.#open(kind, input, { ...options, id }) : this.#join(existing, kind, input);
  }

  /**
   * Goes on from an ended operation, as a new one with its input and its last checkpoint; the old record stays as it is.
   * Asking again while the new one is unfinished joins that.
   * @throws KtrdrError `not_found`, `conflict` for what has not ended or has completed, `failed_precondition` for work that
   * cannot go on.
   */
  resume(id: string, options: Omit<StartOptions, 'priority'> = {}): StartedOperation<unknown> {
    this.#assertOpen();
    const old = this.operations.get(id);
    if (old.status !== 'failed' && old.status !== 'cancelled') {
      throw new KtrdrError(
        'conflict',
        `Operation "${id}" is ${old.status}; only one that failed or was cancelled can be resumed.`,
      );
    }
    const kind = this.#kind(old.type);
    if (kind.contract.resume === 'never') {
      throw new KtrdrError('failed_precondition', `Operations of type ${old.type} cannot be resumed; start a new one.`);
    }
    const input = inputOf(kind.contract, old);
    const under = this.operations.live.find(({ resumedFrom, parent }) => resumedFrom === id && parent === undefined);
    if (under !== undefined) return this.#join(under, kind, input);
    const newId = options.id ?? newOperationId(old.type, this.#clock.now());
    const existing = this.operations.find(newId);
    if (existing !== undefined) return this.#join(existing, kind, input);
    return this.#open(kind, input, { ...options, priority: old.priority, id: newId, resumedFrom: id });
  }

  /**
   * Start-up after an end of any kind: what an earlier process left unfinished waits again, is tried again, or ends, each
   * by the policy of its contract. To be called once everything is registered.
   */
  recover(): void {
    for (const id of this.operations.leftBehind()) {
      try {
        this.#recover(this.operations.get(id));
      } catch (refused) {
        // One record that cannot be read must not keep the others from going on.
        this.#log.error('an operation was not recovered', { operation: id, error: KtrdrError.from(refused).message });
      }
    }
    this.#forget();
  }

  /** Starts nothing more, cancels what runs with reason `shutdown`, and waits until it has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const id of this.#running.keys()) this.#cancel(id, 'shutdown');
    await Promise.allSettled([...this.#running.values()].map(({ result }) => result));
    this.#slots[Symbol.dispose]();
  }

  #open(kind: Kind, input: unknown, options: OpenOptions): StartedOperation<unknown> {
    const { parent, resumedFrom } = options;
    const source = new CancellationSource();
    const checkpoint = resumedFrom === undefined ? undefined : this.operations.checkpoint(resumedFrom);
    const now = this.#clock.now();
    const operation = newOperation(kind.contract, input, { ...options, parent: parent?.id, now });
    const owned = this.operations.open(operation, source, checkpoint);
    return this.#conduct(kind, input, { owned, source, checkpoint, ...(parent === undefined ? {} : { parent }) });
  }

  #recover(operation: Operation): void {
    const { id, type, attempt } = operation;
    const known = this.#kinds.get(type);
    const recovery = recoveryOf(operation, known && (known.contract.resume ?? 'manual'));
    this.#log.info('operation found unfinished', { operation: id, type, attempt, recovery: recovery.kind });
    if (recovery.kind === 'interrupted' || recovery.kind === 'cancelled') {
      this.operations.endLeftBehind(operation, endOf(operation, recovery));
      return;
    }
    const kind = this.#kind(type);
    let input: unknown;
    try {
      input = inputOf(kind.contract, operation);
    } catch (thrown) {
      this.operations.endLeftBehind(operation, { status: 'failed', error: KtrdrError.from(thrown).toProblem() });
      return;
    }
    const source = new CancellationSource();
    const next =
      recovery.kind === 'retry' ? retried(operation, beginning(kind.contract, input, this.#clock.now())) : operation;
    const owned = this.operations.takeOver(next, source);
    const pauseMs = recovery.kind === 'retry' ? recovery.pauseMs : 0;
    this.#conduct(kind, input, { owned, source, checkpoint: this.operations.checkpoint(id), pauseMs });
  }

  /** From the record on: deadline, queue, work, end. */
  #conduct(
    kind: Kind,
    input: unknown,
    { owned, source, checkpoint, parent, pauseMs = 0 }: Conduct,
  ): StartedOperation<unknown> {
    const { id, priority, createdAt, deadlineAt, traceId } = owned.operation;
    const { token } = source;
    const entry = { id, resource: kind.resource, priority };
    const result = runAttempt({
      kind,
      input,
      owned,
      token,
      checkpoint,
      clock: this.#clock,
      log: this.#log,
      graceMs: this.#graceMs,
      root: this.#root,
      onFraction: parent?.onFraction ?? (() => {}),
      admitted: async () => {
        if (pauseMs > 0) await this.#clock.sleep(pauseMs, token);
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
          cancel: (child) => this.#cancel(child, 'shutdown'),
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
      this.#forgetAtTimes();
    });
    this.#running.set(id, { owned, result });
    // The record tells how it ended; a caller that is not interested in the promise must not crash the process.
    result.catch(() => {});
    const listening = parent?.token.onCancelled(() => this.#cancel(id, parent.token.reason ?? 'user'));
    const deadline =
      deadlineAt === undefined
        ? undefined
        : // Over a restart the time of day counts; a clock that was set back meanwhile makes it no longer than it was.
          this.#after(Math.min(deadlineAt - this.#clock.now(), deadlineAt - createdAt), () =>
            this.#cancel(id, 'timeout'),
          );
    return { id, result };
  }

  /**
   * A child that has a name is met again by a later attempt of its parent: its result is taken when it completed; when it
   * did not, another one goes on from its checkpoint, under the same name and a number.
   */
  #startChild<I, C, R>(
    { type }: OperationContract<I, C, R>,
    rawInput: I,
    { name, parent, traceId }: { name: string | undefined; parent: Family; traceId: string | undefined },
  ): StartedOperation<R> {
    this.#assertOpen();
    const kind = this.#kind(type);
    const input = parse(kind.contract.input, rawInput, `The input of ${type}`);
    const trace = traceId === undefined ? {} : { traceId };
    const named = `${parent.id}.${name ?? newOperationId(type, this.#clock.now())}`;
    let before: string | undefined;
    for (let number = 1; ; number += 1) {
      const wanted = number === 1 ? named : `${named}.${number}`;
      const id = parse(operationIdSchema, wanted, 'The id of a part of an operation');
      const existing = this.operations.find(id);
      if (existing !== undefined && isTerminal(existing.status) && existing.status !== 'completed') {
        before = id;
        continue;
      }
      const child =
        existing === undefined
          ? this.#open(kind, input, { id, parent, ...trace, ...(before === undefined ? {} : { resumedFrom: before }) })
          : this.#join(existing, kind, input);
      return { id, result: child.result as Promise<R> };
    }
  }

  #join(existing: Operation, kind: Kind, input: unknown): StartedOperation<unknown> {
    const { id } = existing;
    // Compared as JSON, which is how the first input was kept.
    const same = existing.type === kind.contract.type && isDeepStrictEqual(existing.input, asKept(input));
    if (!same)
      throw new KtrdrError('conflict', `Operation "${id}" exists with another type or input; choose another id.`);
    const result = this.#running.get(id)?.result ?? this.#ended(existing, kind);
    result.catch(() => {});
    return { id, result };
  }

  async #ended({ id, status, error }: Operation, kind: Kind): Promise<unknown> {
    if (status === 'completed') return decodeResult(kind.contract, this.operations.result(id).bytes);
    if (error !== undefined && isTerminal(status)) throw KtrdrError.fromProblem(error);
    throw new KtrdrError('internal', `Operation "${id}" is ${status} but does not run here.`);
  }

  #kind(type: string): Kind {
    const kind = this.#kinds.get(type);
    if (kind !== undefined) return kind;
    const known = [...this.#kinds.keys()].join(', ');
    throw new KtrdrError('not_found', `There is no operation type "${type}" here; there is: ${known}.`);
  }

  #assertOpen(): void {
    if (this.#closed) throw new KtrdrError('unavailable', 'The service is shutting down and starts no more work.');
  }

  /** A cancel that nobody waits for: what the store has against it is for the log. */
  #cancel(id: string, reason: CancelReason): void {
    try {
      this.operations.cancel(id, reason);
    } catch (refused) {
      this.#log.error('a cancel was not recorded', { operation: id, error: KtrdrError.from(refused).message });
    }
  }

  /** Acts after a time, which may be longer than a timer can count, or over. Whoever sets the clock does not move it. */
  #after(ms: number, act: () => void): Disposable {
    const dueAt = this.#clock.elapsed() + ms;
    let timer: Disposable | undefined;
    const look = (): void => {
      const wait = dueAt - this.#clock.elapsed();
      if (wait <= 0) act();
      else timer = this.#clock.after(wait, look);
    };
    look();
    return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
  }

  #forgetAtTimes(): void {
    if (this.#clock.elapsed() - this.#retainedAt >= retainEveryMs) this.#forget();
  }

  #forget(): void {
    if (this.#retain === undefined) return;
    this.#retainedAt = this.#clock.elapsed();
    try {
      this.operations.prune(this.#retain);
    } catch (refused) {
      this.#log.warn('old operations were not removed', { error: KtrdrError.from(refused).message });
    }
  }
}

interface Running {
  readonly owned: OwnedOperation;
  readonly result: Promise<unknown>;
}

interface OpenOptions extends Omit<StartOptions, 'id'> {
  readonly id: string;
  readonly parent?: Family;
  readonly resumedFrom?: string;
}

/** What a child needs of its parent. */
interface Family {
  readonly id: string;
  readonly token: CancellationSource['token'];
  readonly onFraction: (fraction: number) => void;
  readonly onEnd: () => void;
}

interface Conduct {
  readonly owned: OwnedOperation;
  readonly source: CancellationSource;
  readonly checkpoint: string | undefined;
  readonly parent?: Family;
  readonly pauseMs?: number;
}
