import type { CancellationToken } from '../async/index.ts';

/**
 * How a client reaches a host. Plain objects instead of `Request` and `Response`, which cost more than the rest of a
 * short call.
 */
export interface Transport extends AsyncDisposable {
  /** For error messages: where the host is meant to be. */
  readonly baseUrl: string;
  /** Absent where there are no connections. */
  readonly connections?: ConnectionCounts;
  /** Rejects with whatever the platform throws when there is no answer, and as soon as the token is cancelled. */
  send(request: TransportRequest): Promise<TransportResponse>;
}

export interface ConnectionCounts {
  readonly opened: number;
  /** Requests that found a connection open. */
  readonly reused: number;
}

export interface TransportRequest {
  readonly method: string;
  /** Below the base URL, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, and what is still to come of its answer. */
  readonly token: CancellationToken;
  /** The longest silence within a response body. */
  readonly idleMs: number;
  /** The response goes on for long: it must not keep short calls from their connections. */
  readonly isStream?: boolean;
}

export interface TransportResponse {
  readonly status: number;
  header(name: string): string | undefined;
  /** The whole body. */
  bytes(): Promise<Uint8Array>;
  /** The body piece by piece, instead of `bytes`. Leaving the loop early gives the stream up. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** The longest wait for a connection. */
export const connectWithinMs = 5_000;

const transportErrors = {
  closed: 'the connections are closed',
  silent: 'nothing came any more',
  unconnected: `no connection within ${connectWithinMs} ms`,
};

/** What a transport of ours rejects with where the platform has no error for it. */
export function transportError(kind: keyof typeof transportErrors): Error {
  return Object.assign(new Error(transportErrors[kind]), { code: `TRANSPORT_${kind.toUpperCase()}` });
}

/** One piece in memory of its own: what sockets hand out are views of larger buffers. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
