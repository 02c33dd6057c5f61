import type { CancellationToken } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import type { BinaryBody, Endpoint, EndpointOutput, EndpointRequest } from './endpoint.ts';

/** What a handler is given besides its input. */
export interface HandlerContext {
  /** Fires when the caller goes away and when the host shuts down. */
  readonly token: CancellationToken;
  readonly log: Logger;
  /** Of the trace that the request belongs to: the caller's, or one that begins here. */
  readonly traceId: string;
  /** Of the request. */
  readonly header: (name: string) => string | undefined;
  /** Of the response. */
  readonly setHeader: (name: string, value: string) => void;
}

export type Handler<E extends Endpoint> = (
  input: EndpointRequest<E>,
  context: HandlerContext,
) => EndpointOutput<E> | Promise<EndpointOutput<E>>;

/** An endpoint with what answers it. */
export interface ImplementedEndpoint {
  readonly endpoint: Endpoint;
  readonly handler: (input: never, context: HandlerContext) => unknown;
}

/** Ties a handler to its endpoint; the compiler checks that it takes and returns what the endpoint says. */
export function implement<E extends Endpoint>(endpoint: E, handler: Handler<NoInfer<E>>): ImplementedEndpoint {
  return { endpoint, handler };
}

/** What a handler of a `binary` endpoint returns. */
export function binary(bytes: Uint8Array, mediaType: string): BinaryBody {
  return { bytes, mediaType };
}
