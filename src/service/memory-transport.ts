import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

/** Plugs a host into a client without a socket: for one process that plays both parts, and for tests. */
export function memoryTransport(host: {
  readonly prefix: string;
  readonly handle: (request: Request) => Promise<Response>;
}): Transport {
  const baseUrl = `http://memory${host.prefix}`;
  return {
    baseUrl,
    async send({ method, path, headers, body, token: { signal } }: TransportRequest) {
      signal.throwIfAborted();
      const init = { method, headers: { ...headers }, signal, ...(body === undefined ? {} : { body }) };
      const response = await untilAborted(host.handle(new Request(baseUrl + path, init)), signal);
      return toTransportResponse(response, signal);
    },
    async [Symbol.asyncDispose]() {},
  };
}

function toTransportResponse(response: Response, signal: AbortSignal): TransportResponse {
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    bytes: async () => new Uint8Array(await untilAborted(response.arrayBuffer(), signal)),
    chunks: () => chunksOf(response, signal),
  };
}

async function* chunksOf({ body }: Response, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** As a socket does, which is cut at once: does not wait for the other end to notice the abort. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
