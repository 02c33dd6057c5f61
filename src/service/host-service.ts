import { Hono } from 'hono';
import * as z from 'zod/mini';
import { CancellationSource, systemClock, type Clock } from '../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../base/index.ts';
import type { ServiceOrchestrator } from '../operations/index.ts';
import { answer, type AnswerOptions } from './answer.ts';
import { bearerGuard, unauthenticatedResponse } from './bearer.ts';
import { metricsRoute, operationRoutes, statusRoutes, type ReadinessCheck } from './common-routes.ts';
import { defineEndpoint, nameOf, type Endpoint } from './endpoint.ts';
import { Followers } from './followers.ts';
import { HostMetrics, type HostState } from './host-metrics.ts';
import { implement, type ImplementedEndpoint } from './implement.ts';
import { listen, type Listener } from './listen.ts';
import { openApiDocument } from './open-api.ts';
import { getHealth } from './operation-endpoints.ts';
import { problemResponse } from './problem-response.ts';

export interface HostServiceOptions {
  readonly name: string;
  readonly version: string;
  /** Its operations are served; stopping it stays with whoever made it. */
  readonly orchestrator: ServiceOrchestrator;
  readonly endpoints?: readonly ImplementedEndpoint[];
  /** What has to hold before the service can do its work, by name; asked for by `GET /ready`. */
  readonly readiness?: Readonly<Record<string, ReadinessCheck>>;
  /** Clients of other hosts whose numbers `GET /metrics` tells with its own. */
  readonly adapters?: HostState['adapters'];
  /** What callers have to show; without one everybody who reaches the service may use it. `GET /health` is open. */
  readonly token?: string;
  /** Before every path, for example `/api/v1`. */
  readonly prefix?: string;
  /** Answers what no endpoint does, for example with a page; returns nothing when it has none either. */
  readonly fallback?: (request: Request) => Promise<Response | undefined>;
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly maxBodyBytes?: number;
  readonly heartbeatMs?: number;
  /** After this time without a follower, operations end whose contract says so. */
  readonly unfollowedMs?: number;
  /** Files below this folder are named relative to it in problems. */
  readonly root?: string;
}

/**
 * The server end of a host service: operations, health, its own endpoints and the description of them all, over a port
 * or in memory.
 */
export class HostService implements AsyncDisposable {
  readonly name: string;
  readonly prefix: string;
  /** A request answered without a socket. Never rejects: errors become problems. */
  readonly handle: (request: Request) => Promise<Response>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #shutdown = new CancellationSource();
  readonly #followers: Followers;
  #listener: Listener | undefined;

  constructor({
    name,
    version,
    orchestrator,
    endpoints = [],
    readiness = {},
    adapters = [],
    token,
    prefix = '',
    fallback = async () => undefined,
    log = silentLogger,
    clock = systemClock,
    maxBodyBytes = 1024 * 1024,
    heartbeatMs = 10_000,
    unfollowedMs = 5_000,
    root,
  }: HostServiceOptions) {
    this.name = name;
    this.prefix = prefix.replace(/\/+$/, '');
    this.#clock = clock;
    this.#log = log;
    const metrics = new HostMetrics();
    this.#followers = new Followers({ orchestrator, clock, log, patienceMs: unfollowedMs });
    const implemented = [
      ...statusRoutes({ name, version }, readiness),
      metricsRoute(metrics, orchestrator, adapters),
      ...operationRoutes(orchestrator, { prefix: this.prefix, clock, followers: this.#followers }),
      ...endpoints,
    ];
    const document = implement(getOpenApi, () =>
      openApiDocument({
        name,
        version,
        prefix: this.prefix,
        endpoints: [getOpenApi, ...implemented.map(({ endpoint }) => endpoint)],
        contracts: orchestrator.contracts,
        asksForToken: token !== undefined,
      }),
    );
    const options = { clock, log, metrics, token: this.#shutdown.token, maxBodyBytes, heartbeatMs, root };
    const app = router([document, ...implemented], { prefix: this.prefix, fallback, options });
    const isLetIn = token === undefined ? () => true : guard(token, `${this.prefix}${getHealth.path}`);
    this.handle = async (request) => {
      if (isLetIn(request)) return app.fetch(request);
      metrics.record({ ...unrouted, status: 401 });
      return unauthenticatedResponse();
    };
  }

  /**
   * Opens the door; port 0 lets the system choose one. The `url` is what a client is configured with.
   * @throws KtrdrError `conflict` when the port is taken, or when this service listens already.
   */
  async listen(port: number, hostname = '127.0.0.1'): Promise<{ url: string; port: number }> {
    if (this.#listener !== undefined) {
      throw new KtrdrError('conflict', `${this.name} listens on port ${this.#listener.port} already.`);
    }
    this.#listener = await listen({ handle: this.handle, port, hostname, clock: this.#clock });
    const host = hostname.includes(':') ? `[${hostname}]` : hostname;
    const url = `http://${host}:${this.#listener.port}${this.prefix}`;
    this.#log.info('listening', { service: this.name, url });
    return { url, port: this.#listener.port };
  }

  /** Takes no more requests, tells the handlers to stop, ends the streams. The orchestrator is its maker's to dispose. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#shutdown.cancel('shutdown');
    this.#followers[Symbol.dispose]();
    await this.#listener?.[Symbol.asyncDispose]();
  }
}

/** Lets in whoever has the token, and everybody to the one question that a supervisor asks. */
function guard(token: string, open: string): (request: Request) => boolean {
  const hasToken = bearerGuard(token);
  return ({ method, url, headers }) =>
    hasToken(headers.get('authorization')) || (method === 'GET' && new URL(url).pathname === open);
}

/** Requests that reach no endpoint; their paths are anybody's invention and would be labels without end. */
const unrouted = { endpoint: 'none', ms: 0 };

interface RouterOptions {
  readonly prefix: string;
  readonly fallback: (request: Request) => Promise<Response | undefined>;
  readonly options: AnswerOptions;
}

function router(routes: readonly ImplementedEndpoint[], { prefix, fallback, options }: RouterOptions): Hono {
  const app = new Hono();
  const seen = new Set<string>();
  for (const route of routes) {
    const { method, path } = route.endpoint;
    if (seen.has(nameOf(route.endpoint))) {
      throw new KtrdrError('internal', `${nameOf(route.endpoint)} is implemented twice.`);
    }
    seen.add(nameOf(route.endpoint));
    app.on(method, `${prefix}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`, (c) => answer(route, c.req, options));
  }
  const endpoints = routes.map(({ endpoint }) => endpoint);
  app.notFound(async ({ req }) => {
    const response = (await fallback(req.raw)) ?? noRoute(endpoints, prefix, req);
    options.metrics.record({ ...unrouted, status: response.status });
    return response;
  });
  app.onError((thrown) => {
    options.log.error('request failed', { error: thrown.message, stack: thrown.stack });
    return problemResponse(KtrdrError.from(thrown), { root: options.root });
  });
  return app;
}

function noRoute(
  endpoints: readonly Endpoint[],
  prefix: string,
  { method, path }: { method: string; path: string },
): Response {
  const allowed = endpoints
    .filter((endpoint) => matches(prefix + endpoint.path, path))
    .map((endpoint) => endpoint.method);
  if (allowed.length > 0) {
    const allow = allowed.join(', ');
    const error = new KtrdrError('invalid_input', `${path} does not take ${method}; it takes ${allow}.`);
    return problemResponse(error, { status: 405, headers: { allow } });
  }
  return problemResponse(
    new KtrdrError(
      'not_found',
      `There is nothing at ${method} ${path}; GET ${prefix}/openapi.json lists what there is.`,
    ),
  );
}

function matches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return wanted.length === given.length && wanted.every((part, i) => part.startsWith('{') || part === given[i]);
}

const getOpenApi = defineEndpoint({
  method: 'GET',
  path: '/openapi.json',
  summary: 'This description',
  response: z.record(z.string(), z.unknown()),
});
