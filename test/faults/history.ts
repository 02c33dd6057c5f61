import { isDeepStrictEqual } from 'node:util';
import { isTerminal, type Operation } from '../../src/operations/index.ts';

/** What was there when everything had stopped: the records of one service, read from its disk. */
export interface Disk {
  find(id: string): Operation | undefined;
}

/**
 * What the readers of one service were told, in order, held against what a record of operations promises:
 *
 * - what was acknowledged is found afterwards, with the same type and input;
 * - a cancel that was acknowledged is not forgotten;
 * - one terminal state, which nobody sees change, and it is the one on the disk;
 * - versions rise: no reader goes back, one version is one state of one operation;
 * - attempts that are over stay as they were, and no operation that is over has one under way.
 */
export class History {
  readonly #states = new Map<number, Operation>();
  readonly #byId = new Map<string, Operation[]>();
  readonly #readers = new Map<string, number>();
  readonly #acknowledged = new Map<string, Operation>();
  readonly #cancelled = new Set<string>();
  readonly #results = new Map<string, string>();
  readonly #violations: string[] = [];

  /** A start was answered. */
  started(operation: Operation): void {
    this.#acknowledged.set(operation.id, operation);
    this.#keep(operation);
  }

  /** A cancel was answered. */
  cancelled(operation: Operation): void {
    if (!isTerminal(operation.status)) this.#cancelled.add(operation.id);
    this.#keep(operation);
  }

  /** A reader was told a state. What a reader is told of one operation never goes back. */
  seen(reader: string, operation: Operation): void {
    const key = `${reader} ${operation.id}`;
    const before = this.#readers.get(key) ?? 0;
    if (operation.version < before) {
      this.#violations.push(`${reader} saw ${nameOf(operation)} after version ${before}`);
    }
    this.#readers.set(key, operation.version);
    this.#keep(operation);
  }

  /** A result was read; what it came to, as text. */
  result(id: string, value: string): void {
    const before = this.#results.get(id);
    if (before !== undefined && before !== value) this.#violations.push(`the result of ${id} changed`);
    this.#results.set(id, value);
  }

  /** How many states were seen: an oracle that has seen nothing has proved nothing. */
  get size(): number {
    return this.#states.size;
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** Everything that is not as promised, in sentences; nothing when all is well. */
  violations(disk: Disk): string[] {
    return [...this.#violations, ...this.ids.flatMap((id) => [...this.#faults(id, disk.find(id))])];
  }

  *#faults(id: string, last: Operation | undefined): Generator<string> {
    const acknowledged = this.#acknowledged.get(id);
    if (last === undefined) {
      yield `${id} was seen and is not on the disk`;
      return;
    }
    if (!isTerminal(last.status)) yield `${nameOf(last)} is on the disk and will never end`;
    if (acknowledged !== undefined && !isDeepStrictEqual(workOf(acknowledged), workOf(last))) {
      yield `${id} is on the disk as other work than was acknowledged`;
    }
    if (this.#cancelled.has(id) && last.cancellation === undefined) yield `the acknowledged cancel of ${id} is lost`;
    const states = (this.#byId.get(id) ?? []).toSorted((a, b) => a.version - b.version);
    for (const state of states.filter((seen) => seen.error?.details?.['unrecorded'] !== true)) {
      if (state.version > last.version) yield `${nameOf(state)} was seen, and the disk has ${nameOf(last)}`;
      if (state.version < last.version && isTerminal(state.status)) {
        yield `${nameOf(state)} was seen, and it became ${nameOf(last)}`;
      }
      if (state.version === last.version && !isDeepStrictEqual(state, last)) {
        yield `${nameOf(state)} was seen otherwise than it is on the disk`;
      }
      const attempts = last.attempts.slice(0, state.attempts.length);
      if (!isDeepStrictEqual(state.attempts, attempts)) yield `an attempt of ${nameOf(state)} that was over changed`;
      if (isTerminal(state.status) !== (state.endedAt !== undefined)) yield `${nameOf(state)} is half ended`;
    }
    for (const [index, attempt] of last.attempts.entries()) {
      if (attempt.number !== index + 1) yield `the attempts of ${id} are not numbered in their order`;
    }
  }

  #keep(operation: Operation): void {
    const { id, version } = operation;
    const known = this.#states.get(version);
    if (known === undefined) {
      this.#states.set(version, operation);
      this.#byId.set(id, [...(this.#byId.get(id) ?? []), operation]);
    } else if (!isDeepStrictEqual(known, operation)) {
      this.#violations.push(`version ${version} is ${nameOf(known)} and also ${nameOf(operation)}`);
    }
  }
}

function workOf({ id, type, input }: Operation): Pick<Operation, 'id' | 'type' | 'input'> {
  return { id, type, input };
}

function nameOf({ id, status, version }: Operation): string {
  return `${id} (${status}, version ${version})`;
}
