import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../async/index.ts';
import { KtrdrError, systemCode } from '../base/index.ts';
import { foreignPage } from './foreign-page.ts';
import { problemResponse } from './problem-response.ts';

/** A door on a port. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
}

interface ListenOptions {
  readonly handle: (request: Request) => Promise<Response>;
  readonly port: number;
  readonly hostname: string;
  readonly clock: Clock;
}

/** Longer than clients keep an idle socket, so that it is they who close it and never a request that meets the close. */
const keepAliveMs = 65_000;
const lastWordsMs = 500;

/**
 * Serves `handle` over HTTP. Disposing accepts nothing more, lets what is being answered finish, and after half a second
 * cuts what is still open.
 * @throws KtrdrError `conflict` when the port is taken, `permission_denied` or `invalid_input` when it cannot be had.
 */
export async function listen({ handle, port, hostname, clock }: ListenOptions): Promise<Listener> {
  const server = serve(handle, hostname);
  await bind(server, port, hostname);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: () => close(server, clock),
  };
}

function serve(handle: ListenOptions['handle'], hostname: string): Server {
  // This replaces the global `Request` and `Response` by subclasses, which answer in about half the time.
  const listener = getRequestListener((request) => {
    const refusal = foreignPage(request.headers, hostname);
    return refusal === undefined ? handle(request) : problemResponse(refusal);
  });
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (incoming, outgoing) => {
    outgoing.once('close', () => {
      // A connection that becomes idle after the server was closed would be kept for a request that never comes.
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    void listener(incoming, outgoing);
  });
  return server;
}

function bind(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(bindError(cause, port, hostname)));
    server.listen(port, hostname, resolve);
  });
}

function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cut = clock.after(lastWordsMs, () => server.closeAllConnections());
    server.close(() => {
      cut[Symbol.dispose]();
      resolve();
    });
  });
}

/** Why a port cannot be had, in a sentence that says what to do. */
export function bindError(cause: Error, port: number, hostname: string): KtrdrError {
  const options = { cause, details: { port, hostname } };
  const code = systemCode(cause);
  if (code === 'EADDRINUSE') {
    return new KtrdrError(
      'conflict',
      `Port ${port} on ${hostname} is taken by another program. Stop that one, or choose another port with --port.`,
      options,
    );
  }
  if (code === 'EACCES') {
    return new KtrdrError(
      'permission_denied',
      `The system does not let this user listen on port ${port} of ${hostname}. Choose a port above 1023 with --port.`,
      options,
    );
  }
  return new KtrdrError(
    'invalid_input',
    `Cannot listen on port ${port} of ${hostname}: ${cause.message}. Choose an address of this machine.`,
    options,
  );
}
