import { createServer, type Server, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { IBApi } from '@stoqey/ib';
import { afterEach, describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../../async/index.ts';
import { KtrdrError, silentLogger } from '../../base/index.ts';
import { parseSymbol } from '../contract.ts';
import { IbSession } from '../session/ib-session.ts';
import { historyQuery } from '../requests.ts';
import { defaultTimeouts } from '../session/session-options.ts';
import { encodeFrame, FrameReader, splitFields } from '../simulator/protocol/framing.ts';
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
  const common = {
    clientId: 1,
    timeouts: defaultTimeouts,
    mostMessagesPerSecond: 40,
    clock: systemClock,
    log: silentLogger,
  };
  return IbSession.open({ address, ...common, onPaceComplaint: () => {} }, CancellationToken.none);
}

const query = historyQuery(
  parseSymbol('EURUSD'),
  { timeframe: '1m', range: { start: Date.UTC(2025, 0, 6), end: Date.UTC(2025, 0, 7) } },
  Date.UTC(2025, 5, 1),
);

describe('createWire', () => {
  it('finds the private members of the library that it replaces', async () => {
    const wire = await createWire({ address: { host: '127.0.0.1', port: 1 }, mostMessagesPerSecond: 40 });
    expect(wire.api).toBeInstanceOf(IBApi);
    expect(new IBApi(), 'a new release may have moved it').toHaveProperty(
      'controller.socket.onData',
      expect.any(Function),
    );
    expect(new IBApi()).toHaveProperty('controller.socket.onMessage', expect.any(Function));
  });

  it('decodes 100,000 bars without holding up the event loop', async () => {
    const count = 100_000;
    const bars = Array.from({ length: count }, (_, index) => [
      1_736_121_600 + 60 * index,
      1.1,
      1.2,
      1,
      1.15,
      -1,
      -1,
      -1,
    ]);
    const rest = encodeFrame(['start', 'end', count, ...bars.flat()]).subarray(4);
    // Taken apart and put together without the 800,000 fields, whose making would hold up the event loop of this test.
    const answer = (reqId: string): Buffer => {
      const begin = Buffer.from(`17\0${reqId}\0`);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(begin.length + rest.length);
      return Buffer.concat([length, begin, rest]);
    };
    const session = await open(await startScriptedGateway(answer));
    const warmUp = await session.history(query, CancellationToken.none);
    expect(warmUp).toHaveLength(count);
    // The best of some rounds: what else this computer does may hold up one of them, our decoder would hold up all.
    const longestMs: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const { length, time, close, volume } = await session.history(query, CancellationToken.none);
      await new Promise((resolve) => setTimeout(resolve, 5));
      delay.disable();
      longestMs.push(delay.max / 1e6);
      expect([length, time.at(-1), close.at(-1), volume.at(-1)]).toEqual([count, 1_742_121_540, 1.15, Number.NaN]);
    }
    expect(Math.min(...longestMs)).toBeLessThan(50);
    session.close(new KtrdrError('unavailable', 'done'));
  });

  it('passes over a frame that is no message, and hears the one behind it', async () => {
    const garbage = Buffer.from('00000008fffefdfc00ff8081', 'hex');
    const address = await startScriptedGateway((reqId) =>
      Buffer.concat([garbage, encodeFrame([4, 2, reqId, 162, 'HMDS query returned no data', ''])]),
    );
    const session = await open(address);
    await expect(session.history(query, CancellationToken.none)).resolves.toHaveLength(0);
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

  it('does not take "no data" for a fact from a gateway that is cut off from IB, or was since it was asked', async () => {
    const noData =
      'Historical Market Data Service error message:HMDS query returned no data: EUR.USD@IDEALPRO Midpoint';
    const answer = (reqId: string): Buffer => encodeFrame([4, 2, reqId, 162, noData, '']);
    const cutOff = encodeFrame([4, 2, -1, 1100, 'Connectivity between IBKR and Trader Workstation has been lost.', '']);
    const back = encodeFrame([4, 2, -1, 1102, 'Connectivity between IBKR and TWS has been restored.', '']);
    const noBars = (reqId: string): Buffer => encodeFrame([17, reqId, 'start', 'end', 0]);
    const gateways: [isBelieved: boolean, answers: (reqId: string) => Buffer][] = [
      [true, answer],
      [true, noBars],
      [false, (reqId) => Buffer.concat([cutOff, answer(reqId)])],
      [false, (reqId) => Buffer.concat([cutOff, noBars(reqId)])],
      [false, (reqId) => Buffer.concat([cutOff, back, answer(reqId)])],
      [false, (reqId) => Buffer.concat([cutOff, back, noBars(reqId)])],
    ];
    for (const [isBelieved, answers] of gateways) {
      const session = await open(await startScriptedGateway(answers));
      const history = session.history(query, CancellationToken.none);
      if (isBelieved) await expect(history).resolves.toHaveLength(0);
      else await expect(history).rejects.toMatchObject({ code: 'unavailable' });
      session.close(new KtrdrError('unavailable', 'done'));
    }
  });

  it('says which version it met when it does not speak that one', async () => {
    const address = await startScriptedGateway(() => Buffer.alloc(0), 201);
    await expect(open(address)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('Unsupported Version 201'),
    });
  });
});
