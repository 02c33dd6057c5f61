import type { Clock } from '../async/index.ts';
import { lifecycleLine } from './lifecycle-line.ts';
import { boundedLine, type LogLine } from './log-line.ts';
import type { LineOrigin } from './log-rows.ts';
import type { Operation } from './operation.ts';
import type { OperationStore } from './operation-store.ts';

/** Lines go to disk together, so long after the first of them at most. */
const toDiskMs = 100;

interface RecordLogOptions {
  readonly store: OperationStore;
  readonly clock: Clock;
  /** Whose records get lines, see `OperationStore.claim`. */
  readonly owner: number;
}

/** Keeps log lines with the records of an owner. Nobody waits for one. */
export class RecordLog {
  readonly #options: RecordLogOptions;
  #isWriting = false;

  constructor(options: RecordLogOptions) {
    this.#options = options;
  }

  /** What has become of an operation. Before the change is announced: who hears of it finds its line. */
  tell(before: Operation | undefined, operation: Operation): void {
    const line = lifecycleLine(before, operation, this.#options.clock.now());
    if (line !== undefined) this.keep(operation.id, [boundedLine(line)]);
  }

  keep(id: string, lines: readonly LogLine[], origin?: LineOrigin): void {
    const { store, clock, owner } = this.#options;
    store.logs.add(id, lines, { owner, origin });
    if (this.#isWriting) return;
    this.#isWriting = true;
    clock.after(toDiskMs, () => {
      this.#isWriting = false;
      store.flushLogs();
    });
  }

  /** Behind what came from there, see `FetchedLines`. */
  cursorOf(id: string, source: string): number {
    return this.#options.store.logs.cursorOf(id, source);
  }
}
