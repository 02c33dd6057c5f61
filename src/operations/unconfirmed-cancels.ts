import type { FetchedLines } from './contract.ts';
import type { LogLine } from './log-line.ts';
import { isUnconfirmed, type Operation } from './operation.ts';
import type { OperationStore } from './operation-store.ts';
import type { RecordLog } from './record-log.ts';

interface UnconfirmedCancelsOptions {
  readonly store: OperationStore;
  readonly log: RecordLog;
  readonly owner: number;
}

/**
 * The operations that have ended as cancelled, without a word that their work has stopped where it ran. That they are is
 * on disk with their end. Their records do not change any more; only their logs go on.
 */
export class UnconfirmedCancels {
  readonly #options: UnconfirmedCancelsOptions;
  #listener: (() => void) | undefined;

  constructor(options: UnconfirmedCancelsOptions) {
    this.#options = options;
  }

  /** One listener hears of each that comes. */
  onEach(listener: () => void): void {
    this.#listener = listener;
  }

  note(ended: Operation): void {
    if (isUnconfirmed(ended)) this.#listener?.();
  }

  /** Oldest first, those of earlier processes included. */
  all(): string[] {
    const { store, owner } = this.#options;
    return store.unconfirmed.takeOver(owner);
  }

  has(id: string): boolean {
    return this.#options.store.unconfirmed.has(id);
  }

  linesOf(id: string): FetchedLines {
    const { log } = this.#options;
    return {
      keep: (lines, origin) => log.keep(id, lines, origin),
      cursorOf: (source) => log.cursorOf(id, source),
    };
  }

  /** Nobody asks for it any more. Nothing is told where that was so already, as when another operation has gone on from it. */
  settle(id: string, line: LogLine): void {
    const { store, log } = this.#options;
    if (store.unconfirmed.settle(id)) log.keep(id, [line]);
  }
}
