import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import { cancelledError } from '../async/index.ts';
import type { HostServiceConfig } from './host-service-config.ts';
import { connectWithinMs, joined, transportError, type Transport, type TransportResponse } from './transport.ts';

/**
 * HTTP by what Node has in it, over sockets that are kept and shared. A call costs more than over `poolTransport`, but the
 * first one is on its way in a few milliseconds, while undici has yet to be read and compiled: for programs that make a few
 * calls and end.
 */
export function agentTransport({ baseUrl, connections, timeoutMs, keepAliveMs }: HostServiceConfig): Transport {
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/+$/, '');
  // TLS takes as long to load as everything else, and calls within a machine do without it.
  const { Agent, request: begin } = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : http;
  const calls = new Agent({ keepAlive: true, timeout: keepAliveMs, maxSockets: connections });
  const streams = new Agent({ keepAlive: true, timeout: keepAliveMs });
  const counts = { opened: 0, reused: 0 };
  let isClosed = false;
  return {
    baseUrl,
    connections: counts,
    send: ({ method, path, headers, body, token, idleMs, isStream = false }) =>
      new Promise((resolve, reject) => {
        if (isClosed) throw transportError('closed');
        token.throwIfCancelled(`${method} ${path}`);
        const request = begin(url, { method, path: prefix + path, headers, agent: isStream ? streams : calls });
        let answer: IncomingMessage | undefined;
        const stop = (reason: Error): unknown => (answer ?? request).destroy(reason);
        const listening = token.onCancelled(() => stop(cancelledError(token.reason ?? 'user')));
        request
          .on('socket', () => watchConnection(request, { counts, withinMs: Math.min(connectWithinMs, timeoutMs) }))
          .on('response', (response: IncomingMessage) => {
            answer = response;
            // The reader hears of it through the body.
            response.on('error', () => {});
            request.setTimeout(idleMs, () => stop(transportError('silent')));
            resolve(transportResponse(response));
          })
          .on('error', reject)
          .on('close', () => listening[Symbol.dispose]())
          .end(body);
      }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      calls.destroy();
      streams.destroy();
    },
  };
}

interface Watch {
  readonly counts: { opened: number; reused: number };
  readonly withinMs: number;
}

function watchConnection(request: ClientRequest, { counts, withinMs }: Watch): void {
  if (request.reusedSocket) {
    counts.reused += 1;
    return;
  }
  const { socket } = request;
  socket?.setTimeout(withinMs, () => {
    if (socket.connecting) request.destroy(transportError('unconnected'));
  });
  socket?.once('connect', () => {
    counts.opened += 1;
    // From here on the caller's own timer counts.
    socket.setTimeout(0);
  });
}

function transportResponse(response: IncomingMessage): TransportResponse {
  return {
    status: response.statusCode ?? 0,
    header(name) {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    async bytes() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return joined(chunks);
    },
    chunks: () => response,
  };
}
