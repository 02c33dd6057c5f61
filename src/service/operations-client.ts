import type { CancellationToken, CancelReason } from '../async/index.ts';
import {
  decodeResult,
  type LogsPage,
  type MetricsPage,
  type Operation,
  type OperationContract,
} from '../operations/index.ts';
import { AsyncServiceAdapter, type AdapterOptions, type RemoteContext } from './async-service-adapter.ts';
import type { Endpoint, EndpointInput, EndpointOutput } from './endpoint.ts';
import type { CallContext } from './endpoint-client.ts';
import type { FollowOptions } from './follow-operation.ts';
import {
  cancelOperation,
  getOperation,
  getOperationLogs,
  getOperationMetrics,
  getOperationResult,
  listOperations,
  resumeOperation,
  retryOperation,
  startOperation,
} from './operation-endpoints.ts';
import { deadlineHeader } from './start-headers.ts';

interface StartRequest {
  readonly type: string;
  readonly input: unknown;
  readonly id: string;
  readonly deadlineMs?: number | undefined;
}

/** What every host service offers, for whoever is not a domain: the command line, scripts, tests. */
export class OperationsClient extends AsyncServiceAdapter {
  readonly serviceName: string;
  readonly serviceType = 'operations';

  constructor(serviceName: string, options: AdapterOptions) {
    super(options);
    this.serviceName = serviceName;
  }

  list(
    filter: NonNullable<EndpointInput<typeof listOperations>['query']>,
    token: CancellationToken,
  ): Promise<EndpointOutput<typeof listOperations>> {
    return this.call(listOperations, { query: filter }, token);
  }

  get(id: string, token: CancellationToken): Promise<Operation> {
    return this.call(getOperation, { params: { id } }, token);
  }

  /**
   * Starts the operation, or joins the one that has this id and the same input; returns at once. After `deadlineMs` the
   * host cancels it by itself.
   */
  start({ type, input, id, deadlineMs }: StartRequest, token: CancellationToken): Promise<Operation> {
    const start = { params: { type, id }, headers: deadlineHeader(deadlineMs), body: input };
    return this.call(startOperation, start, token);
  }

  /** A page of the operation's curves. */
  metricsOf(
    { id, ...page }: { id: string; cursor?: number; limit?: number },
    token: CancellationToken,
  ): Promise<MetricsPage> {
    return this.call(getOperationMetrics, { params: { id }, query: page }, token);
  }

  /** A page of what the operation and its work said on their way. */
  logsOf(
    { id, ...page }: { id: string; cursor?: number; limit?: number },
    token: CancellationToken,
  ): Promise<LogsPage> {
    return this.call(getOperationLogs, { params: { id }, query: page }, token);
  }

  /** Asks the operation to stop; it has stopped when its status says so. */
  cancel({ id, reason = 'user' }: { id: string; reason?: CancelReason }, token: CancellationToken): Promise<Operation> {
    return this.call(cancelOperation, { params: { id }, body: { reason } }, token);
  }

  /** Goes on from an operation that failed or was cancelled; the answer is the new one. */
  resume(id: string, token: CancellationToken): Promise<Operation> {
    return this.call(resumeOperation, { params: { id } }, token);
  }

  /** Begins the work of an ended operation anew; the answer is the new one. */
  retry(id: string, token: CancellationToken): Promise<Operation> {
    return this.call(retryOperation, { params: { id } }, token);
  }

  async result<I, C, R>(contract: OperationContract<I, C, R>, id: string, token: CancellationToken): Promise<R> {
    const { bytes } = await this.call(getOperationResult, { params: { id } }, token);
    return decodeResult(contract, bytes);
  }

  override call<E extends Endpoint>(
    endpoint: E,
    input: EndpointInput<E>,
    within: CancellationToken | CallContext,
  ): Promise<EndpointOutput<E>> {
    return super.call(endpoint, input, within);
  }

  override run<I, C, R>(contract: OperationContract<I, C, R>, input: I, context: RemoteContext<C>): Promise<R> {
    return super.run(contract, input, context);
  }

  override follow(id: string, options: FollowOptions): AsyncGenerator<Operation, void, undefined> {
    return super.follow(id, options);
  }

  override followChildren(parent: string, token: CancellationToken): AsyncGenerator<Operation, void, undefined> {
    return super.followChildren(parent, token);
  }
}
