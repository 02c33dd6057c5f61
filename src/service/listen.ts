import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
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
  readonly limits?: SocketLimits;
}

/** What one connection may take of the server. */
export interface SocketLimits {
  /** Of request line and headers together. */
  readonly headerBytes: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  /** Of an idle connection. Longer than clients keep one, so that it is they who close it and no request meets the close. */
  readonly keepAliveMs: number;
  readonly requests: number;
  /** How long a reader may take nothing of what is ready for it. */
  readonly deafMs: number;
}

export const socketLimits: SocketLimits = {
  headerBytes: 16 * 1024,
  headersMs: 8_000,
  requestMs: 8_000,
  keepAliveMs: 65_000,
  requests: 10_000,
  deafMs: 30_000,
};

/** How often the server looks for requests that take too long to arrive. */
const checkEveryMs = 1_000;
const lastWordsMs = 500;

/**
 * Serves `handle` over HTTP. Disposing accepts nothing more, lets what is being answered finish, and after half a second
 * cuts what is still open.
 * @throws KtrdrError `conflict` when the port is taken, `permission_denied` or `invalid_input` when it cannot be had.
 */
export async function listen({
  handle,
  port,
  hostname,
  clock,
  limits = socketLimits,
}: ListenOptions): Promise<Listener> {
  const server = serve(handle, hostname, limits);
  await bind(server, port, hostname);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: () => close(server, clock),
  };
}

function serve(handle: ListenOptions['handle'], hostname: string, limits: SocketLimits): Server {
  // This replaces the global `Request` and `Response` by subclasses, which answer in about half the time.
  const listener = getRequestListener(
    (request) => {
      const refusal = foreignPage(request.headers, hostname);
      return refusal === undefined ? handle(request) : problemResponse(refusal);
    },
    { errorHandler: notUnderstood },
  );
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(checkEveryMs, limits.headersMs),
    keepAliveTimeout: limits.keepAliveMs,
    // Refused all the same, a moment later and with a sentence.
    requireHostHeader: false,
  };
  const answering = new WeakSet<Socket>();
  const server = createServer(options, (incoming, outgoing) => {
    answering.add(incoming.socket);
    outgoing.once('close', () => {
      answering.delete(incoming.socket);
      // A connection that becomes idle after the server was closed would be kept for a request that never comes.
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
    void listener(incoming, outgoing);
  });
  server.maxRequestsPerSocket = limits.requests;
  server.on('clientError', refuse);
  // Nothing moved for that long: the connection is idle, or its reader does not take what is ready for it, or the answer
  // is not ready yet, which alone is no reason to cut it.
  server.setTimeout(limits.deafMs, (socket) => {
    if (!answering.has(socket) || socket.writableLength > 0) socket.destroy();
  });
  return server;
}

/** For a request that HTTP allows but that names nothing here, such as one with a backslash in its path. */
function notUnderstood(thrown: unknown): Response {
  const error = KtrdrError.from(thrown);
  const isTheirs = thrown instanceof RequestError;
  return problemResponse(
    isTheirs ? new KtrdrError('invalid_input', `The request cannot be read: ${error.message}.`) : error,
    { headers: { connection: 'close' } },
  );
}

/** What never becomes a request still gets an answer that says why. */
function refuse(fault: Error, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy();
  const { status, title, sentence } = refusals[systemCode(fault) ?? ''] ?? malformed;
  const body = JSON.stringify({ ...new KtrdrError('invalid_input', sentence).toProblem(), status });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const malformed = { status: 400, title: 'Bad Request', sentence: 'What arrived is not a request of HTTP/1.1.' };

const refusals: Readonly<Record<string, typeof malformed>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    title: 'Request Header Fields Too Large',
    sentence: 'The request line and the headers are longer than this server reads.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request Timeout',
    sentence: 'The request took too long to arrive.',
  },
};

function bind(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(bindError(cause, { port, hostname })));
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

interface BindPlace {
  readonly port: number;
  readonly hostname: string;
  /** By which option another port is chosen. */
  readonly option?: string | undefined;
}

/** Why a port cannot be had, in a sentence that says what to do. */
export function bindError(cause: Error, { port, hostname, option = '--port' }: BindPlace): KtrdrError {
  const options = { cause, details: { port, hostname } };
  const code = systemCode(cause);
  if (code === 'EADDRINUSE') {
    return new KtrdrError(
      'conflict',
      `Port ${port} on ${hostname} is taken by another program. Stop that one, or choose another port with ${option}.`,
      options,
    );
  }
  if (code === 'EACCES') {
    return new KtrdrError(
      'permission_denied',
      `The system does not let this user listen on port ${port} of ${hostname}. Choose a port above 1023 with ${option}.`,
      options,
    );
  }
  return new KtrdrError(
    'invalid_input',
    `Cannot listen on port ${port} of ${hostname}: ${cause.message}. Choose an address of this machine.`,
    options,
  );
}
