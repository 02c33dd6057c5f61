import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy before a service on loopback: it lets every request through, and drops answers at will. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Cuts the connection of each of the next answers before its first byte, once the service has sent it. */
  dropAnswers(count: number): void;
  /** How many answers were dropped. */
  readonly dropped: number;
}

export async function startProxy(toPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let toDrop = 0;
  let dropped = 0;
  const server = createServer((near) => {
    const far = connect({ port: toPort, host: '127.0.0.1' });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes: Buffer) => far.write(bytes));
    far.on('data', (bytes: Buffer) => {
      if (toDrop === 0) return void near.write(bytes);
      toDrop -= 1;
      dropped += 1;
      near.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    dropAnswers: (count) => void (toDrop += count),
    get dropped() {
      return dropped;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
