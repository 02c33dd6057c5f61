import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken } from '../async/index.ts';
import { probeGateway } from './probe-gateway.ts';
import { startGatewaySimulator } from './simulator/index.ts';

const { none: token } = CancellationToken;
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function listening(onConnection: (socket: Socket) => void): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).resume();
      onConnection(socket);
    });
    open.push(server);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

const probe = (port: number, withinMs = 2_000) => probeGateway({ host: '127.0.0.1', port }, { withinMs, token });

describe('probeGateway()', () => {
  it('is greeted by a gateway, and takes no client id there', async () => {
    const gateway = await startGatewaySimulator({});
    try {
      expect(await probe(gateway.port)).toEqual({ serverVersion: 178 });
      expect(await Promise.all([probe(gateway.port), probe(gateway.port)])).toHaveLength(2);
    } finally {
      await gateway[Symbol.asyncDispose]();
    }
  });

  it('understands a greeting that comes byte by byte', async () => {
    const bytes = Buffer.from('\0\0\0\x0b176\x0020260101\0'.slice(0, 4) + '176\x002026010', 'latin1');
    bytes.writeUInt32BE(bytes.length - 4);
    const port = await listening((socket) => {
      socket.setNoDelay(true);
      let at = 0;
      const send = (): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, (at += 1)), () => setImmediate(send));
      };
      send();
    });
    expect(await probe(port)).toEqual({ serverVersion: 176 });
  });

  it.each([
    [
      'refuses the connection at once',
      (socket: Socket) => void socket.end(),
      /closed the connection before it was ready/,
    ],
    ['says nothing', () => {}, /took the connection but was not ready in 0.3 s/],
    ['is a web server', (socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n'), /another protocol/],
    ['greets with no number', (socket: Socket) => void socket.write('\0\0\0\x04abc\0'), /another protocol/],
  ])('says so when what listens there %s', async (_, act, message) => {
    await expect(probe(await listening(act), 300)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message) as string,
    });
  });

  it('says so when nothing listens there, and ends when it is cancelled', async () => {
    await expect(probe(9)).rejects.toMatchObject({ code: 'unavailable' });
    using source = new CancellationSource();
    const waiting = probeGateway(
      { host: '127.0.0.1', port: await listening(() => {}) },
      { withinMs: 60_000, token: source.token },
    );
    source.cancel('user');
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });
});
