import { createServer, type Server, type Socket } from 'node:net';
import { IBApi } from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { parseSymbol } from './contract.ts';
import { IbSession } from './ib-session.ts';
import { historyQuery } from './requests.ts';
import { defaultTimeouts } from './session-options.ts';
import { encodeFrame, FrameReader, splitFields } from './simulator/framing.ts';
import { TokenQueue } from './token-queue.ts';
import { createWire } from './wire.ts';

const historyId = 20;
const servers: { server: Server; sockets: Socket[] }[] = [];

afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Greets, says that it is ready, and answers each history request with prepared frames. */
async function startScriptedGateway(
  answer: (reqId: string) => Buffer,
  version = 178,
): Promise<{ host: string; port: number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    const reader = new FrameReader();
    const take = (payload: Buffer): void => {
      const [id = '', reqId = ''] = splitFields(payload);
      if (id.startsWith('v')) {
        socket.write(encodeFrame([version, '20260105 10:00:00 EST']));
        socket.write(encodeFrame([15, 1, 'DU1,']));
        socket.write(encodeFrame([9, 1, 1]));
        for (const code of [2104, 2106, 2158]) socket.write(encodeFrame([4, 2, -1, code, 'connection is OK:farm', '']));
      }
      if (Number(id) === historyId) socket.write(answer(reqId));
    };
    // Several messages may come in one chunk.
    socket.on('data', (chunk) => {
      for (const payload of reader.push(chunk)) take(payload);
    });
  });
  servers.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
}

function open(address: { host: string; port: number }): Promise<IbSession> {
  const common = { clientId: 1, timeouts: defaultTimeouts, clock: systemClock, log: silentLogger };
  return IbSession.open({ address, ...common, onPaceComplaint: () => {} }, CancellationToken.none);
}

/** Measures the longest time in which nothing else could run, the one under way included. */
function watchEventLoop(): { stop: () => number } {
  let longestMs = 0;
  let last = performance.now();
  const look = (): void => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  };
  let next: NodeJS.Immediate;
  const turn = (): void => {
    look();
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return {
    stop: () => {
      look();
      clearImmediate(next);
      return longestMs;
    },
  };
}

const query = historyQuery(
  parseSymbol('EURUSD'),
  { timeframe: '1m', range: { start: Date.UTC(2025, 0, 6), end: Date.UTC(2025, 0, 7) } },
  Date.UTC(2025, 5, 1),
);

describe('createWire', () => {
  it('finds the private members of the library that it replaces', async () => {
    const wire = await createWire({ host: '127.0.0.1', port: 1 });
    expect(wire.api).toBeInstanceOf(IBApi);
    expect(wire.api).toHaveProperty('controller.decoder.dataQueue', expect.any(TokenQueue));
    expect(new IBApi(), 'a new release may have moved it').toHaveProperty('controller.decoder.dataQueue', []);
    expect(new IBApi()).toHaveProperty('controller.socket');
  });

  it('decodes 4,000 bars without holding up the event loop', async () => {
    const bars = Array.from({ length: 4_000 }, (_, index) => [
      1_736_121_600 + 60 * index,
      1.1,
      1.2,
      1,
      1.15,
      -1,
      -1,
      -1,
    ]);
    const rest = encodeFrame(['start', 'end', bars.length, ...bars.flat()])
      .subarray(4)
      .toString();
    const session = await open(
      await startScriptedGateway((reqId) => encodeFrame([17, reqId, ...rest.split('\0').slice(0, -1)])),
    );
    const warmUp = await session.history(query, CancellationToken.none);
    expect(warmUp).toHaveLength(4_000);
    const watch = watchEventLoop();
    const answer = await session.history(query, CancellationToken.none);
    const longestMs = watch.stop();
    expect(answer.at(-1)).toEqual({ time: '1736361540', open: 1.1, high: 1.2, low: 1, close: 1.15, volume: -1 });
    expect(longestMs).toBeLessThan(50);
    session.close(new KtrdrError('unavailable', 'done'));
  });

  it('gives the connection up, and nothing else, when a message cannot be decoded', async () => {
    const session = await open(
      await startScriptedGateway((reqId) => encodeFrame([4, 2, reqId, 201, 'Order rejected', '{not json'])),
    );
    await expect(session.history(query, CancellationToken.none)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot be read'),
    });
    expect(session.isOpen).toBe(false);
  });

  it('does not take "no data" for a fact from a gateway that is cut off from IB', async () => {
    const noData =
      'Historical Market Data Service error message:HMDS query returned no data: EUR.USD@IDEALPRO Midpoint';
    const answer = (reqId: string): Buffer => encodeFrame([4, 2, reqId, 162, noData, '']);
    const cutOff = encodeFrame([4, 2, -1, 1100, 'Connectivity between IBKR and Trader Workstation has been lost.', '']);
    const healthy = await open(await startScriptedGateway(answer));
    await expect(healthy.history(query, CancellationToken.none)).resolves.toEqual([]);
    const degraded = await open(await startScriptedGateway((reqId) => Buffer.concat([cutOff, answer(reqId)])));
    await expect(degraded.history(query, CancellationToken.none)).rejects.toMatchObject({ code: 'unavailable' });
    for (const session of [healthy, degraded]) session.close(new KtrdrError('unavailable', 'done'));
  });

  it('says which version it met when it does not speak that one', async () => {
    const address = await startScriptedGateway(() => Buffer.alloc(0), 201);
    await expect(open(address)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('Unsupported Version 201'),
    });
  });
});
