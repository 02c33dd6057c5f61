import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/async/index.ts';
import { frameOf, RawClient, sockets } from './raw-client.ts';
import { now, start } from './stoqey-client.ts';

const euro = ['0', 'EUR', 'CASH', '', '', '', '', 'IDEALPRO', '', 'USD', '', ''];

describe('the greeting', () => {
  it.each([
    ['v100..193', '178'],
    ['v178', '178'],
    ['v157..160', '160'],
    ['v100..176 +PACEAPI', '176'],
  ])('"%s" is answered with version %s', async (offer, version) => {
    const client = await RawClient.connect(await start(), offer);
    expect(await client.next()).toEqual([version, '20250613 12:00:30 EDT']);
  });

  it.each(['v100..156', 'v179..200', 'hello'])('"%s" ends the connection', async (offer) => {
    const client = await RawClient.connect(await start(), offer);
    await client.closed;
    expect(client.frames).toEqual([]);
  });

  it('of another protocol ends the connection', async () => {
    const simulator = await start();
    const socket = connectSocket(simulator.port, simulator.host);
    sockets.push(socket);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(simulator.messages).toEqual([]);
  });
});

describe('messages', () => {
  it('before the session starts are not answered', async () => {
    const client = await RawClient.connect(await start());
    client.send(49, 1);
    client.send(71, 2, 1, '');
    expect((await client.take(6)).map(([id]) => id)).toEqual(['178', '15', '9', '4', '4', '4']);
  });

  it('are read when many share a segment and when one is cut into bytes', async () => {
    const client = await RawClient.started(await start());
    const request = frameOf([49, 1]);
    client.socket.write(Buffer.concat([request, request, request]));
    expect(await client.take(3)).toHaveLength(3);
    for (const byte of request) client.socket.write(Buffer.from([byte]));
    expect(await client.next()).toEqual(['49', '1', String(Math.floor(now / 1000))]);
  });

  it('with a text where a number must be are refused with 320 and the id as far as it is known', async () => {
    const client = await RawClient.started(await start());
    client.send(20, 17, ...euro.with(0, 'many'));
    expect((await client.next()).slice(0, 4)).toEqual(['4', '2', '17', '320']);
    client.send(25, 1, 'x');
    expect((await client.next()).slice(0, 4)).toEqual(['4', '2', '-1', '320']);
  });

  it('nobody knows are ignored', async () => {
    const client = await RawClient.started(await start());
    client.send(4711, 1, 2, 3);
    client.send(49, 1);
    expect((await client.next())[0]).toBe('49');
  });
});

describe('answers to a client of version 200', () => {
  it('carry the time of an error, and the end of a history in a message of its own', async () => {
    const client = await RawClient.started(await start({ serverVersion: 200 }), 'v100..200');
    client.send(20, 3, ...euro, 0, '20250612-21:00:00', '1 hour', '1 D', 0, 'MIDPOINT', 2, 0, '');
    const [data, end] = await client.take(2);
    expect(data?.slice(0, 4)).toEqual(['17', '3', '24', String(Date.parse('2025-06-11T21:15:00Z') / 1000)]);
    expect(data).toHaveLength(3 + 24 * 8);
    expect(end).toEqual(['108', '3', '20250611 17:00:00 US/Eastern', '20250612 17:00:00 US/Eastern']);
    client.send(25, 1, 99);
    expect(await client.next()).toEqual([
      '4',
      '99',
      '366',
      'No historical data query found for ticker id:99',
      '',
      String(now),
    ]);
  });

  it('have as many fields of contract details as the version asks for', async () => {
    const count = async (serverVersion: number) => {
      const client = await RawClient.started(await start({ serverVersion }), 'v100..200');
      client.send(9, 8, 1, ...euro, 0, '', '', '');
      return (await client.next()).length;
    };
    const counts = [
      await count(162),
      await count(163),
      await count(164),
      await count(181),
      await count(182),
      await count(186),
    ];
    expect(counts).toEqual([39, 40, 40, 40, 41, 42]);
  });
});

describe('a history kept up to date', () => {
  it('sends the bar in progress every five seconds until it is cancelled', async () => {
    const clock = new ManualClock(now);
    const client = await RawClient.started(await start({ clock, timers: clock }));
    client.send(20, 3, ...euro, 0, '', '1 min', '60 S', 0, 'MIDPOINT', 2, 1, '');
    const history = await client.next();
    expect(history.slice(0, 2)).toEqual(['17', '3']);
    const minute = String(Date.parse('2025-06-13T16:00:00Z') / 1000);
    clock.advance(5000);
    const [id, reqId, count, date, open, close, high, low, average, volume] = await client.next();
    expect([id, reqId, count, date, average, volume]).toEqual(['90', '3', '-1', minute, '-1', '-1']);
    expect(Number(high)).toBeGreaterThanOrEqual(Math.max(Number(open), Number(close)));
    expect(Number(low)).toBeLessThanOrEqual(Math.min(Number(open), Number(close)));
    clock.advance(30_000);
    const updates = await client.take(7);
    expect(updates.map((fields) => fields[3])).toEqual([
      ...Array.from({ length: 5 }, () => minute),
      minute,
      String(Number(minute) + 60),
    ]);
    client.send(25, 1, 3);
    expect((await client.next()).slice(2, 5)).toEqual(['3', '162', expect.stringContaining('query cancelled: 3')]);
  });
});

describe('a client that does not listen', () => {
  it('gets everything it asked for once it does', async () => {
    const simulator = await start();
    const client = await RawClient.started(simulator);
    client.socket.pause();
    for (const reqId of [1, 2, 3]) client.send(20, reqId, ...euro, 0, '', '5 mins', '1 Y', 0, 'MIDPOINT', 2, 0, '');
    client.send(49, 1);
    while (simulator.counters.historyRequests < 3) await new Promise(setImmediate);
    client.socket.resume();
    const answers = await client.take(4);
    expect(answers.map(([id, reqId]) => [id, reqId])).toEqual([
      ['17', '1'],
      ['17', '2'],
      ['17', '3'],
      ['49', '1'],
    ]);
    expect(answers[0]?.length).toBeGreaterThan(8 * 70_000);
  });
});

it('close() ends every connection, and a second one is harmless', async () => {
  const simulator = await start();
  const clients = [await RawClient.started(simulator, 'v178', 1), await RawClient.started(simulator, 'v178', 2)];
  await simulator.close();
  await Promise.all(clients.map((client) => client.closed));
  await simulator.close();
  const late = connectSocket(simulator.port, simulator.host);
  sockets.push(late);
  const [error] = await once(late, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});
