import type { Dispatcher, Pool } from 'undici';
import type { HostServiceConfig } from './host-service-config.ts';
import { connectWithinMs, transportError, type Transport, type TransportResponse } from './transport.ts';
import { wholeResponse } from './whole-response.ts';

interface Pools {
  readonly calls: Pool;
  readonly streams: Pool;
}

/**
 * HTTP over sockets that are kept and shared. Streams have a pool of their own, without a limit: however many
 * operations are followed, a call, and above all a cancel, still finds a connection.
 */
export function poolTransport(config: HostServiceConfig): Transport {
  const { baseUrl } = config;
  const prefix = new URL(baseUrl).pathname.replace(/\/+$/, '');
  let sent = 0;
  let opened = 0;
  let pools: Pools | undefined;
  let opening: Promise<Pools> | undefined;
  let isClosed = false;
  const open = async (): Promise<Pools> => {
    const created = await createPools(config, () => (opened += 1));
    if (!isClosed) return (pools = created);
    await destroy(created);
    throw transportError('closed');
  };
  return {
    baseUrl,
    get connections() {
      return { opened, reused: Math.max(0, sent - opened) };
    },
    async send({ method, path, headers, body, token, idleMs, isStream = false }) {
      if (isClosed) throw transportError('closed');
      const { calls, streams } = pools ?? (await (opening ??= open()));
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
      isClosed = true;
      if (pools !== undefined) await destroy(pools);
    },
  };
}

/** undici is read when the first request goes out: it is large, and not every program that has a client calls. */
async function createPools(
  { baseUrl, connections, timeoutMs, keepAliveMs }: HostServiceConfig,
  onConnect: () => void,
): Promise<Pools> {
  const { Pool } = await import('undici');
  const { origin } = new URL(baseUrl);
  const options = {
    connect: { timeout: Math.min(connectWithinMs, timeoutMs) },
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // The caller's own timer covers the wait for a connection as well.
    headersTimeout: 0,
  };
  const calls = new Pool(origin, { ...options, connections });
  const streams = new Pool(origin, options);
  for (const pool of [calls, streams]) pool.on('connect', onConnect);
  return { calls, streams };
}

async function destroy({ calls, streams }: Pools): Promise<void> {
  await Promise.all([calls.destroy(), streams.destroy()]);
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
