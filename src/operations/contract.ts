import type { ProgressRenderer, WorkContext } from '../async/index.ts';
import { KtrdrError, type Schema } from '../base/index.ts';

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
  /** How a result is kept and travels; JSON when absent. */
  readonly encoding?: ResultEncoding<R>;
}

/** For results that are not small: bytes of a media type instead of JSON. */
export interface ResultEncoding<R> {
  readonly mediaType: string;
  encode(result: R): Promise<Uint8Array>;
  decode(bytes: Uint8Array): Promise<R>;
}

/** Token, progress, log and clock of one run. Passed, never ambient; nothing of it is kept on a manager. */
export type OperationContext<C> = WorkContext<C>;

/** In this process, in a thread, on a host: all long work is a value of this type. */
export type OperationWork<I, C, R> = (input: I, context: OperationContext<C>) => Promise<R>;

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
