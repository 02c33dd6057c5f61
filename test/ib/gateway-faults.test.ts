import { EventName } from '@stoqey/ib';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/async/index.ts';
import { startGatewaySimulator, type GatewaySimulatorOptions } from '../../src/ib/index.ts';
import { freePort } from '../support/free-port.ts';
import { RawClient } from './raw-client.ts';
import { apple, connect, now, start } from './stoqey-client.ts';

const days = { contract: apple, duration: '8 D', barSize: '1 day', end: '' };
const euro = ['0', 'EUR', 'CASH', '', '', '', '', 'IDEALPRO', '', 'USD', '', ''];
const hours = [...euro, 0, '20250612-21:00:00', '1 hour', '1 D', 0, 'MIDPOINT', 2, 0, ''];

describe('a fault with a scope', () => {
  it('strikes one client, one symbol, and as often as told', async () => {
    const simulator = await start();
    const [first, second] = [await connect(simulator, 1), await connect(simulator, 2)];
    simulator.inject({ kind: 'false_pacing_violation', client: 2, symbol: 'AAPL', count: 2 });
    const outcome = async (client: typeof first, symbol: string) =>
      (await client.history({ ...days, contract: { ...apple, symbol } })).error?.message.includes('pacing') === true;
    expect(await outcome(first, 'AAPL')).toBe(false);
    expect(await outcome(second, 'MSFT')).toBe(false);
    expect([await outcome(second, 'AAPL'), await outcome(second, 'AAPL')]).toEqual([true, true]);
    expect(await outcome(second, 'AAPL')).toBe(false);
    expect(simulator.faults).toEqual([]);
    expect(simulator.violations).toEqual([]);
  });

  it('is refused when there is no such fault, naming what is wrong', async () => {
    const simulator = await start();
    expect(() => simulator.inject({ kind: 'trickle', bytesPerSecond: 0 })).toThrow('bytesPerSecond');
  });

  it('lets nothing listen when it is refused at the start', async () => {
    const port = await freePort();
    await expect(startGatewaySimulator({ port, faults: [{ kind: 'trickle', bytesPerSecond: 0 }] })).rejects.toThrow();
    await using simulator = await startGatewaySimulator({ port });
    expect(simulator.port).toBe(port);
  });
});

describe('answers that are wrong on purpose', () => {
  it('hold one bar more than they announce', async () => {
    const client = await connect(await start({ faults: [{ kind: 'extra_bar' }] }));
    const { bars } = await client.history(days);
    expect(bars).toHaveLength(7);
    await client.until(() => client.notices.some(({ code }) => code === 505) || client.errors.length > 0);
    expect([...client.notices, ...client.errors].map(({ code }) => code)).toContain(505);
  });

  it('repeat the prices of one bar', async () => {
    const client = await connect(await start({ faults: [{ kind: 'stale_series' }] }));
    const { bars } = await client.history(days);
    expect(new Set(bars.slice(4).map(({ close }) => close)).size).toBe(1);
    expect(new Set((await client.history(days)).bars.map(({ close }) => close)).size, 'once').toBeGreaterThan(5);
  });

  it('come out of order', async () => {
    const client = await connect(await start({ faults: [{ kind: 'unordered_bars' }] }));
    const dates = (await client.history(days)).bars.map(({ date }) => date);
    expect(dates).not.toEqual([...dates].sort());
    expect((await client.history(days)).bars.map(({ date }) => date)).toEqual([...dates].sort());
  });

  it.each([178, 200])('end twice at version %i', async (serverVersion) => {
    const simulator = await start({ serverVersion, faults: [{ kind: 'duplicate_end', count: 2 }] });
    const client = await RawClient.started(simulator, 'v100..200');
    client.send(20, 3, ...hours);
    const ids = (await client.take(serverVersion === 178 ? 2 : 3)).map(([id]) => id);
    expect(ids).toEqual(serverVersion === 178 ? ['17', '17'] : ['17', '108', '108']);
    client.send(9, 8, 4, ...euro, 0, '', '', '');
    expect((await client.take(3)).map(([id]) => id)).toEqual(['10', '52', '52']);
  });

  it('are preceded by a frame of nonsense', async () => {
    const client = await RawClient.started(await start({ faults: [{ kind: 'garbage_frame' }] }));
    client.send(20, 3, ...hours);
    const [garbage, answer] = await client.take(2);
    expect(Number(garbage?.[0])).toBeNaN();
    expect(answer?.[0]).toBe('17');
  });

  it('refuse because the login is in use elsewhere', async () => {
    const client = await connect(await start({ faults: [{ kind: 'different_ip' }] }));
    expect((await client.history(days)).error).toMatchObject({
      code: 162,
      message: expect.stringContaining('different IP address'),
    });
  });

  it('stop in the middle of a frame', async () => {
    const client = await connect(await start({ faults: [{ kind: 'drop_mid_frame' }] }));
    void client.history(days);
    await client.until(() => client.disconnected);
    expect(client.rows.length).toBeLessThan(8);
  });
});

describe('connections', () => {
  it.each(['accept_then_close', 'reset_at_connect'] as const)(
    'end at once (%s), the next one does not',
    async (kind) => {
      const simulator = await start({ faults: [{ kind }] });
      const client = await RawClient.connect(simulator).catch(() => undefined);
      await client?.closed;
      expect(client?.frames ?? []).toEqual([]);
      expect((await connect(simulator)).accounts).toBe('DU1234567,');
    },
  );

  it('trickle, so many bytes a second of the virtual clock', async () => {
    const clock = new ManualClock(now);
    const simulator = await start({ clock, timers: clock, faults: [{ kind: 'trickle', bytesPerSecond: 1 }] });
    const client = await RawClient.connect(simulator);
    let bytes = 0;
    client.socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await expect.poll(() => bytes).toBe(1);
    clock.advance(9_999);
    await expect.poll(() => bytes).toBe(10);
    // The greeting: its length, 178, and the time.
    clock.advance(60_000);
    expect(await client.next()).toEqual(['178', '20250613 12:00:30 EDT']);
  });

  it('fall silent in the middle of an answer, which goes on when they are not any more', async () => {
    const clock = new ManualClock(now);
    const simulator = await start({ clock, timers: clock });
    const client = await RawClient.started(simulator);
    let bytes = 0;
    client.socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
    simulator.inject({ kind: 'trickle', bytesPerSecond: 100 });
    client.send(20, 3, ...hours);
    await expect.poll(() => bytes).toBe(10);
    const silence = simulator.inject({ kind: 'silence' });
    clock.advance(60_000);
    await expect.poll(() => simulator.counters.historyRequests).toBe(1);
    expect(bytes).toBe(10);
    silence[Symbol.dispose]();
    clock.advance(60_000);
    expect((await client.next()).slice(0, 2)).toEqual(['17', '3']);
  });

  it('no more than 32 of them', async () => {
    const simulator = await start();
    for (let id = 0; id < 32; id += 1) await RawClient.started(simulator, 'v178', id);
    expect(simulator.clients).toHaveLength(32);
    const late = await RawClient.connect(simulator);
    late.send(71, 2, 99, '');
    await late.closed;
    expect(simulator.clients).toHaveLength(32);
  });
});

describe('the link to the servers', () => {
  const inVirtualTime = async (at: string, options: GatewaySimulatorOptions = {}) => {
    const clock = new ManualClock(Date.parse(at));
    return { clock, simulator: await start({ clock, timers: clock, ...options }) };
  };

  it('is told to be lost again and again, and to be back with data lost', async () => {
    const { clock, simulator } = await inVirtualTime('2025-06-13T16:00:00Z');
    const client = await connect(simulator);
    const fault = simulator.inject({ kind: 'connectivity_lost', dataLost: true });
    clock.advance(15_000);
    fault[Symbol.dispose]();
    clock.advance(60_000);
    await client.until(() => client.notices.some(({ code }) => code === 1101));
    expect(client.notices.map(({ code }) => code).slice(3)).toEqual([1100, 1100, 1100, 1100, 1101]);
  });

  it('is lost every night from 00:15 to 01:45 in New York, and sockets are closed on the way', async () => {
    // Thursday, 00:14 in New York.
    const { clock, simulator } = await inVirtualTime('2025-06-12T04:14:00Z', { faults: [{ kind: 'nightly_reset' }] });
    const client = await connect(simulator);
    expect(await client.details(apple)).toHaveLength(1);
    clock.advance(60_000);
    expect(await client.details(apple).catch((error: { code: number }) => error.code)).toBe(200);
    clock.advance(600_000);
    await client.until(() => client.disconnected);
    const again = await connect(simulator, 2);
    clock.advance(80 * 60_000);
    await again.until(() => again.notices.some(({ code }) => code === 1101));
    expect(await again.details(apple)).toHaveLength(1);
    clock.advance(24 * 3_600_000 - 90 * 60_000);
    await again.until(() => again.disconnected || again.notices.filter(({ code }) => code === 1100).length > 100);
  });
});

it('live bars end with 10225 and may be asked for again', async () => {
  const clock = new ManualClock(now);
  const simulator = await start({ clock, timers: clock });
  const client = await RawClient.started(simulator);
  const live = [...euro, 0, '', '1 min', '60 S', 0, 'MIDPOINT', 2, 1, ''];
  client.send(20, 3, ...live);
  await client.next();
  expect(simulator.openRequests).toMatchObject([{ request: 3, kind: 'history', symbol: 'EUR', live: true }]);
  simulator.inject({ kind: 'bust_event' });
  expect((await client.next()).slice(2, 4)).toEqual(['3', '10225']);
  clock.advance(60_000);
  client.send(20, 3, ...live);
  expect((await client.next())[0], 'the old subscription says nothing more').toBe('17');
});

it('the time of an answer follows a distribution, the same for the same seed', async () => {
  const times = async (ms: { between: [number, number] }) => {
    const clock = new ManualClock(now);
    const simulator = await start({ clock, timers: clock, faults: [{ kind: 'latency', ms }] });
    const client = await connect(simulator);
    let arrived = 0;
    client.api.on(EventName.historicalData, (_, date) => void (date.startsWith('finished') && (arrived += 1)));
    const taken: number[] = [];
    for (let count = 1; count <= 3; count += 1) {
      const begun = clock.now();
      void client.history({ ...days, duration: `${count} D` });
      await expect.poll(() => simulator.counters.historyRequests).toBe(count);
      while (simulator.openRequests.length > 0) clock.advance(1);
      await client.until(() => arrived === count);
      taken.push(clock.now() - begun);
    }
    return taken;
  };
  const taken = await times({ between: [100, 400] });
  for (const ms of taken) expect(ms).toBeGreaterThanOrEqual(100);
  for (const ms of taken) expect(ms).toBeLessThanOrEqual(401);
  expect(new Set(taken).size).toBe(3);
  expect(await times({ between: [100, 400] })).toEqual(taken);
});
