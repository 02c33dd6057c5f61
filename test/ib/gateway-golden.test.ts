import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { BarSizeSetting, EventName, IBApi, WhatToShow } from '@stoqey/ib';
import { afterEach, expect, it } from 'vitest';
import { sockets } from './raw-client.ts';
import { apple, euro, start } from './stoqey-client.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** What an unmodified client writes, as text with a middle dot for each NUL and a frame's length before it; the last asks for the time. */
async function recorded(serverVersion: number, speak: (api: IBApi) => void): Promise<string[]> {
  const simulator = await start({ serverVersion, enforcePacing: false });
  let bytes = Buffer.alloc(0);
  const tap = createServer((client: Socket) => {
    const gateway = connectSocket(simulator.port, simulator.host);
    sockets.push(client, gateway);
    client.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
    client.on('error', () => {});
    gateway.on('error', () => {});
    client.pipe(gateway).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(tap, 'listening');
  const address = tap.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const api = new IBApi({ port: address.port, host: '127.0.0.1', clientId: 7 });
  closing.push(() => {
    api.removeAllListeners();
    api.disconnect();
    tap.close();
  });
  await new Promise<void>((resolve) => void api.once(EventName.nextValidId, () => resolve()).connect());
  speak(api);
  await new Promise<void>((resolve) => void api.once(EventName.currentTime, () => resolve()).reqCurrentTime());
  return framesOf(bytes);
}

function framesOf(bytes: Buffer): string[] {
  const frames = [bytes.toString('latin1', 0, 4).replaceAll('\0', '·')];
  for (let at = 4; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    frames.push(`${length} ${bytes.toString('latin1', at + 4, at + 4 + length).replaceAll('\0', '·')}`);
    at += 4 + length;
  }
  return frames;
}

const speak = (api: IBApi): void => {
  api.reqContractDetails(1, apple);
  api.reqHeadTimestamp(2, apple, 'TRADES', true, 2);
  api.cancelHeadTimestamp(2);
  api.reqHistoricalData(3, apple, '', '8 D', BarSizeSetting.DAYS_ONE, WhatToShow.TRADES, 1, 2, false);
  api.reqHistoricalData(
    4,
    euro,
    '20250612-21:00:00',
    '1 D',
    BarSizeSetting.HOURS_ONE,
    WhatToShow.MIDPOINT,
    0,
    2,
    false,
  );
  api.on(EventName.error, () => {});
  api.cancelHistoricalData(4);
  api.reqMatchingSymbols(5, 'AAP');
};

const asked = (contractDetails: string): string[] => [
  'API·',
  '9 v100..193',
  '8 71·2·7··',
  contractDetails,
  '45 87·2··AAPL·STK·····SMART··USD···0·1·TRADES·2·',
  '5 90·2·',
  '59 20·3··AAPL·STK·····SMART··USD···0··1 day·8 D·1·TRADES·2·0··',
  '82 20·4··EUR·CASH·····IDEALPRO··USD···0·20250612-21:00:00·1 hour·1 D·0·MIDPOINT·2·0··',
  '7 25·1·4·',
  '9 81·5·AAP·',
  '5 49·1·',
];

it.each([
  [157, '36 9·8·1··AAPL·STK·····SMART··USD······'],
  [176, '37 9·8·1··AAPL·STK·····SMART··USD·······'],
  [178, '37 9·8·1··AAPL·STK·····SMART··USD·······'],
  [193, '37 9·8·1··AAPL·STK·····SMART··USD·······'],
])('an unmodified client writes these bytes at version %i', async (serverVersion, contractDetails) => {
  expect(await recorded(serverVersion, speak)).toEqual(asked(contractDetails));
});
