import type { ProgressRenderer, WorkContext } from '../async/index.ts';
import { KtrdrError, type Schema } from '../base/index.ts';
import type { LogLine } from './log-line.ts';
import type { LineOrigin } from './log-rows.ts';

/**
 * What a kind of long work is, as pure data: shared by whoever starts it, the host that runs it, the command line and
 * the page that show it. `type` is its name on the wire, in snake_case.
 */
export interface OperationContract<I, C, R> {
  readonly type: string;
  readonly input: Schema<I>;
  readonly context: Schema<C>;
  readonly result: Schema<R>;
  /** The progress context of an operation that has not begun. */
  readonly begin: (input: I) => C;
  readonly render: ProgressRenderer<C>;
  /**
   * What becomes of it when its process dies: tried again by itself, only when somebody asks (the default), or never.
   * Work that resumes by itself has to bear being begun anew at any point.
   */
  readonly resume?: ResumePolicy;
  /**
   * What its records outlive: their process and a failure of power (the default), or their process alone, for short work
   * whose asker asks again. Nothing of that waits for the disk, so a failure of power may take back what was told of it.
   */
  readonly outlives?: 'process' | 'power_failure';
  /**
   * What becomes of it on a host once nobody follows it any more: it goes on (the default), or ends, being of use only to
   * who asked for it. A client that died can send no cancel.
   */
  readonly unfollowed?: 'goes_on' | 'ends';
  /** Whether its work records points of curves, which are then fetched from a host, too. */
  readonly measures?: boolean;
  /** How a result is kept and travels; JSON when absent. */
  readonly encoding?: ResultEncoding<R>;
}

export type ResumePolicy = 'auto' | 'manual' | 'never';

/** For results that are not small: bytes of a media type instead of JSON. */
export interface ResultEncoding<R> {
  readonly mediaType: string;
  encode(result: R): Promise<Uint8Array>;
  decode(bytes: Uint8Array): Promise<R>;
}

/** Token, progress, log and clock of one attempt. Passed, never ambient; nothing of it is kept on a manager. */
export interface OperationContext<C> extends WorkContext<C> {
  readonly children: OperationChildren;
  /** Takes lines that were written elsewhere; absent where nobody keeps any. What is written here goes to `log`. */
  readonly lines?: FetchedLines;
  /** The trace of the request that started the operation. */
  readonly traceId?: string;
  /** When the operation is cancelled, in epoch milliseconds. The token says so here; another place has to be told. */
  readonly deadlineAt?: number;
}

/** Log lines of the same work in another place, kept with those of this one. */
export interface FetchedLines {
  keep(lines: readonly LogLine[], origin: LineOrigin): void;
  /** Behind what has been kept of a source, also by an earlier attempt; 0 when that is nothing. */
  cursorOf(source: string): number;
}

export interface ChildOptions {
  /**
   * Its part in the parent's fraction. Weights that sum to 1 are parts of the whole from the beginning; larger ones
   * count relative to each other, among the children started so far.
   */
  weight?: number;
  /**
   * Its name among the children of this parent. A parent that is tried again gets the result of a child that completed,
   * and one that did not goes on from its checkpoint. Without a name every run is a new one.
   */
  id?: string;
}

export interface OperationChildren {
  /**
   * Runs an operation as a part of this one: a record of its own, cancelled with its parent, its progress a part of the
   * parent's. While it has children, the parent holds no slot.
   * @throws KtrdrError what the child ended with; the caller decides what that means for the parent.
   */
  run<I, C, R>(contract: OperationContract<I, C, R>, input: I, options?: ChildOptions): Promise<R>;
}

/** For work that runs on its own, outside an operation. */
export const noChildren: OperationChildren = {
  run: ({ type }) =>
    Promise.reject(
      new KtrdrError('failed_precondition', `Work outside an operation cannot start a child of type ${type}.`),
    ),
};

/** In this process, in a thread, on a host: all long work is a value of this type. */
export type OperationWork<I, C, R> = (input: I, context: OperationContext<C>) => Promise<R>;

export interface StartedOperation<R> {
  readonly id: string;
  /**
   * Settles when the record has ended; rejects with `cancelled` and `released` in the details when a shutdown left the
   * work to the next start. A caller that only wants the record may ignore it.
   */
  readonly result: Promise<R>;
}

/** An encoded result, as it is stored and sent. */
export interface EncodedResult {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export async function encodeResult<I, C, R>(contract: OperationContract<I, C, R>, result: R): Promise<EncodedResult> {
  if (contract.encoding !== undefined) {
    return { mediaType: contract.encoding.mediaType, bytes: await contract.encoding.encode(result) };
  }
  // Nothing has no JSON; it is kept as no bytes.
  const json = result === undefined ? '' : JSON.stringify(result);
  return { mediaType: 'application/json', bytes: new TextEncoder().encode(json) };
}

/** @throws KtrdrError `data_corrupt` for JSON that is not what the contract says. */
export async function decodeResult<I, C, R>(contract: OperationContract<I, C, R>, bytes: Uint8Array): Promise<R> {
  if (contract.encoding !== undefined) return contract.encoding.decode(bytes);
  try {
    return contract.result.parse(bytes.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new KtrdrError(
      'data_corrupt',
      `The result of ${contract.type} does not have the shape of its contract; it may be of another version.`,
      { cause },
    );
  }
}
