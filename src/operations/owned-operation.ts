import type { CancellationSource, MetricPoint, ProgressState } from '../async/index.ts';
import type { EncodedResult, OperationContract } from './contract.ts';
import type { LogLine } from './log-line.ts';
import type { LineOrigin } from './log-rows.ts';
import type { Beginning, Operation, Outcome } from './operation.ts';

/**
 * What the owner of an attempt may do with the record. When the operation has ended, or another process has taken over,
 * all of it does nothing: work that was left behind and wakes up late changes no record.
 */
export interface OwnedOperation {
  readonly operation: Operation;
  queued(place: number): void;
  start(beginning: Beginning): void;
  progress(state: ProgressState<unknown>, message: string): void;
  /** Points of the operation's curves. Throws what the store throws. */
  measure(points: readonly MetricPoint[]): void;
  /** Lines of the operation's log, and where they were fetched if not written here. */
  log(lines: readonly LogLine[], origin?: LineOrigin): void;
  /** Behind what came from there, see `FetchedLines`. */
  logCursorOf(source: string): number;
  /** @throws what the store throws: work that cannot keep its checkpoints should know. */
  saveCheckpoint(checkpoint: string): void;
  /**
   * Throws what the store throws. An end without a result holds all the same, so that nobody waits for it for ever; on
   * disk the operation is then ended by the next process.
   */
  end(outcome: Outcome, result?: EncodedResult): void;
  /**
   * Leaves it to the next process, in which it waits. Throws what the store throws; the next process then takes the
   * operation for one whose process died.
   */
  release(): void;
}

/** What an operation is carried out with. */
export interface Owning {
  readonly source: CancellationSource;
  /** Where it begins, as JSON. */
  readonly checkpoint?: string | undefined;
  readonly outlives: OperationContract<unknown, unknown, unknown>['outlives'];
}
