import type { HonoRequest } from 'hono';
import { CancellationSource, type CancellationToken, type Clock } from '../async/index.ts';
import { isCancelled, KtrdrError, newTraceId, traceIdOf, type Logger } from '../base/index.ts';
import { startSpan } from '../operations/index.ts';
import { formsOf, nameOf, type BinaryBody, type Endpoint, type RawInput } from './endpoint.ts';
import { eventStream } from './event-stream.ts';
import type { HostMetrics } from './host-metrics.ts';
import type { HandlerContext, ImplementedEndpoint } from './implement.ts';
import { problemResponse } from './problem-response.ts';
import { readInput, RequestFault } from './read-input.ts';
import type { ServerEvent } from './sse.ts';

export interface AnswerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HostMetrics;
  /** Fires when the host shuts down. */
  readonly token: CancellationToken;
  readonly maxBodyBytes: number;
  readonly heartbeatMs: number;
  /** Files below it are named relative to it in problems. */
  readonly root?: string | undefined;
}

/** One request through its handler; whatever is thrown on the way becomes a problem. */
export async function answer(
  { endpoint, handler }: ImplementedEndpoint,
  request: HonoRequest,
  options: AnswerOptions,
): Promise<Response> {
  const begunAt = options.clock.elapsed();
  const traceparent = request.header('traceparent');
  const span = startSpan(nameOf(endpoint), { traceparent, kind: 'server', attributes: {} });
  const exchange = new Exchange(request, traceIdOf(span.traceparent ?? traceparent) ?? newTraceId(), options);
  let failure: KtrdrError | undefined;
  let response: Response;
  try {
    const input = await readInput(endpoint, request, options.maxBodyBytes);
    const handle = handler as (input: RawInput, context: HandlerContext) => unknown;
    const output = await span.run(() => handle(input, exchange));
    response = await exchange.respond(endpoint, output);
  } catch (thrown) {
    failure = toldToCaller(thrown, endpoint, options.token);
    response = problemOf(failure, { endpoint, exchange, root: options.root });
  }
  if (endpoint.response !== 'events' || response.status !== 200) exchange[Symbol.dispose]();
  // Nobody will read it, so nothing must wait for a reader.
  if (request.raw.method === 'HEAD') await response.body?.cancel();
  const answered = { endpoint: nameOf(endpoint), status: response.status, ms: options.clock.elapsed() - begunAt };
  options.metrics.record(answered);
  span.end(failure);
  // No logger of its own: most requests log nothing else.
  options.log.debug('request answered', { ...answered, traceId: exchange.traceId });
  return response;
}

/**
 * The cancel of a shutdown is the service's own. The caller, who has cancelled nothing, is told that it cannot answer
 * now.
 */
function toldToCaller(thrown: unknown, endpoint: Endpoint, shutdown: CancellationToken): KtrdrError {
  const error = KtrdrError.from(thrown);
  if (!shutdown.isCancelled || !isCancelled(error) || error.details['reason'] !== 'shutdown') return error;
  return new KtrdrError(
    'unavailable',
    `${nameOf(endpoint)} was interrupted, because the service is shutting down. Try again when it is back.`,
    { cause: error, details: error.details },
  );
}

function problemOf(
  error: KtrdrError,
  { endpoint, exchange, root }: { endpoint: Endpoint; exchange: HandlerContext; root: string | undefined },
): Response {
  if (error.code === 'internal') {
    const { stack } = error.cause instanceof Error ? error.cause : error;
    exchange.log.error('request failed', { endpoint: nameOf(endpoint), error: error.message, stack });
  }
  return problemResponse(error, { root, ...(error instanceof RequestFault ? { status: error.status } : {}) });
}

/** One request and the response to it, as its handler sees them. */
class Exchange implements HandlerContext, Disposable {
  // Handlers take their context apart, so these carry their own `this`.
  readonly header = (name: string): string | undefined => this.#request.header(name);
  readonly setHeader = (name: string, value: string): void => void this.#headers.set(name.toLowerCase(), value);
  readonly traceId: string;
  readonly #request: HonoRequest;
  readonly #options: AnswerOptions;
  readonly #headers = new Map<string, string>();
  #source: CancellationSource | undefined;
  #log: Logger | undefined;

  constructor(request: HonoRequest, traceId: string, options: AnswerOptions) {
    this.#request = request;
    this.traceId = traceId;
    this.#options = options;
  }

  get log(): Logger {
    this.#log ??= this.#options.log.with({ traceId: this.traceId });
    return this.#log;
  }

  // Made on first use: most handlers are done before anybody could go away.
  get token(): CancellationToken {
    return this.#cancellation.token;
  }

  async respond(endpoint: Endpoint, output: unknown): Promise<Response> {
    const { status = 200 } = endpoint;
    const { mediaType, body } = await this.#encode(endpoint, output);
    if (body === null) return new Response(null, { status: 204, headers: Object.fromEntries(this.#headers) });
    return new Response(body, { status, headers: { 'content-type': mediaType, ...Object.fromEntries(this.#headers) } });
  }

  [Symbol.dispose](): void {
    this.#source?.[Symbol.dispose]();
  }

  get #cancellation(): CancellationSource {
    this.#source ??= new CancellationSource(this.#options.token, this.#request.raw.signal);
    return this.#source;
  }

  // What a handler returns fits its endpoint: `implement` has seen to that, and only the type was lost since.
  async #encode(
    { response }: Endpoint,
    output: unknown,
  ): Promise<{ mediaType: string; body: string | Uint8Array | ReadableStream<Uint8Array> | null }> {
    if (response === 'events') {
      this.setHeader('cache-control', 'no-store');
      const events = output as AsyncIterable<ServerEvent>;
      return {
        mediaType: 'text/event-stream',
        body: eventStream({ ...this.#options, log: this.log, events, source: this.#cancellation }),
      };
    }
    if (response === 'binary') {
      const { mediaType, bytes } = output as BinaryBody;
      return { mediaType, body: bytes };
    }
    const { encoding } = formsOf(response);
    if (encoding !== undefined && (this.header('accept') ?? '').includes(encoding.mediaType)) {
      return { mediaType: encoding.mediaType, body: await encoding.encode(output) };
    }
    return { mediaType: 'application/json', body: output === undefined ? null : JSON.stringify(output) };
  }
}
