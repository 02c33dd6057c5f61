import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CancellationToken, ManualClock } from '../../async/index.ts';
import { silentLogger, type Logger } from '../../base/index.ts';
import { encodeFrame } from '../simulator/protocol/framing.ts';
import { defaultReconnect, SessionKeeper } from './session-keeper.ts';
import { defaultTimeouts } from './session-options.ts';

const { none } = CancellationToken;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Says of every client that its id is taken; counts them. */
async function gatewayWithoutRoom(): Promise<{ port: number; readonly clients: number }> {
  let clients = 0;
  const server = createServer((socket) => {
    clients += 1;
    socket.on('error', () => {}).resume();
    socket.write(encodeFrame([178, '20260105 10:00:00 EST']));
    socket.end(encodeFrame([4, 2, -1, 326, 'Unable to connect as the client id is already in use.', '']));
  });
  return {
    port: await listening(server),
    get clients() {
      return clients;
    },
  };
}

async function portWithoutListener(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return port;
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function keeperOf(port: number): { keeper: SessionKeeper; clock: ManualClock; pauses: unknown[] } {
  const clock = new ManualClock();
  const pauses: unknown[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (_, fields) => (fields?.['pause'] === undefined ? undefined : void pauses.push(fields['pause'])),
  };
  const keeper = new SessionKeeper({
    address: { host: '127.0.0.1', port },
    clientIds: [1, 2, 3],
    timeouts: defaultTimeouts,
    mostMessagesPerSecond: 40,
    reconnect: defaultReconnect,
    clock,
    log,
    onPaceComplaint: () => {},
  });
  return { keeper, clock, pauses };
}

describe('SessionKeeper', () => {
  it('connects to a gateway that is away after pauses that double, up to the longest', async () => {
    const { keeper, clock, pauses } = keeperOf(await portWithoutListener());
    for (const [index, pause] of [0, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000].entries()) {
      const failure = keeper.ready(none).catch((error: unknown) => error);
      if (pause > 0) clock.advance(pause - 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(pauses, 'nothing was tried before').toHaveLength(index);
      clock.advance(1);
      expect(await failure).toMatchObject({ code: 'unavailable' });
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  it('tries the client ids two seconds apart, then none for the longest pause', async () => {
    const gateway = await gatewayWithoutRoom();
    const { keeper, clock, pauses } = keeperOf(gateway.port);
    const failure = keeper.ready(none).catch((error: unknown) => error);
    clock.advance(0);
    for (const clients of [1, 2, 3]) {
      await vi.waitFor(() => expect(gateway.clients).toBe(clients));
      await new Promise((resolve) => setTimeout(resolve, 50));
      clock.advance(1_999);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(gateway.clients).toBe(clients);
      clock.advance(1);
    }
    expect(await failure).toMatchObject({ code: 'conflict', message: expect.stringContaining('1, 2, 3') });
    expect(gateway.clients).toBe(3);
    expect(pauses).toEqual([10_000]);
  });
});
