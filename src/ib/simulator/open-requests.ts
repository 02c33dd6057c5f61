/** A request that has begun and is neither answered for good nor cancelled. */
export interface OpenRequest {
  readonly kind: 'history' | 'head_timestamp';
  readonly symbol: string;
  /** Epoch milliseconds by the simulator's clock. */
  readonly since: number;
  /** Kept up to date: it stays open after its answer. */
  readonly live?: boolean;
  /** Set while its answer, or its next bar, is on the way. */
  timer?: Disposable | undefined;
}

/** An open request as it is told to whoever looks at the gateway. */
export interface ListedRequest extends Pick<OpenRequest, 'kind' | 'symbol' | 'since'> {
  readonly connection: number;
  readonly request: number;
  readonly live: boolean;
}

/** The open history and head-timestamp requests of all clients: the gateway allows fifty at a time. */
export class OpenRequests {
  readonly #byClient = new Map<number, Map<number, OpenRequest>>();

  get count(): number {
    let count = 0;
    for (const requests of this.#byClient.values()) count += requests.size;
    return count;
  }

  get list(): ListedRequest[] {
    return [...this.#byClient].flatMap(([connection, requests]) =>
      [...requests].map(([request, { kind, symbol, since, live = false }]) => ({
        connection,
        request,
        kind,
        symbol,
        since,
        live,
      })),
    );
  }

  get(connection: number, reqId: number): OpenRequest | undefined {
    return this.#byClient.get(connection)?.get(reqId);
  }

  add(connection: number, reqId: number, request: OpenRequest): void {
    const requests = this.#byClient.get(connection) ?? new Map<number, OpenRequest>();
    this.#byClient.set(connection, requests.set(reqId, request));
  }

  /** Takes a request out and stops its timer; false when there is none of that kind. */
  remove(connection: number, reqId: number, kind: OpenRequest['kind']): boolean {
    const request = this.get(connection, reqId);
    if (request?.kind !== kind) return false;
    request.timer?.[Symbol.dispose]();
    this.#byClient.get(connection)?.delete(reqId);
    return true;
  }

  /** Forgets a client that has gone. */
  drop(connection: number): void {
    for (const request of this.#byClient.get(connection)?.values() ?? []) request.timer?.[Symbol.dispose]();
    this.#byClient.delete(connection);
  }
}
