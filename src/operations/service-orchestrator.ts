import type { CancelReason, Clock } from '../async/index.ts';
import { KtrdrError, newOperationId, operationIdSchema, parse, type Logger } from '../base/index.ts';
import { CancelReminder } from './cancel-reminder.ts';
import { Conductor } from './conductor.ts';
import type { OperationContract, OperationWork, StartedOperation } from './contract.ts';
import { Housekeeping } from './housekeeping.ts';
import { inputOf } from './new-operation.ts';
import { isTerminal, type Operation } from './operation.ts';
import type { Retention } from './operation-store.ts';
import type { OperationsService } from './operations-service.ts';
import { recoverAll } from './recover-all.ts';
import type { Kind } from './run-attempt.ts';

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
  /** Whether lines of level debug are kept with the records, too. */
  keepsDebug?: boolean;
}

const defaultGraceMs = 10_000;

/** Starts registered work as operations: validates, records, queues, runs, reports, ends. Knows nothing of what the work is. */
export class ServiceOrchestrator implements AsyncDisposable {
  readonly operations: OperationsService;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #conductor: Conductor;
  readonly #housekeeping: Housekeeping;
  readonly #reminder: CancelReminder;
  readonly #kinds = new Map<string, Kind>();
  #closed = false;

  constructor({
    operations,
    clock,
    log,
    slots = {},
    graceMs = defaultGraceMs,
    retain,
    root,
    keepsDebug = false,
  }: OrchestratorOptions) {
    this.operations = operations;
    this.#clock = clock;
    this.#log = log;
    this.#housekeeping = new Housekeeping({ operations, clock, log, retain });
    this.#reminder = new CancelReminder({
      operations,
      clock,
      log,
      graceMs,
      root,
      kindOf: (type) => this.#kind(type),
    });
    this.#conductor = new Conductor({
      operations,
      clock,
      log,
      slots,
      graceMs,
      root,
      keepsDebug,
      kindOf: (type) => this.#kind(type),
      quietFor: (id) => this.#reminder.quietFor(id),
      onEnd: () => this.#housekeeping.doAtTimes(),
    });
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
    return this.#conductor.resources;
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
    const kind = this.#kind(type);
    const input = parse(kind.contract.input, rawInput, `The input of ${type}`);
    const id =
      options.id === undefined
        ? newOperationId(type, this.#clock.now())
        : parse(operationIdSchema, options.id, 'The operation id');
    const existing = this.operations.find(id);
    return existing === undefined
      ? this.#conductor.open(kind, input, { ...options, id })
      : this.#conductor.join(existing, kind, input);
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
    if (this.#kind(old.type).contract.resume === 'never') {
      throw new KtrdrError(
        'failed_precondition',
        `Operations of type ${old.type} cannot be resumed; retry it, which begins anew.`,
      );
    }
    return this.#again(old, 'resumedFrom', options);
  }

  /**
   * Begins the work of an ended operation anew, as a new one with its input; the old record stays as it is. Asking again
   * while the new one is unfinished joins that.
   * @throws KtrdrError `not_found`, `conflict` for what has not ended.
   */
  retry(id: string, options: Omit<StartOptions, 'priority'> = {}): StartedOperation<unknown> {
    this.#assertOpen();
    const old = this.operations.get(id);
    if (!isTerminal(old.status)) {
      throw new KtrdrError(
        'conflict',
        `Operation "${id}" is ${old.status}; only one that has ended can be retried. Wait for its end, or cancel it first.`,
      );
    }
    return this.#again(old, 'retriedFrom', options);
  }

  /** Cancels where nobody waits for an answer, as a timer does: what the store has against it is for the log. */
  stop(id: string, reason: CancelReason): void {
    this.#conductor.cancel(id, reason);
  }

  /**
   * Start-up after an end of any kind: what an earlier process left unfinished waits again, is tried again, or ends, each
   * by the policy of its contract. To be called once everything is registered.
   */
  recover(): void {
    recoverAll({
      operations: this.operations,
      conductor: this.#conductor,
      clock: this.#clock,
      log: this.#log,
      kindOf: (type) => this.#kinds.get(type),
    });
    this.#housekeeping.doNow();
    this.#reminder.begin();
  }

  /**
   * Starts nothing more, stops what runs with reason `shutdown`, and waits until it has stopped. What resumes by itself is
   * left to the next process, which goes on with it; everything else is cancelled.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    // First: what nobody can be asked for any more would count as never to be confirmed.
    this.#reminder[Symbol.dispose]();
    await this.#conductor.shutDown();
  }

  /** The new operation says in `lineage` which ended one it comes from. */
  #again(
    old: Operation,
    lineage: 'resumedFrom' | 'retriedFrom',
    options: Omit<StartOptions, 'priority'>,
  ): StartedOperation<unknown> {
    const kind = this.#kind(old.type);
    const input = inputOf(kind.contract, old);
    const { live } = this.operations;
    const under = live.find((operation) => operation[lineage] === old.id && operation.parent === undefined);
    if (under !== undefined) return this.#conductor.join(under, kind, input);
    const id = options.id ?? newOperationId(old.type, this.#clock.now());
    const existing = this.operations.find(id);
    if (existing !== undefined) return this.#conductor.join(existing, kind, input);
    return this.#conductor.open(kind, input, { ...options, priority: old.priority, id, [lineage]: old.id });
  }

  #kind(type: string): Kind {
    this.#assertOpen();
    const kind = this.#kinds.get(type);
    if (kind !== undefined) return kind;
    const known = [...this.#kinds.keys()].join(', ');
    throw new KtrdrError('not_found', `There is no operation type "${type}" here; there is: ${known}.`);
  }

  #assertOpen(): void {
    if (this.#closed) throw new KtrdrError('unavailable', 'The service is shutting down and starts no more work.');
  }
}
