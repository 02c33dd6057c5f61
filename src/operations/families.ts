import type { CancellationToken, CancelReason, Clock } from '../async/index.ts';
import { newOperationId, operationIdSchema, parse } from '../base/index.ts';
import type { Conductor } from './conductor.ts';
import type { OperationContract, StartedOperation } from './contract.ts';
import { assertSameWork } from './new-operation.ts';
import { isTerminal, type Operation } from './operation.ts';
import type { OperationsService } from './operations-service.ts';
import type { Kind } from './run-attempt.ts';

/** What a child needs of its parent. */
export interface Family {
  readonly id: string;
  readonly token: CancellationToken;
  readonly onFraction: (fraction: number) => void;
  readonly onEnd: () => void;
}

interface FamiliesOptions {
  readonly operations: OperationsService;
  readonly clock: Clock;
  readonly kindOf: (type: string) => Kind;
  readonly conductor: Pick<Conductor, 'open' | 'takeUp' | 'join' | 'cancel' | 'leave' | 'isLeaving'>;
}

/** Operations that are parts of others: how they are named, met again by a later attempt of their parent, and stopped with it. */
export class Families {
  readonly #options: FamiliesOptions;
  readonly #waiting = new WaitingChildren();

  constructor(options: FamiliesOptions) {
    this.#options = options;
  }

  /** Whether a child waits for its parent to take it up again. */
  isWaiting(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Leaves a child to its parent. */
  keepFor(parent: string, id: string): void {
    this.#waiting.add(id, parent);
  }

  /** Starts the child of this name, or joins it. */
  start<I, C, R>(
    { type }: OperationContract<I, C, R>,
    rawInput: I,
    { name, parent, traceId }: { name: string | undefined; parent: Family; traceId: string | undefined },
  ): StartedOperation<R> {
    const { operations, clock, kindOf, conductor } = this.#options;
    const kind = kindOf(type);
    const input = parse(kind.contract.input, rawInput, `The input of ${type}`);
    const named = `${parent.id}.${name ?? newOperationId(type, clock.now())}`;
    const { id, existing, before } = placeOf(named, (wanted) => operations.find(wanted));
    const trace = traceId === undefined ? {} : { traceId };
    const lineage = before === undefined ? {} : { resumedFrom: before };
    const { result } =
      existing === undefined
        ? conductor.open(kind, input, { id, parent, ...trace, ...lineage })
        : this.#meet(existing, { kind, input, parent });
    return { id, result: result as Promise<R> };
  }

  /** A child whose parent is left to the next process waits for it there. */
  stop(id: string, parent: { id: string; reason: CancelReason }): void {
    const { conductor } = this.#options;
    if (!conductor.isLeaving(parent.id)) return conductor.cancel(id, parent.reason);
    this.#waiting.add(id, parent.id);
    conductor.leave(id);
  }

  /** Ends what waits for a parent that goes on no more. */
  abandon(parent: string): void {
    for (const child of this.#waiting.takeAllOf(parent)) this.#options.conductor.cancel(child, 'shutdown');
  }

  /** A child that waits for its parent is taken up again; one that runs or has completed is joined. */
  #meet(
    existing: Operation,
    { kind, input, parent }: { kind: Kind; input: unknown; parent: Family },
  ): StartedOperation<unknown> {
    const { conductor } = this.#options;
    if (!this.#waiting.has(existing.id)) return conductor.join(existing, kind, input);
    assertSameWork(existing, kind.contract, input);
    this.#waiting.take(existing.id);
    return conductor.takeUp(kind, input, { operation: existing, parent });
  }
}

/** The record that a child of this name is to have, or the one that it has. */
interface Place {
  readonly id: string;
  readonly existing?: Operation;
  /** What it goes on from. */
  readonly before?: string;
}

/**
 * A child that has a name is met again by a later attempt of its parent, unless it ended otherwise than completed: then
 * another one goes on from its checkpoint, under the same name and a number.
 */
function placeOf(named: string, find: (id: string) => Operation | undefined): Place {
  let before: string | undefined;
  for (let number = 1; ; number += 1) {
    const wanted = number === 1 ? named : `${named}.${number}`;
    const id = parse(operationIdSchema, wanted, 'The id of a part of an operation');
    const existing = find(id);
    if (existing === undefined) return { id, ...(before === undefined ? {} : { before }) };
    if (!isTerminal(existing.status) || existing.status === 'completed') return { id, existing };
    before = id;
  }
}

/** Children that wait for their parents to take them up again, as those themselves may wait for theirs. */
class WaitingChildren {
  readonly #parents = new Map<string, string>();

  has(id: string): boolean {
    return this.#parents.has(id);
  }

  add(id: string, parent: string): void {
    this.#parents.set(id, parent);
  }

  /** False when it did not wait. */
  take(id: string): boolean {
    return this.#parents.delete(id);
  }

  /** Everything that waits for this parent, over all generations. */
  takeAllOf(parent: string): string[] {
    const children = [...this.#parents].filter(([, waitsFor]) => waitsFor === parent).map(([id]) => id);
    for (const id of children) this.#parents.delete(id);
    return children.flatMap((id) => [id, ...this.takeAllOf(id)]);
  }
}
