import { EventName } from '@stoqey/ib';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/async/index.ts';
import { startGatewaySimulator } from '../../src/ib/simulator/index.ts';
import { apple, connect, now, rawSend, start } from './stoqey-client.ts';

describe('a simulated gateway', () => {
  it('gives every client the version both speak, 178 at most unless told otherwise', async () => {
    expect((await connect(await start())).api.serverVersion).toBe(178);
    await expect(startGatewaySimulator({ serverVersion: 201 })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('turns away a client id in use and takes it again when it is free', async () => {
    const simulator = await start();
    const first = await connect(simulator, 7);
    await expect(connect(simulator, 7)).rejects.toThrow('326');
    first.api.disconnect();
    await first.until(() => first.disconnected);
    expect((await connect(simulator, 7)).accounts).toBe('DU1234567,');
  });

  it('reports the port that is taken', async () => {
    const { port } = await start();
    await expect(startGatewaySimulator({ port })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(String(port)),
    });
  });

  it('keeps head timestamps open until they are cancelled, and allows fifty', async () => {
    const simulator = await start({ enforcePacing: false });
    const client = await connect(simulator);
    const heads = new Set<number>();
    client.api.on(EventName.headTimestamp, (id) => heads.add(id));
    const contract = [apple.symbol, apple.secType, '', '', '', '', apple.exchange, '', apple.currency, '', ''];
    for (let id = 1000; id < 1049; id += 1)
      rawSend(client.api, [87, id, 0, ...contract.map(String), 0, 1, 'TRADES', 1]);
    await client.until(() => heads.size === 49);
    expect(await client.head(apple, 1, { cancel: false })).toBe('19980102-14:30:00');
    expect((await client.history({ contract: apple, duration: '1 D', barSize: '1 day', end: '' })).error).toMatchObject(
      { code: 322 },
    );
    client.api.cancelHeadTimestamp(1000);
    expect((await client.history({ contract: apple, duration: '1 D', barSize: '1 day', end: '' })).bars).toHaveLength(
      1,
    );
    expect(simulator.counters.violations).toBe(1);
  });

  it('counts broken pacing rules of small requests only', async () => {
    const simulator = await start();
    const client = await connect(simulator);
    const minutes = { contract: apple, duration: '1 D', barSize: '1 min', end: '' };
    for (let count = 0; count < 7; count += 1) expect((await client.history(minutes)).error).toBeUndefined();
    const seconds = { contract: apple, duration: '1800 S', barSize: '30 secs', end: '' };
    expect((await client.history(seconds)).bars).toHaveLength(60);
    expect((await client.history(seconds)).error?.message).toContain('pacing violation');
    expect(simulator.counters).toMatchObject({ violations: 1, historyRequests: 9 });
  });

  it('strikes at more than fifty messages in a second and drops the client at the third', async () => {
    const client = await connect(await start());
    for (let count = 0; count < 160; count += 1) rawSend(client.api, [49, 1]);
    await client.until(() => client.disconnected);
    expect(client.notices.filter(({ code }) => code === 100)).toHaveLength(3);
  });

  it('refuses a ticker id that is in use', async () => {
    const client = await connect(await start({ latencyMs: 60_000 }));
    const request = { id: 5, contract: apple, duration: '1 D', barSize: '1 day', end: '' };
    void client.history(request);
    expect((await client.history(request)).error?.code).toBe(386);
  });

  it('warns of an end without a zone and takes that of the instrument', async () => {
    const client = await connect(await start());
    const answer = await client.history({
      contract: apple,
      duration: '1 D',
      barSize: '1 hour',
      end: '20250612 16:00:00',
    });
    expect(answer.error?.code).toBe(2174);
    await client.until(() => client.rows.length === 7);
    expect(client.rows.at(-1)?.date).toBe(String(Date.parse('2025-06-12T19:00:00Z') / 1000));
  });

  it('answers other start-up questions with their empty ends', async () => {
    const client = await connect(await start());
    const ended = new Set<string>();
    client.api.on(EventName.positionEnd, () => ended.add('positions'));
    client.api.on(EventName.openOrderEnd, () => ended.add('open orders'));
    client.api.on(EventName.completedOrdersEnd, () => ended.add('completed orders'));
    client.api.on(EventName.execDetailsEnd, () => ended.add('executions'));
    client.api.reqPositions();
    client.api.reqOpenOrders();
    client.api.reqCompletedOrders(true);
    client.api.reqExecutions(3, {});
    await client.until(() => ended.size === 4);
    expect(client.errors).toEqual([]);
  });

  it('logs every frame both ways', async () => {
    const simulator = await start();
    const client = await connect(simulator, 3);
    await client.currentTime();
    const seen = simulator.messages.filter(({ id }) => id === 'greeting' || id === 71 || id === 49);
    expect(seen.map(({ direction, id, fields }) => [direction, id, fields])).toEqual([
      ['received', 'greeting', ['v100..193']],
      ['sent', 'greeting', ['178', '20250613 12:00:30 EDT']],
      ['received', 71, ['2', '3', '']],
      ['received', 49, ['1']],
      ['sent', 49, ['1', String(Math.floor(now / 1000))]],
    ]);
  });
});

describe('faults', () => {
  it('mute history until lifted; the request stays open', async () => {
    const simulator = await start();
    const client = await connect(simulator);
    const fault = simulator.inject({ kind: 'mute_history' });
    const answer = client.history({ id: 9, contract: apple, duration: '1 D', barSize: '1 day', end: '' });
    await client.currentTime();
    fault[Symbol.dispose]();
    expect((await client.history({ contract: apple, duration: '1 D', barSize: '1 day', end: '' })).bars).toHaveLength(
      1,
    );
    client.api.cancelHistoricalData(9);
    expect((await answer).error?.code).toBe(162);
  });

  it('send every byte by itself and the client still understands', async () => {
    const client = await connect(await start({ faults: [{ kind: 'split_frames' }] }));
    expect((await client.history({ contract: apple, duration: '1 D', barSize: '5 mins', end: '' })).bars).toHaveLength(
      31,
    );
  });

  it('cut a connection in the middle of a history answer', async () => {
    const simulator = await start({ faults: [{ kind: 'drop_mid_frame' }] });
    const client = await connect(simulator);
    void client.history({ contract: apple, duration: '1 D', barSize: '1 min', end: '' });
    await client.until(() => client.disconnected);
    expect(client.rows).toEqual([]);
    const again = await connect(simulator);
    expect(
      (await again.history({ contract: apple, duration: '1 D', barSize: '1 min', end: '' })).bars.length,
    ).toBeGreaterThan(100);
  });

  it('refuse once for pacing although the rules were kept', async () => {
    const simulator = await start({ faults: [{ kind: 'false_pacing_violation' }] });
    const client = await connect(simulator);
    const request = { contract: apple, duration: '1 D', barSize: '1 hour', end: '' };
    expect((await client.history(request)).error?.message).toContain('pacing violation');
    expect((await client.history(request)).error).toBeUndefined();
    expect(simulator.counters.violations).toBe(0);
  });

  it('lose the link to the servers: 1100, unknown contracts, mute history, then 1102', async () => {
    const simulator = await start();
    const client = await connect(simulator);
    const fault = simulator.inject({ kind: 'connectivity_lost' });
    expect(await client.details(apple).catch((error: { code: number }) => error.code)).toBe(200);
    fault[Symbol.dispose]();
    expect(await client.details(apple)).toHaveLength(1);
    expect(client.notices.map(({ code }) => code)).toEqual([2104, 2106, 2158, 1100, 1102]);
  });

  it('break the farms: 2103, 2105, 2157, and 2104, 2106, 2158 when they are back', async () => {
    const simulator = await start();
    const fault = simulator.inject({ kind: 'farm_down' });
    const client = await connect(simulator);
    fault[Symbol.dispose]();
    await client.until(() => client.notices.length === 6);
    expect(client.notices.map(({ code }) => code)).toEqual([2103, 2105, 2157, 2104, 2106, 2158]);
  });

  it('withhold the next valid id', async () => {
    const simulator = await start({ faults: [{ kind: 'no_next_valid_id' }] });
    void connect(simulator);
    await expect.poll(() => simulator.messages.map(({ id }) => id)).toContain(15);
    expect(simulator.messages.map(({ id }) => id)).not.toContain(9);
  });

  it('delay a history answer by the time told', async () => {
    const clock = new ManualClock(now);
    const simulator = await start({ clock, timers: clock, latencyMs: 1000, faults: [{ kind: 'latency', ms: 500 }] });
    const client = await connect(simulator);
    const answer = client.history({ contract: apple, duration: '1 D', barSize: '1 day', end: '' });
    await expect.poll(() => simulator.counters.historyRequests).toBe(1);
    clock.advance(1499);
    expect(simulator.counters.barsSent).toBe(0);
    clock.advance(1);
    expect((await answer).bars).toHaveLength(1);
  });

  it('cut off every client at once', async () => {
    const simulator = await start();
    const clients = [await connect(simulator, 1), await connect(simulator, 2)];
    simulator.inject({ kind: 'drop_connections' });
    for (const client of clients) await client.until(() => client.disconnected);
    expect((await connect(simulator, 1)).accounts).toBe('DU1234567,');
  });

  it('go silent: connections are accepted and nothing is said', async () => {
    const simulator = await start();
    const client = await connect(simulator);
    using _silence = simulator.inject({ kind: 'silence' });
    const heard = client.notices.length;
    client.api.reqCurrentTime();
    await client.until(() => simulator.messages.some(({ id, direction }) => id === 49 && direction === 'received'));
    expect(simulator.messages.filter(({ id, direction }) => id === 49 && direction === 'sent')).toEqual([]);
    expect(client.notices).toHaveLength(heard);
  });
});
