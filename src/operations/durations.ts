import { keptDurations } from './duration-rows.ts';
import type { Operation } from './operation.ts';
import type { OperationStore } from './operation-store.ts';

/** How long the last completed operations of each type took, read from the store once. */
export class Durations {
  readonly #store: OperationStore;
  readonly #known = new Map<string, readonly number[]>();

  constructor(store: OperationStore) {
    this.#store = store;
  }

  of(type: string): readonly number[] {
    const known = this.#known.get(type) ?? this.#store.durations.of(type);
    this.#known.set(type, known);
    return known;
  }

  /** One more, which the store has kept already. */
  add(type: string, ms: number): void {
    const known = this.#known.get(type);
    if (known !== undefined) this.#known.set(type, [...known, ms].slice(-keptDurations));
  }
}

/** For the history of the type: of work that completed in one go. */
export function durationOf({ status, attempt, resumedFrom, startedAt, endedAt }: Operation): number | undefined {
  const inOneGo = status === 'completed' && attempt === 1 && resumedFrom === undefined;
  return inOneGo && startedAt !== undefined && endedAt !== undefined ? Math.max(0, endedAt - startedAt) : undefined;
}
