import { isDeepStrictEqual } from 'node:util';
import {
  CancellationSource,
  ProgressReporter,
  type CancelReason,
  type Clock,
  type ProgressState,
} from '../async/index.ts';
import { isCancelled, KtrdrError, newOperationId, operationIdSchema, parse, type Logger } from '../base/index.ts';
import { decodeResult, encodeResult, type OperationContract, type OperationWork } from './contract.ts';
import { isTerminal, type Operation, type Outcome } from './operation.ts';
import type { OperationsService, RunningOperation } from './operations-service.ts';

export interface StartOptions {
  /** Chosen by the client, so that a start whose answer was lost can be repeated and cancelled; made here when absent. */
  id?: string;
  /** After this time the operation is cancelled with reason `timeout`. */
  deadlineMs?: number;
}

export interface StartedOperation<R> {
  readonly id: string;
  /** Settles when the record has ended. A caller that only wants the record may ignore it. */
  readonly result: Promise<R>;
}

interface OrchestratorOptions {
  operations: OperationsService;
  clock: Clock;
  log: Logger;
}

/** Starts registered work as operations: validates, records, runs, reports, ends. Knows nothing of what the work is. */
export class ServiceOrchestrator implements AsyncDisposable {
  readonly operations: OperationsService;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #kinds = new Map<string, Kind>();
  readonly #running = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor({ operations, clock, log }: OrchestratorOptions) {
    this.operations = operations;
    this.#clock = clock;
    this.#log = log;
  }

  register<I, C, R>(contract: OperationContract<I, C, R>, work: OperationWork<I, C, R>): this {
    this.#kinds.set(contract.type, {
      contract: contract as OperationContract<unknown, unknown, unknown>,
      work: work as OperationWork<unknown, unknown, unknown>,
    });
    return this;
  }

  /** The contracts this orchestrator can run, in the order of their registration. */
  get contracts(): OperationContract<unknown, unknown, unknown>[] {
    return [...this.#kinds.values()].map(({ contract }) => contract);
  }

  /**
   * Starts work, or joins the operation that already has this id and the same input.
   * @throws KtrdrError `not_found` for an unknown type, `invalid_input`, `conflict` when the id belongs to other work.
   */
  start<I, C, R>(contract: OperationContract<I, C, R>, input: I, options: StartOptions = {}): StartedOperation<R> {
    const { id, result } = this.startByType(contract.type, input, options);
    return { id, result: result as Promise<R> };
  }

  startByType(
    type: string,
    rawInput: unknown,
    { id: wantedId, deadlineMs }: StartOptions = {},
  ): StartedOperation<unknown> {
    if (this.#closed) throw new KtrdrError('unavailable', 'The service is shutting down and starts no more work.');
    const kind = this.#kinds.get(type);
    if (kind === undefined) {
      const known = [...this.#kinds.keys()].join(', ');
      throw new KtrdrError('not_found', `There is no operation type "${type}" here; there is: ${known}.`);
    }
    const input = parse(kind.contract.input, rawInput, `The input of ${type}`);
    const id =
      wantedId === undefined
        ? newOperationId(type, this.#clock.now())
        : parse(operationIdSchema, wantedId, 'The operation id');
    const existing = this.operations.find(id);
    if (existing !== undefined) return this.#join(existing, kind, input);

    const source = new CancellationSource();
    const operation = newOperation(id, kind.contract, input, this.#clock.now());
    const handle = this.operations.open(operation, source);
    const deadline =
      deadlineMs === undefined ? undefined : this.#clock.after(deadlineMs, () => this.#cancel(id, 'timeout'));
    const result = this.#run(kind, { id, input, handle, source }).finally(() => {
      deadline?.[Symbol.dispose]();
      source[Symbol.dispose]();
      this.#running.delete(id);
    });
    this.#running.set(id, result);
    // The record tells how it ended; a caller that is not interested in the promise must not crash the process.
    result.catch(() => {});
    return { id, result };
  }

  /** Starts nothing more, cancels what runs with reason `shutdown`, and waits until it has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const id of this.#running.keys()) this.#cancel(id, 'shutdown');
    await Promise.allSettled(this.#running.values());
  }

  /** A cancel that nobody waits for: what the store has against it is for the log. */
  #cancel(id: string, reason: CancelReason): void {
    try {
      this.operations.cancel(id, reason);
    } catch (refused) {
      this.#log.error('a cancel was not recorded', { operation: id, error: KtrdrError.from(refused).message });
    }
  }

  async #run({ contract, work }: Kind, { id, input, handle, source }: Run): Promise<unknown> {
    const log = this.#log.with({ operation: id });
    const progress = new ProgressReporter<unknown>({
      clock: this.#clock,
      context: contract.begin(input),
      emit: (state) => {
        // Mostly called by a timer, where an error would end the process.
        try {
          handle.progress(state, contract.render(state));
        } catch (refused) {
          log.warn('progress was not recorded', { error: KtrdrError.from(refused).message });
        }
      },
    });
    // The caller gets the id before the work's first line runs.
    await Promise.resolve();
    try {
      source.token.throwIfCancelled();
      handle.start();
      log.info('operation started', { type: contract.type });
      const result = await work(input, { id, token: source.token, progress, log, clock: this.#clock });
      const encoded = await encodeResult(contract, result);
      progress.flush();
      handle.end({ status: 'completed' }, encoded);
      log.info('operation completed', { type: contract.type });
      return result;
    } catch (thrown) {
      const error = KtrdrError.from(thrown);
      progress.flush();
      const outcome = outcomeOf(error);
      try {
        handle.end(outcome);
      } catch (refused) {
        log.error('the end of an operation was not recorded', { error: KtrdrError.from(refused).message });
      }
      if (outcome.status === 'cancelled')
        log.info('operation cancelled', { type: contract.type, forced: outcome.forced });
      else
        log.error('operation failed', {
          type: contract.type,
          code: error.code,
          error: error.message,
          cause: stackOf(error),
        });
      throw error;
    } finally {
      progress[Symbol.dispose]();
    }
  }

  #join(existing: Operation, kind: Kind, input: unknown): StartedOperation<unknown> {
    const { id } = existing;
    // Compared as JSON, which is how the first input was kept.
    const same = existing.type === kind.contract.type && isDeepStrictEqual(existing.input, asKept(input));
    if (!same)
      throw new KtrdrError('conflict', `Operation "${id}" exists with another type or input; choose another id.`);
    const result = this.#running.get(id) ?? this.#ended(existing, kind);
    result.catch(() => {});
    return { id, result };
  }

  async #ended({ id, status, error }: Operation, kind: Kind): Promise<unknown> {
    if (status === 'completed') return decodeResult(kind.contract, this.operations.result(id).bytes);
    if (error !== undefined && isTerminal(status)) throw KtrdrError.fromProblem(error);
    throw new KtrdrError('internal', `Operation "${id}" is ${status} but does not run here.`);
  }
}

interface Kind {
  contract: OperationContract<unknown, unknown, unknown>;
  work: OperationWork<unknown, unknown, unknown>;
}

interface Run {
  readonly id: string;
  readonly input: unknown;
  readonly handle: RunningOperation;
  readonly source: CancellationSource;
}

function newOperation(id: string, contract: Kind['contract'], input: unknown, now: number): Operation {
  const progress: ProgressState<unknown> = {
    phase: '',
    done: 0,
    total: 0,
    fraction: 0,
    context: contract.begin(input),
    startedAt: now,
    updatedAt: now,
  };
  return {
    id,
    type: contract.type,
    status: 'pending',
    input: asKept(input),
    progress,
    message: contract.render(progress),
    createdAt: now,
    version: Math.round(now),
  };
}

/** What is left of an input in a record, which is JSON. */
function asKept(input: unknown): unknown {
  return input === undefined ? null : JSON.parse(JSON.stringify(input));
}

function outcomeOf(error: KtrdrError): Outcome {
  const problem = error.toProblem();
  if (!isCancelled(error)) return { status: 'failed', error: problem };
  return { status: 'cancelled', error: problem, forced: error.details['forced'] === true };
}

function stackOf(error: KtrdrError): string | undefined {
  if (error.code !== 'internal') return undefined;
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
