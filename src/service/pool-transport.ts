import { Pool, type Dispatcher } from 'undici';
import type { HostServiceConfig } from './host-service-config.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';
import { wholeResponse } from './whole-response.ts';

const connectMs = 5_000;

/**
 * HTTP over sockets that are kept and shared. Streams have a pool of their own, without a limit: however many
 * operations are followed, a call, and above all a cancel, still finds a connection.
 */
export function poolTransport({ baseUrl, connections, timeoutMs, keepAliveMs }: HostServiceConfig): Transport {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/+$/, '');
  const options = {
    connect: { timeout: Math.min(connectMs, timeoutMs) },
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // The caller's own timer covers the wait for a connection as well.
    headersTimeout: 0,
  };
  const calls = new Pool(origin, { ...options, connections });
  const streams = new Pool(origin, options);
  let sent = 0;
  let opened = 0;
  for (const pool of [calls, streams]) pool.on('connect', () => (opened += 1));
  return {
    baseUrl,
    get connections() {
      return { opened, reused: Math.max(0, sent - opened) };
    },
    async send({ method, path, headers, body, token, idleMs, isStream = false }: TransportRequest) {
      sent += 1;
      const request = {
        method,
        path: prefix + path,
        headers,
        body: body ?? null,
        bodyTimeout: idleMs,
      };
      if (!isStream) return wholeResponse(calls, request, token);
      return toTransportResponse(await streams.request({ ...request, signal: token.signal }));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([calls.destroy(), streams.destroy()]);
    },
  };
}

function toTransportResponse({ statusCode, headers, body }: Dispatcher.ResponseData): TransportResponse {
  return {
    status: statusCode,
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    bytes: () => body.bytes(),
    chunks: () => body,
  };
}
