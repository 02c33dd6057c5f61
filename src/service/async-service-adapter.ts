import { systemClock, type CancellationToken, type Clock } from '../async/index.ts';
import { silentLogger, type Logger } from '../base/index.ts';
import type { OperationContext, OperationContract } from '../operations/index.ts';
import type { Endpoint, EndpointInput, EndpointOutput } from './endpoint.ts';
import { EndpointClient, type AdapterMetrics, type CallContext } from './endpoint-client.ts';
import { followChildren } from './follow-children.ts';
import { followOperation, type FollowOptions } from './follow-operation.ts';
import type { HostServiceConfig } from './host-service-config.ts';
import { getHealth, type Health } from './operation-endpoints.ts';
import { poolTransport } from './pool-transport.ts';
import { runOnHost } from './run-on-host.ts';
import type { Transport } from './transport.ts';

export interface AdapterOptions {
  readonly config: HostServiceConfig;
  readonly transport?: Transport;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** What every call belongs to that names no other trace. */
  readonly traceId?: string;
}

/** What remote work is given. */
export interface RemoteContext<C> extends OperationContext<C> {
  /** Called when the host has the operation; what it does not know later, it has lost. */
  readonly onAccepted?: () => void;
  /** Called when the start was not answered, and the host may have the operation all the same. */
  readonly onUnanswered?: () => void;
}

interface TimedCallContext extends CallContext {
  /** The longest wait for an answer, where it is not the configured one. */
  readonly timeoutMs?: number;
}

const healthIsFreshMs = 3_000;

/**
 * The client end of a host service. A domain's adapter names its host and turns the domain's calls into `call` for short
 * ones and `run` for operations; sockets, retries, time limits, cancels and errors are all taken care of here.
 */
export abstract class AsyncServiceAdapter implements AsyncDisposable {
  /** For people: which host this is, in logs and errors. */
  abstract readonly serviceName: string;
  /** For programs: what kind of host this is. */
  abstract readonly serviceType: string;
  readonly #options: Required<Omit<AdapterOptions, 'traceId'>> & Pick<AdapterOptions, 'traceId'>;
  #client: EndpointClient | undefined;
  #health: { value: Health; at: number } | undefined;

  constructor({
    config,
    transport = poolTransport(config),
    clock = systemClock,
    log = silentLogger,
    ...trace
  }: AdapterOptions) {
    this.#options = { config, transport, clock, log, ...trace };
  }

  get metrics(): AdapterMetrics {
    return this.#connect().metrics;
  }

  /** That the host is alive; an answer is good for a few seconds. @throws KtrdrError `unavailable`. */
  async health(within: CancellationToken | CallContext): Promise<Health> {
    const { clock } = this.#options;
    if (this.#health !== undefined && clock.elapsed() - this.#health.at < healthIsFreshMs) return this.#health.value;
    const value = await this.call(getHealth, {}, within);
    this.#health = { value, at: clock.elapsed() };
    return value;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#options.transport[Symbol.asyncDispose]();
  }

  /**
   * One short call, see `EndpointClient.call`. Within an operation or a request it carries the trace of that on. `timeoutMs`
   * is for a host that may itself wait longer than usual, and then says why.
   */
  protected call<E extends Endpoint>(
    endpoint: E,
    input: EndpointInput<E>,
    within: CancellationToken | TimedCallContext,
  ): Promise<EndpointOutput<E>> {
    const { token, traceId, timeoutMs }: TimedCallContext = 'token' in within ? within : { token: within };
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return this.#connect().call(endpoint, input, { token, traceId, ...limit });
  }

  /** Long work on the host, see `runOnHost`: an `OperationWork` like any other. */
  protected run<I, C, R>(contract: OperationContract<I, C, R>, input: I, context: RemoteContext<C>): Promise<R> {
    const { onAccepted, onUnanswered, traceId } = context;
    const client = this.#connect().inTrace(traceId);
    return runOnHost({ client, contract, input, context, onAccepted, onUnanswered });
  }

  /** The states of an operation on the host until its end, see `followOperation`. */
  protected follow(id: string, options: FollowOptions): ReturnType<typeof followOperation> {
    return followOperation(this.#connect(), id, options);
  }

  /** The children of an operation as they change, see `followChildren`. */
  protected followChildren(parent: string, token: CancellationToken): ReturnType<typeof followChildren> {
    return followChildren(this.#connect(), parent, token);
  }

  // On first use: the name belongs to the subclass, which is not there yet while this class is constructed.
  #connect(): EndpointClient {
    const { log, ...options } = this.#options;
    this.#client ??= new EndpointClient({
      ...options,
      service: this.serviceName,
      log: log.with({ service: this.serviceName, serviceType: this.serviceType }),
    });
    return this.#client;
  }
}
