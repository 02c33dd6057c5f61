import { retry, type CancellationToken, type Clock } from '../async/index.ts';
import { KtrdrError, traceparentOf, type Logger } from '../base/index.ts';
import { startSpan } from '../operations/index.ts';
import { Attempt, callError, mayHaveArrived } from './attempt.ts';
import {
  formsOf,
  isIdempotent,
  nameOf,
  pathOf,
  type Endpoint,
  type EndpointInput,
  type EndpointOutput,
  type RawInput,
} from './endpoint.ts';
import type { HostServiceConfig } from './host-service-config.ts';
import { LatencyHistogram, type Latencies } from './latency-histogram.ts';
import { problemOf, readOutput } from './read-response.ts';
import { decodeEvents, type ServerEvent } from './sse.ts';
import type { ConnectionCounts, Transport, TransportRequest, TransportResponse } from './transport.ts';

/** What an adapter has done since it was made. A call counts once, however often it was tried. */
export interface AdapterMetrics {
  readonly requests: number;
  readonly retries: number;
  readonly failures: number;
  /** Of the calls that were answered, retries and pauses included. */
  readonly latency: Latencies;
  readonly connections: ConnectionCounts;
}

export interface EndpointClientOptions {
  /** For errors and logs. */
  readonly service: string;
  readonly config: HostServiceConfig;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
  /** What every call belongs to that names no other trace. */
  readonly traceId?: string;
}

/** What calls are made within: the context of an operation or of a request is one. */
export interface CallContext {
  readonly token: CancellationToken;
  /** The trace that they carry on. */
  readonly traceId?: string;
}

export interface CallOptions {
  readonly token: CancellationToken;
  readonly traceId?: string | undefined;
  /** Tries after the first one, of an idempotent endpoint; the configured number when absent. */
  readonly retries?: number;
  readonly timeoutMs?: number;
  /** A try was not answered, and may have reached the host all the same. */
  readonly onUnanswered?: (() => void) | undefined;
}

interface StreamOptions {
  readonly token: CancellationToken;
  /** The longest silence, of the first answer as well as within the stream. */
  readonly idleMs: number;
  /** Hears of every sign of life, comments included. */
  readonly onContact: () => void;
}

/** Calls the endpoints of one host: the only place that retries, times out and turns answers into values or errors. */
export class EndpointClient implements AsyncDisposable {
  readonly service: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly #options: EndpointClientOptions;
  readonly #config: HostServiceConfig;
  readonly #transport: Transport;
  readonly #traceId: string | undefined;
  readonly #counts: CallCounts;

  constructor(options: EndpointClientOptions, counts = new CallCounts()) {
    this.service = options.service;
    this.clock = options.clock;
    this.log = options.log;
    this.#options = options;
    this.#config = options.config;
    this.#transport = options.transport;
    this.#traceId = options.traceId;
    this.#counts = counts;
  }

  /** The same client for calls that carry a trace on. */
  inTrace(traceId: string | undefined): EndpointClient {
    return traceId === undefined ? this : new EndpointClient({ ...this.#options, traceId }, this.#counts);
  }

  get metrics(): AdapterMetrics {
    const { requests, retries, failures, latency } = this.#counts;
    return {
      requests,
      retries,
      failures,
      latency: latency.latencies,
      connections: this.#transport.connections ?? { opened: 0, reused: 0 },
    };
  }

  get baseUrl(): string {
    return this.#transport.baseUrl;
  }

  /**
   * One call, tried again where that is safe and may help.
   * @throws KtrdrError the host's own; `unavailable`, `deadline_exceeded`, `cancelled`; `data_corrupt` for an answer that
   * is not what the endpoint promises. The details name the service and the endpoint.
   */
  async call<E extends Endpoint>(
    endpoint: E,
    input: EndpointInput<E>,
    {
      token,
      traceId = this.#traceId,
      retries = this.#config.retries,
      timeoutMs = this.#config.timeoutMs,
      onUnanswered,
    }: CallOptions,
  ): Promise<EndpointOutput<E>> {
    const begunAt = this.clock.elapsed();
    const span = startSpan(`${nameOf(endpoint)} of ${this.service}`, { traceId, kind: 'client', attributes: {} });
    const request = requestOf(endpoint, input, headerOf(span.traceparent, traceId));
    this.#counts.requests += 1;
    try {
      const policy = { retries: isIdempotent(endpoint) ? retries : 0, baseMs: 100, maxMs: 2_000 };
      const output = await span.run(() =>
        retry(() => this.#callOnce(endpoint, request, { token, timeoutMs, onUnanswered }), {
          policy,
          token,
          clock: this.clock,
          onRetry: (error, attempt, pauseMs) => {
            this.#counts.retries += 1;
            const fields = { service: this.service, endpoint: nameOf(endpoint), code: error.code, attempt, pauseMs };
            this.log.warn('call failed, trying again', traceId === undefined ? fields : { ...fields, traceId });
          },
        }),
      );
      this.#counts.latency.record(this.clock.elapsed() - begunAt);
      span.end();
      // The endpoint's schema has just made it so; the compiler cannot follow a generic endpoint that far.
      return output as EndpointOutput<E>;
    } catch (error) {
      this.#counts.failures += 1;
      span.end(KtrdrError.from(error));
      throw error;
    }
  }

  /** The events of a stream until either end closes it. Not tried again: the reader knows where to resume. */
  async *stream<E extends Endpoint & { response: 'events' }>(
    endpoint: E,
    input: EndpointInput<E>,
    { token, idleMs, onContact }: StreamOptions,
  ): AsyncGenerator<ServerEvent, void, undefined> {
    const span = startSpan(`${nameOf(endpoint)} of ${this.service}`, {
      traceId: this.#traceId,
      kind: 'client',
      attributes: {},
    });
    const request = {
      ...requestOf(endpoint, input, headerOf(span.traceparent, this.#traceId)),
      idleMs,
      isStream: true,
    };
    let failure: KtrdrError | undefined;
    using attempt = new Attempt(token, this.clock, idleMs);
    try {
      const response = await this.#send({ ...request, token: attempt.token });
      attempt.answered();
      if (response.status !== 200) throw await problemOf(response);
      if (!(response.header('content-type') ?? '').startsWith('text/event-stream')) {
        throw new KtrdrError('failed_precondition', 'The answer is not a stream of events.');
      }
      yield* decodeEvents(response.chunks(), onContact);
    } catch (thrown) {
      failure = this.#explain(thrown, endpoint, attempt);
      throw failure;
    } finally {
      attempt.giveUp();
      span.end(failure);
    }
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#transport[Symbol.asyncDispose]();
  }

  async #callOnce(
    endpoint: Endpoint,
    request: Omit<TransportRequest, 'token' | 'idleMs'>,
    { token, timeoutMs, onUnanswered }: Pick<CallOptions, 'token' | 'onUnanswered'> & { timeoutMs: number },
  ): Promise<unknown> {
    using attempt = new Attempt(token, this.clock, timeoutMs);
    try {
      const response = await this.#send({ ...request, token: attempt.token, idleMs: timeoutMs });
      attempt.answered();
      if (response.status >= 300) throw await problemOf(response);
      return await readOutput(endpoint, response);
    } catch (thrown) {
      if (mayHaveArrived(thrown, attempt)) onUnanswered?.();
      throw this.#explain(thrown, endpoint, attempt);
    }
  }

  async #send(request: TransportRequest): Promise<TransportResponse> {
    const shown = await this.#config.token?.read();
    if (shown === undefined) return this.#transport.send(request);
    return this.#transport.send({ ...request, headers: { ...request.headers, authorization: `Bearer ${shown}` } });
  }

  #explain(cause: unknown, endpoint: Endpoint, attempt: Attempt): KtrdrError {
    const { service, baseUrl } = this;
    const origin = this.#config.token?.origin;
    return callError(cause, {
      service,
      baseUrl,
      endpoint: nameOf(endpoint),
      attempt,
      ...(origin === undefined ? {} : { origin }),
    });
  }
}

/** Shared by a client and its likes in other traces. */
class CallCounts {
  requests = 0;
  retries = 0;
  failures = 0;
  readonly latency = new LatencyHistogram();
}

/** Where nobody records the span, the request still carries its trace, under a span id of its own. */
function headerOf(recorded: string | undefined, traceId: string | undefined): string | undefined {
  return recorded ?? (traceId === undefined ? undefined : traceparentOf(traceId));
}

function requestOf(
  endpoint: Endpoint,
  input: RawInput,
  traceparent: string | undefined,
): Omit<TransportRequest, 'token' | 'idleMs'> {
  const path = pathOf(endpoint, input);
  const headers: Record<string, string> = { accept: acceptOf(endpoint) };
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    if (typeof value === 'string') headers[name] = value;
  }
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  if (input.body === undefined) return { method: endpoint.method, path, headers };
  headers['content-type'] = 'application/json';
  return { method: endpoint.method, path, headers, body: JSON.stringify(input.body) };
}

function acceptOf({ response }: Endpoint): string {
  if (response === 'binary') return '*/*';
  if (response === 'events') return 'text/event-stream';
  const { encoding } = formsOf(response);
  return `${encoding === undefined ? '' : `${encoding.mediaType}, `}application/json, application/problem+json`;
}
