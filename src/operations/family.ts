import type { CancellationToken } from '../async/index.ts';
import { operationIdSchema, parse } from '../base/index.ts';
import { isTerminal, type Operation } from './operation.ts';

/** What a child needs of its parent. */
export interface Family {
  readonly id: string;
  readonly token: CancellationToken;
  readonly onFraction: (fraction: number) => void;
  readonly onEnd: () => void;
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
export function placeOf(named: string, find: (id: string) => Operation | undefined): Place {
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
export class WaitingChildren {
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
