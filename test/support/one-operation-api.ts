import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Operation } from '../../src/operations/index.ts';

export interface OneOperationApi extends AsyncDisposable {
  readonly server: Server;
  readonly url: string;
  /** Resolves when somebody asks for something next. */
  request(): Promise<void>;
}

/** An API that has, or takes the start of, one operation, which becomes what `atCancel` says when it is cancelled. */
export async function oneOperationApi(
  operation: Operation,
  { port = 0, atCancel }: { port?: number; atCancel: Partial<Operation> },
): Promise<OneOperationApi> {
  let now = operation;
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    const path = url.split('?')[0] ?? '';
    if (method === 'PUT') now = { ...now, id: path.split('/').at(-1) ?? '' };
    if (path.endsWith(`/operations/${now.id}/cancel`)) now = { ...now, ...atCancel };
    const isKnown = method !== 'GET' || path.endsWith(`/operations/${now.id}`);
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isKnown ? JSON.stringify(now) : '{}');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    server,
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}/api/v1`,
    async request() {
      await once(server, 'request');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
