import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken } from '../async/index.ts';
import { agentTransport } from './agent-transport.ts';
import { hostServiceConfig } from './host-service-config.ts';
import type { Transport, TransportRequest } from './transport.ts';

const request: TransportRequest = {
  method: 'GET',
  path: '/word',
  headers: {},
  token: CancellationToken.none,
  idleMs: 1_000,
};

describe('HTTP by what Node has in it', () => {
  const open: { server: Server; transport: Transport }[] = [];

  afterEach(async () => {
    for (const { server, transport } of open.splice(0)) {
      await transport[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });

  async function transportTo(answer: RequestListener): Promise<Transport> {
    const server = createServer(answer);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const transport = agentTransport(hostServiceConfig({ baseUrl: `http://127.0.0.1:${port}/base/` }));
    open.push({ server, transport });
    return transport;
  }

  it('asks below its base, and asks again over the same socket', async () => {
    const paths: (string | undefined)[] = [];
    const transport = await transportTo(({ url }, response) => (paths.push(url), response.end('word')));
    for (let call = 0; call < 10; call += 1) {
      const response = await transport.send(request);
      expect(new TextDecoder().decode(await response.bytes())).toBe('word');
    }
    expect(new Set(paths)).toEqual(new Set(['/base/word']));
    expect(transport.connections).toEqual({ opened: 1, reused: 9 });
  });

  it('gives up an answer that stops in the middle', async () => {
    const transport = await transportTo((_, response) => void response.writeHead(200).write('half'));
    const response = await transport.send({ ...request, idleMs: 50 });
    await expect(response.bytes()).rejects.toMatchObject({ code: 'TRANSPORT_SILENT' });
  });

  it('calls an answer that is cut off broken', async () => {
    const transport = await transportTo((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
    });
    const response = await transport.send(request);
    await expect(response.bytes()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('lets go of an answer that nobody has read when it is cancelled', async () => {
    let heard: () => void = () => {};
    const gone = new Promise<void>((resolve) => (heard = resolve));
    const transport = await transportTo((_, response) => {
      response.on('close', heard).writeHead(200).write('half');
    });
    using source = new CancellationSource();
    const response = await transport.send({ ...request, token: source.token });
    source.cancel('user');
    await gone;
    await expect(response.bytes()).rejects.toThrow();
  });

  it('sends nothing once it is closed', async () => {
    const transport = await transportTo((_, response) => response.end());
    await transport[Symbol.asyncDispose]();
    await expect(transport.send(request)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });
});
