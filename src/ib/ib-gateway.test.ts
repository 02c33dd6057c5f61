import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken, systemClock, type Clock } from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import { parseSymbol } from './contract.ts';
import { IbGateway, type IbGatewayOptions } from './ib-gateway.ts';
import { historyQuery } from './requests.ts';
import {
  startGatewaySimulator,
  type GatewaySimulator,
  VirtualClock,
  type GatewaySimulatorOptions,
  type LoggedMessage,
} from './simulator/index.ts';

/** Friday noon in New York. */
const now = Date.parse('2025-06-13T16:00:30Z');
const { none } = CancellationToken;
const apple = parseSymbol('AAPL');
const query = historyQuery(
  apple,
  { timeframe: '1h', range: { start: Date.UTC(2025, 5, 9), end: Date.UTC(2025, 5, 13) } },
  now,
);
const startApi = 71;
const requestHistory = 20;
const cancelHistory = 25;
const cancelHead = 90;
const currentTime = 49;

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function simulate(options: GatewaySimulatorOptions = {}): Promise<GatewaySimulator> {
  const simulator = await startGatewaySimulator({ clock: { now: () => now }, ...options });
  open.push(simulator);
  return simulator;
}

function connectTo({ port }: { port: number }, options: Partial<IbGatewayOptions> = {}): IbGateway {
  const gateway = new IbGateway({
    host: '127.0.0.1',
    port,
    // In IB's nightly reset, which is a time of day, a gateway is waited for longer.
    clock: clockAt(new Date(now).toISOString()),
    log: silentLogger,
    reconnect: { pauseMs: 1, longestPauseMs: 20, nextIdMs: 1, troubleMs: 50 },
    ...options,
  });
  open.push(gateway);
  return gateway;
}

/** A clock that runs, and shows another time of day. */
function clockAt(text: string): Clock {
  const begunAt = systemClock.elapsed();
  return {
    now: () => Date.parse(text) + (systemClock.elapsed() - begunAt),
    elapsed: () => systemClock.elapsed(),
    after: (ms, callback) => systemClock.after(ms, callback),
    sleep: (ms, token) => systemClock.sleep(ms, token),
  };
}

/** Resolves once the simulator has received so many messages of this id. */
async function received(simulator: GatewaySimulator, id: number, count = 1): Promise<void> {
  const isWanted = (message: LoggedMessage): boolean => message.direction === 'received' && message.id === id;
  while (simulator.messages.filter(isWanted).length < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('IbGateway', () => {
  it('connects on first use, once for all who ask', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator);
    expect(gateway.status().state).toBe('disconnected');
    const [[details], bars] = await Promise.all([
      gateway.contractDetails(apple, { token: none }),
      gateway.history(query, { token: none }),
    ]);
    expect(details?.longName).toBe('APPLE INC');
    expect(bars).toHaveLength(28);
    expect(simulator.counters.connections).toBe(1);
    expect(gateway.status()).toEqual({
      host: '127.0.0.1',
      port: simulator.port,
      state: 'ready',
      clientId: 1,
      serverVersion: 178,
      requests: { inFlight: 0, waiting: 0 },
      budget: { inFlight: 7, history: 5, small: 58, pausedMs: 0 },
    });
  });

  it('says what to start when nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const gateway = connectTo({ port });
    await expect(gateway.contractDetails(apple, { token: none })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /^Cannot reach the IB gateway at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED.*\): start TWS or IB Gateway with API access enabled, or "ktrdr gateway simulate"\.$/,
      ),
    });
    expect(gateway.status()).toMatchObject({ state: 'disconnected', trouble: expect.stringContaining('Cannot reach') });
  });

  it('counts what it asked under the hard rules before it was restarted', async () => {
    const journal = await mkdtemp(join(tmpdir(), 'ktrdr-journal-'));
    open.push({ [Symbol.asyncDispose]: () => rm(journal, { recursive: true }) });
    const simulator = await simulate();
    const first = connectTo(simulator, { journal });
    await first.headTimestamp(apple, { token: none });
    await first[Symbol.asyncDispose]();
    const second = connectTo(simulator, { journal });
    await second.headTimestamp(parseSymbol('MSFT'), { token: none });
    expect(second.status().budget.small).toBe(56);
  });

  it('keeps the pause that IB asked for before it was restarted', async () => {
    const journal = await mkdtemp(join(tmpdir(), 'ktrdr-journal-'));
    open.push({ [Symbol.asyncDispose]: () => rm(journal, { recursive: true }) });
    const simulator = await simulate({ faults: [{ kind: 'false_pacing_violation' }] });
    /** Asks for bars until it is told of the pause. */
    const untilPaused = async (gateway: IbGateway): Promise<void> => {
      using source = new CancellationSource();
      const onPhase = (phase: string): void => {
        if (phase.startsWith('waiting for IB: it asked for a pause')) source.cancel();
      };
      await expect(gateway.history(query, { token: source.token, onPhase })).rejects.toMatchObject({
        code: 'cancelled',
      });
    };
    const first = connectTo(simulator, { journal });
    await untilPaused(first);
    // It waits for no disk, which a restart would.
    const written = async (): Promise<string> => {
      const files = (await readdir(journal, { recursive: true })).filter((name) => name.endsWith('.jsonl'));
      return (await Promise.all(files.map((name) => readFile(join(journal, name), 'utf8')))).join('');
    };
    await expect.poll(written).toContain('"pauseMs":15000');
    await first[Symbol.asyncDispose]();
    const second = connectTo(simulator, { journal });
    await untilPaused(second);
    const { pausedMs } = second.status().budget;
    expect([pausedMs > 5_000, pausedMs <= 15_000], `${pausedMs} ms`).toEqual([true, true]);
    expect(simulator.counters.historyRequests).toBe(1);
  });

  it('closes the head timestamp that the gateway keeps open', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator);
    expect(await gateway.headTimestamp(apple, { token: none })).toBe(
      String(Date.parse('1998-01-02T14:30:00Z') / 1_000),
    );
    await received(simulator, cancelHead);
  });

  it('searches by symbol and name, once a second and once for all who ask the same', async () => {
    const gateway = connectTo(await simulate());
    const ask = { token: none };
    const begun = performance.now();
    const [apple, same, nothing] = await Promise.all([
      gateway.searchSymbols('APPLE', ask),
      gateway.searchSymbols('APPLE', ask),
      gateway.searchSymbols('NOSUCH', ask),
    ]);
    expect(apple.map(({ contract }) => contract?.symbol)).toContain('AAPL');
    expect(same).toBe(apple);
    expect(nothing).toEqual([]);
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  it('names the instrument that IB does not know', async () => {
    const gateway = connectTo(await simulate());
    await expect(gateway.contractDetails(parseSymbol('NOSUCH'), { token: none })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('the contract details of NOSUCH'),
      details: { ibCode: 200 },
    });
  });

  it('stops at once when cancelled, and tells the gateway', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator);
    using source = new CancellationSource();
    const history = gateway.history(query, { token: source.token });
    await received(simulator, requestHistory);
    const askedAt = performance.now();
    source.cancel('user');
    await expect(history).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    expect(performance.now() - askedAt).toBeLessThan(100);
    await received(simulator, cancelHistory);
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    expect(gateway.status().requests.inFlight).toBe(0);
  });

  it('lets no message wait until the one before it has been acknowledged', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator);
    const took: number[] = [];
    for (let count = 1; count <= 5; count += 1) {
      using source = new CancellationSource();
      const history = gateway.history({ ...query, duration: `${count} D` }, { token: source.token });
      await received(simulator, requestHistory, count);
      const askedAt = performance.now();
      source.cancel();
      await history.catch(() => {});
      await received(simulator, cancelHistory, count);
      took.push(performance.now() - askedAt);
    }
    expect(Math.min(...took), 'it would be 40 ms').toBeLessThan(20);
  });

  it('cancels at once while it connects', async () => {
    const simulator = await simulate({ faults: [{ kind: 'no_next_valid_id' }] });
    const gateway = connectTo(simulator);
    using source = new CancellationSource();
    const history = gateway.history(query, { token: source.token });
    await received(simulator, startApi);
    source.cancel('shutdown');
    await expect(history).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'shutdown' } });
  });

  it('never takes a missing answer for "no data"', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator, { timeouts: { historyMs: 30 } });
    await expect(gateway.history(query, { token: none })).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await received(simulator, cancelHistory);
  });

  it('fails what is under way when the gateway goes, and connects again on the next use', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator);
    const mute = simulator.inject({ kind: 'mute_history' });
    const history = gateway.history(query, { token: none });
    const failure = history.catch((error: unknown) => error);
    await received(simulator, requestHistory);
    simulator.inject({ kind: 'drop_connections' });
    expect(await failure).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('closed the connection'),
    });
    mute[Symbol.dispose]();
    await expect(gateway.history(query, { token: none })).resolves.toHaveLength(28);
    expect(simulator.counters.connections).toBe(2);
  });

  it('asks at once again what a gateway that was restarted had not answered, or not even been sent', async () => {
    const first = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(first);
    const phases: string[] = [];
    const ask = (hours: number) =>
      gateway.history(
        { ...query, endDateTime: `20250612-${20 - hours}:00:00` },
        { token: none, onPhase: (phase) => phases.push(phase) },
      );
    const sixUnderWayAndTwoWaiting = Promise.allSettled([1, 2, 3, 4, 5, 6, 7, 8].map(ask));
    await received(first, requestHistory, 6);
    await first.close();
    expect((await sixUnderWayAndTwoWaiting).map(({ status }) => status)).toEqual(
      Array.from({ length: 8 }).fill('rejected'),
    );
    await simulate({ port: first.port });
    await Promise.all([1, 8].map(ask));
    expect(phases.filter((phase) => phase.includes('the same was just asked'))).toEqual([]);
  });

  it('says of a gateway that says nothing for how long it has not, and when it is given up', async () => {
    using clock = new VirtualClock({ start: now, speed: 200 });
    const simulator = await simulate({ clock, timers: clock, faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator, { clock });
    const phases: string[] = [];
    await expect(gateway.history(query, { token: none, onPhase: (phase) => phases.push(phase) })).rejects.toMatchObject(
      { code: 'deadline_exceeded' },
    );
    expect(phases.slice(0, 2)).toEqual(['connecting to the gateway', 'fetching']);
    expect(phases[2]).toMatch(/^no answer from the gateway for 1\d s, giving up in [45]\d s at the latest$/);
    expect(phases.at(-1)).toMatch(/^no answer from the gateway for [56]\d s, giving up /);
  });

  it('sends nothing twice after a connection that broke inside an answer', async () => {
    const simulator = await simulate({ faults: [{ kind: 'drop_mid_frame' }] });
    const gateway = connectTo(simulator);
    await expect(gateway.history(query, { token: none })).rejects.toMatchObject({ code: 'unavailable' });
    await gateway.history(query, { token: none });
    expect(simulator.counters).toMatchObject({ historyRequests: 2, violations: 0 });
  });

  it('takes the next client id when one is in use, and gives up after three', async () => {
    const simulator = await simulate();
    const gateways = [1, 1, 1].map((clientId) => connectTo(simulator, { clientId }));
    for (const gateway of gateways) await gateway.connect(none);
    expect(gateways.map((gateway) => gateway.status().clientId)).toEqual([1, 2, 3]);
    await expect(connectTo(simulator, { clientId: 1 }).connect(none)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('1, 2, 3'),
    });
    expect(simulator.counters.connections).toBe(1 + 2 + 3 + 3);
  });

  it('notices a peer that has fallen silent', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator, { timeouts: { probeMs: 30 } });
    await gateway.connect(none);
    simulator.inject({ kind: 'silence' });
    await expect(gateway.history(query, { token: none })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('has been silent for 0.06 s'),
    });
    expect(gateway.status().state).toBe('disconnected');
  });

  it('keeps an idle session alive while the gateway answers its probes', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator, { timeouts: { probeMs: 40 } });
    await gateway.connect(none);
    await received(simulator, currentTime, 5);
    expect(gateway.status().state).toBe('ready');
  });

  it('gives up a gateway that never says that it is ready', async () => {
    const simulator = await simulate({ faults: [{ kind: 'no_next_valid_id' }] });
    const gateway = connectTo(simulator, { timeouts: { connectMs: 30 } });
    await expect(gateway.connect(none)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('was not ready in 0.03 s'),
    });
  });

  it('understands frames that come byte by byte', async () => {
    const gateway = connectTo(await simulate({ faults: [{ kind: 'split_frames' }] }));
    await expect(gateway.history(query, { token: none })).resolves.toHaveLength(28);
  });

  it('does not believe "no such instrument" while the gateway is cut off from IB', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator);
    await gateway.connect(none);
    const lost = simulator.inject({ kind: 'connectivity_lost' });
    await expect(gateway.contractDetails(apple, { token: none })).rejects.toMatchObject({ code: 'unavailable' });
    expect(gateway.status()).toMatchObject({ state: 'degraded', trouble: 'the gateway has lost its connection to IB' });
    lost[Symbol.dispose]();
    await expect(gateway.contractDetails(apple, { token: none })).resolves.toHaveLength(1);
    expect(simulator.counters.connections, 'the socket is kept').toBe(1);
  });

  it('asks nothing of a gateway that stays cut off from IB', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator);
    await gateway.connect(none);
    simulator.inject({ kind: 'connectivity_lost' });
    while (gateway.status().state !== 'degraded') await new Promise((resolve) => setImmediate(resolve));
    await expect(gateway.history(query, { token: none })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot answer now'),
    });
    expect(simulator.counters.historyRequests).toBe(0);
  });

  it('waits for a link that comes back in time', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator, { reconnect: { troubleMs: 5_000 } });
    await gateway.connect(none);
    const down = simulator.inject({ kind: 'farm_down' });
    const phases: string[] = [];
    const onPhase = (phase: string): void => {
      phases.push(phase);
      if (phase.startsWith("waiting for IB: IB's data farm")) down[Symbol.dispose]();
    };
    while (gateway.status().state !== 'degraded') await new Promise((resolve) => setImmediate(resolve));
    await expect(gateway.history(query, { token: none, onPhase })).resolves.toHaveLength(28);
    expect(phases[0]).toMatch(/^waiting for IB: IB's data farm .* is not connected, \d+ s left$/);
    expect(phases.at(-1)).toBe('fetching');
  });

  it('fails what IB has lost together with its connection', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator);
    const history = gateway.history(query, { token: none });
    await received(simulator, requestHistory);
    simulator.inject({ kind: 'connectivity_lost', dataLost: true })[Symbol.dispose]();
    await expect(history).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('IB 1101') });
  });

  it('pauses after a complaint about the pace, and sends the request again', async () => {
    const simulator = await simulate({ faults: [{ kind: 'false_pacing_violation' }] });
    const gateway = connectTo(simulator, { pacing: { afterComplaintMs: 40, identicalMs: 0 } });
    const phases: string[] = [];
    const begunAt = performance.now();
    const bars = await gateway.history(query, { token: none, onPhase: (phase) => phases.push(phase) });
    expect(bars).toHaveLength(28);
    expect(performance.now() - begunAt).toBeGreaterThan(30);
    const changes = phases.filter((phase, index) => phase !== phases[index - 1]);
    expect(changes.slice(-3)).toEqual(['fetching', 'waiting for IB: it asked for a pause, 1 s left', 'fetching']);
  });

  it('gives a request up that IB complains about again and again', async () => {
    const simulator = await simulate();
    for (let fault = 0; fault < 10; fault += 1) simulator.inject({ kind: 'false_pacing_violation' });
    const gateway = connectTo(simulator, { pacing: { afterComplaintMs: 10, identicalMs: 0 } });
    await expect(gateway.history(query, { token: none })).rejects.toMatchObject({ code: 'rate_limited' });
    expect(simulator.counters.historyRequests).toBe(4);
  });

  it('ends the pause after a complaint when it is cancelled', async () => {
    const simulator = await simulate({ faults: [{ kind: 'false_pacing_violation' }] });
    const gateway = connectTo(simulator);
    using source = new CancellationSource();
    const onPhase = (phase: string): void => {
      if (phase.startsWith('waiting for IB: it asked for a pause')) source.cancel();
    };
    await expect(gateway.history(query, { token: source.token, onPhase })).rejects.toMatchObject({ code: 'cancelled' });
    expect(gateway.status().requests).toEqual({ inFlight: 0, waiting: 0 });
  });

  it('keeps to the requests in flight that are configured', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator, { pacing: { inFlight: 3 } });
    using source = new CancellationSource();
    const all = Array.from({ length: 5 }, (_, index) =>
      gateway.history({ ...query, duration: `${index + 1} D` }, { token: source.token }),
    );
    await received(simulator, requestHistory, 3);
    expect(gateway.status().requests).toEqual({ inFlight: 3, waiting: 2 });
    source.cancel('user');
    await Promise.allSettled(all);
    await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.status().requests).toEqual({ inFlight: 0, waiting: 0 });
    expect(simulator.counters.historyRequests).toBe(3);
  });

  it('keeps the pace that is configured, and the library holds nothing up beyond it', async () => {
    const simulator = await simulate({ enforcePacing: false });
    const unlimited = { count: 1_000, ms: 1 };
    const gateway = connectTo(simulator, { pacing: { messages: unlimited, history: unlimited } });
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        gateway.history({ ...query, duration: `${index + 1} D`, barSize: '1 day' }, { token: none }),
      ),
    );
    expect(performance.now() - begun, "at the library's own 40 a second it would be 1,400 ms").toBeLessThan(1_200);
  });

  it('sends one request for all who want the same bars, and cancels it at IB with the last of them', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator);
    const sources = [1, 2, 3].map(() => new CancellationSource());
    const all = sources.map(({ token }) => gateway.history(query, { token }).catch((error: unknown) => error));
    await received(simulator, requestHistory);
    const cancels = (): number => simulator.messages.filter(({ id }) => id === cancelHistory).length;
    for (const source of sources.slice(1)) source.cancel('user');
    await Promise.all(all.slice(1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(cancels()).toBe(0);
    sources[0]?.cancel('user');
    await received(simulator, cancelHistory);
    expect(await Promise.all(all)).toMatchObject([1, 2, 3].map(() => ({ code: 'cancelled' })));
    expect([simulator.counters.historyRequests, cancels()]).toEqual([1, 1]);
  });

  it('does not wait for ever for a farm that IB has replaced without a word', async () => {
    const simulator = await simulate();
    const gateway = connectTo(simulator, {
      reconnect: { pauseMs: 1, longestPauseMs: 20, nextIdMs: 1, troubleMs: 50, farmMs: 60 },
    });
    await gateway.connect(none);
    simulator.inject({ kind: 'farm_down' });
    while (gateway.status().state !== 'degraded') await new Promise((resolve) => setImmediate(resolve));
    await expect(gateway.history(query, { token: none })).resolves.toHaveLength(28);
  });

  it('waits through the nightly reset when it is cut off in it, and tells until when', async () => {
    const clock = clockAt('2025-06-13T05:30:00Z');
    const simulator = await simulate();
    const gateway = connectTo(simulator, { clock });
    await gateway.connect(none);
    const lost = simulator.inject({ kind: 'connectivity_lost' });
    while (gateway.status().state !== 'degraded') await new Promise((resolve) => setImmediate(resolve));
    const phases: string[] = [];
    const history = gateway.history(query, { token: none, onPhase: (phase) => phases.push(phase) });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(phases.at(-1)).toBe('waiting for IB: its nightly reset until 01:45 New York, 15 min 0 s left');
    lost[Symbol.dispose]();
    await expect(history).resolves.toHaveLength(28);
  });

  it('looks in the nightly reset for a gateway that was there before', async () => {
    const clock = clockAt('2025-06-13T05:30:00Z');
    const simulator = await simulate();
    const gateway = connectTo(simulator, { clock });
    await gateway.connect(none);
    await simulator[Symbol.asyncDispose]();
    while (gateway.status().state !== 'disconnected') await new Promise((resolve) => setImmediate(resolve));
    using source = new CancellationSource();
    const phases: string[] = [];
    const history = gateway.history(query, {
      token: source.token,
      onPhase: (phase) => {
        phases.push(phase);
        if (phase.startsWith('waiting for IB: its nightly reset')) source.cancel();
      },
    });
    await expect(history).rejects.toMatchObject({ code: 'cancelled' });
    expect(phases.at(-1)).toContain('its nightly reset until 01:45 New York');
  });

  it('fails what is under way when it is closed here, and stays closed', async () => {
    const simulator = await simulate({ faults: [{ kind: 'mute_history' }] });
    const gateway = connectTo(simulator);
    const history = gateway.history(query, { token: none });
    const failure = history.catch((error: unknown) => error);
    await received(simulator, requestHistory);
    await gateway[Symbol.asyncDispose]();
    expect(await failure).toMatchObject({ code: 'unavailable' });
    await expect(gateway.connect(none)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
