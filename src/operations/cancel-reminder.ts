import { CancellationSource, noCheckpoint, ProgressReporter, type Clock } from '../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../base/index.ts';
import { noChildren, type OperationContext } from './contract.ts';
import { boundedLine, type LogLine } from './log-line.ts';
import { inputOf } from './new-operation.ts';
import type { Operation } from './operation.ts';
import type { OperationsService } from './operations-service.ts';
import type { Kind } from './run-attempt.ts';
import { settledInTime } from './settled-in-time.ts';

interface CancelReminderOptions {
  readonly operations: OperationsService;
  readonly clock: Clock;
  readonly log: Logger;
  /** @throws KtrdrError `not_found` for a type that nobody registered. */
  readonly kindOf: (type: string) => Kind;
  /** One reminder may take so long. */
  readonly graceMs: number;
  /** Files below it are named relative to it in log lines. */
  readonly root: string | undefined;
}

/** Doubled from round to round, and begun anew when there is another one to remind of. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** What is silent for so long will not be back for the sake of this. */
const givenUpAfterMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * Has work that was cancelled while the place where it ran was away stop when that is back. A reminder is the work itself
 * with a token that is cancelled from the beginning, which has nothing to do but to stop what may still run; one after the
 * other, in rounds, until each has been confirmed or a week is over.
 */
export class CancelReminder implements Disposable {
  readonly #options: CancelReminderOptions;
  #pauseMs = firstPauseMs;
  #timer: Disposable | undefined;
  #isAsking = false;
  /** The one that was asked for last, until its end. */
  #asked: { readonly id: string; readonly end: Promise<void> } | undefined;
  #isClosed = false;

  constructor(options: CancelReminderOptions) {
    this.#options = options;
    options.operations.unconfirmed.onEach(() => {
      this.#pauseMs = firstPauseMs;
      this.#schedule();
    });
  }

  /** Begins with what earlier processes have left. To be called once everything is registered. */
  begin(): void {
    if (this.#options.operations.unconfirmed.all().length > 0) this.#schedule();
  }

  /**
   * Resolves when nobody asks for an operation any more. Whoever goes on from it waits for that: a cancel that is under way
   * would else stop what has just been resumed.
   */
  async quietFor(id: string): Promise<void> {
    if (this.#asked?.id === id) await Promise.allSettled([this.#asked.end]);
  }

  /** A reminder that is under way is not waited for, and comes to nothing. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    if (this.#isClosed || this.#isAsking) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#options.clock.after(this.#pauseMs, () => {
      this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
      void this.#round();
    });
  }

  async #round(): Promise<void> {
    const { operations, log } = this.#options;
    this.#isAsking = true;
    try {
      for (const id of operations.unconfirmed.all()) {
        // Those before it may have taken minutes, in which another operation can have gone on from it.
        if (!operations.unconfirmed.has(id)) continue;
        this.#asked = { id, end: this.#remindOf(id) };
        await this.#asked.end;
        if (this.#isClosed) return;
      }
      if (operations.unconfirmed.all().length === 0) return;
    } catch (refused) {
      log.warn('cancels were not reminded of', { error: KtrdrError.from(refused).message });
    } finally {
      this.#isAsking = false;
    }
    this.#schedule();
  }

  async #remindOf(id: string): Promise<void> {
    const { operations, clock, log, root } = this.#options;
    const settle = (level: 'info' | 'warn', message: string, fields: LogLine['fields'] = {}): void => {
      log[level](message, { operation: id, ...fields });
      operations.unconfirmed.settle(id, boundedLine({ at: clock.now(), level, message, fields }, root));
    };
    try {
      const operation = operations.find(id);
      if (operation === undefined) return;
      if (clock.now() - (operation.endedAt ?? 0) > givenUpAfterMs) {
        settle('warn', 'a cancel was never confirmed, and nobody is asked any more');
      } else if ((await this.#isConfirmed(operation)) && !this.#isClosed) {
        settle('info', 'the cancel was confirmed after all');
      }
    } catch (thrown) {
      // Of another version, or damaged: at the next time it will be no better.
      settle('warn', 'a cancel cannot be confirmed', { error: KtrdrError.from(thrown).message });
    }
  }

  /** Whether nothing of it runs any more. @throws KtrdrError when its work cannot be asked. */
  async #isConfirmed(operation: Operation): Promise<boolean> {
    const { clock, graceMs, kindOf } = this.#options;
    const { contract, work } = kindOf(operation.type);
    const input = inputOf(contract, operation);
    using source = new CancellationSource();
    source.cancel(operation.cancellation?.reason);
    const { token } = source;
    using progress = new ProgressReporter<unknown>({ clock, context: contract.begin(input), emit: () => {} });
    const context = { ...this.#keptOf(operation), token, progress, clock };
    try {
      await settledInTime(work(input, context), { token, clock, graceMs });
      return true;
    } catch (thrown) {
      const { unconfirmed, forced } = KtrdrError.from(thrown).details;
      return unconfirmed !== true && forced !== true;
    }
  }

  /** Of its context what comes from its record, which does not change any more. */
  #keptOf({ id, attempt, traceId }: Operation): Omit<OperationContext<unknown>, 'token' | 'progress' | 'clock'> {
    const { operations } = this.#options;
    const checkpoint = operations.checkpoint(id);
    return {
      id,
      attempt,
      checkpoint: checkpoint === undefined ? noCheckpoint : { ...noCheckpoint, last: JSON.parse(checkpoint) },
      children: noChildren,
      lines: operations.unconfirmed.linesOf(id),
      // Each time the same would be said.
      log: silentLogger,
      ...(traceId === undefined ? {} : { traceId }),
    };
  }
}
