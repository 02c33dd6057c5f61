import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSimulation, type SimulationOptions } from '../../src/apps/gateway-simulator.ts';
import { CancellationToken, systemClock } from '../../src/async/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import { processSettings } from '../../src/config/index.ts';
import { contractFields, RawClient } from './raw-client.ts';

const token = 'a-token-that-is-long-enough-to-be-one';
let directory = '';
const open: AsyncDisposable[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ktrdr-control-'));
});

afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function simulate(options: Partial<SimulationOptions> = {}) {
  const settings = await processSettings({ KTRDR_HOME: directory, KTRDR_TOKEN: token });
  const start = Date.parse('2020-03-02T15:00:00Z');
  const simulation = await startSimulation(
    settings,
    { port: 0, controlPort: 0, start, speed: 0, ...options },
    silentLogger,
  );
  open.push(simulation);
  const { hostname, port } = new URL(simulation.url);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${simulation.controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { call, simulation, address: { host: hostname, port: Number(port) } };
}

const apple = [...contractFields('AAPL')];
const day = [...apple, '', '1 day', '1 D', 1, 'TRADES', 2, 0, ''];

describe('the control port of a simulated gateway', () => {
  it('asks for the token', async () => {
    const { simulation } = await simulate();
    expect((await fetch(`${simulation.controlUrl}/gateway`)).status).toBe(401);
  });

  it('tells the time, clients, open requests and counters, and moves the clock', async () => {
    const { call, address } = await simulate();
    const client = await RawClient.started(address);
    client.send(20, 3, ...apple, '', '1 min', '60 S', 1, 'TRADES', 2, 1, '');
    await client.next();
    const state = await call('GET', '/gateway');
    expect(state.body).toMatchObject({
      serverVersion: 178,
      now: Date.parse('2020-03-02T15:00:00Z'),
      speed: 0,
      counters: { connections: 1, historyRequests: 1, violations: 0 },
      clients: [{ connection: 1, client: 1, version: 178 }],
      openRequests: [{ request: 3, kind: 'history', symbol: 'AAPL', live: true }],
      faults: [],
    });
    const { body } = await call('POST', '/gateway/clock/advance', { ms: 5000 });
    expect(body).toEqual({ now: Date.parse('2020-03-02T15:00:05Z') });
    expect((await client.next())[0], 'a live bar is due').toBe('90');
  });

  it('lets a client ask as often as it likes while the clock stands still', async () => {
    const { call, address } = await simulate();
    const client = await RawClient.started(address);
    const askOften = async () => {
      for (let count = 0; count < 45; count += 1) client.send(49, 1);
      await client.take(45);
    };
    await askOften();
    // The rule is about the wire: it is the real second that has to pass.
    await systemClock.sleep(1_000, CancellationToken.none);
    await askOften();
    expect((await call('GET', '/gateway')).body['violations']).toEqual([]);
  });

  it('injects faults, lists and lifts them', async () => {
    const { call, address } = await simulate();
    const client = await RawClient.started(address);
    const { status, body } = await call('POST', '/gateway/faults', { kind: 'farm_down' });
    expect([status, body]).toEqual([201, { id: 1, fault: { kind: 'farm_down' }, struck: 0 }]);
    expect((await client.take(3)).map((fields) => fields[3])).toEqual(['2103', '2105', '2157']);
    expect((await call('GET', '/gateway')).body['faults']).toEqual([body]);
    expect((await call('DELETE', '/gateway/faults/1')).body).toEqual({ lifted: true });
    expect((await client.take(3)).map((fields) => fields[3])).toEqual(['2104', '2106', '2158']);
    expect((await call('DELETE', '/gateway/faults/1')).status).toBe(404);
    expect(await call('POST', '/gateway/faults', { kind: 'farm_on_fire' })).toMatchObject({ status: 400 });
  });

  it('reads the messages with a cursor', async () => {
    const { call, address } = await simulate();
    const client = await RawClient.started(address);
    client.send(49, 1);
    await client.next();
    const first = (await call('GET', '/gateway/messages?limit=3')).body as { messages: object[]; next: number };
    expect(first.messages).toMatchObject([{ name: 'GREETING' }, { name: 'GREETING' }, { name: 'START_API' }]);
    const rest = (await call('GET', `/gateway/messages?after=${first.next}`)).body as {
      messages: object[];
      next: number;
    };
    expect(rest.messages.slice(-2)).toMatchObject([
      { direction: 'received', name: 'REQ_CURRENT_TIME', connection: 1, fields: ['1'] },
      { direction: 'sent', name: 'CURRENT_TIME', at: Date.parse('2020-03-02T15:00:00Z') },
    ]);
    expect(first.messages[2], 'understood').toMatchObject({ request: { kind: 'start_api', clientId: 1 } });
    expect((await call('GET', `/gateway/messages?after=${rest.next}`)).body).toEqual({ messages: [], next: rest.next });
  });
});

describe('a scenario', () => {
  const file = async (text: string) => {
    const path = join(directory, 'scenario.yaml');
    await writeFile(path, text);
    return path;
  };

  it('injects and lifts faults by the clock and at the requests it waits for', async () => {
    const scenario = await file(`
name: a bad minute
steps:
  - after: 30s
    inject: { kind: farm_down }
    for: 1m
  - at: 2020-03-02T15:05Z
    inject: { kind: mute_history }
    as: quiet
  - after: 10m
    lift: quiet
  - when: { request: history, symbol: AAPL, count: 2 }
    inject: { kind: different_ip }
`);
    const { call, address } = await simulate({ scenario });
    const client = await RawClient.started(address);
    const codes = async (count: number) => (await client.take(count)).map((fields) => fields[3]);
    const ask = async (reqId: number) => {
      client.send(20, reqId, ...day);
      return (await client.next()).slice(0, 4);
    };
    expect((await ask(1))[0]).toBe('17');
    expect((await ask(2))[3], 'the second request').toBe('162');
    expect((await ask(3))[0]).toBe('17');
    await call('POST', '/gateway/clock/advance', { ms: 30_000 });
    expect(await codes(3)).toEqual(['2103', '2105', '2157']);
    await call('POST', '/gateway/clock/advance', { ms: 60_000 });
    expect(await codes(3)).toEqual(['2104', '2106', '2158']);
    await call('POST', '/gateway/clock/advance', { ms: 210_000 });
    expect((await call('GET', '/gateway')).body['faults']).toMatchObject([{ fault: { kind: 'mute_history' } }]);
    await call('POST', '/gateway/clock/advance', { ms: 300_000 });
    expect((await call('GET', '/gateway')).body['faults']).toEqual([]);
  });

  it.each([
    ['steps:\n  - after: 5\n    inject: { kind: farm_down }\n', 'line 2, steps.0.after: '],
    ['steps:\n  - after: 5s\n', 'line 2, steps.0: needs one of "inject" and "lift"'],
    ['steps:\n  - inject: { kind: silence }\n', 'line 2, steps.0: needs one of "at", "after" and "when"'],
    ['steps:\n  - after: 5s\n    lift: nothing\n', 'line 3, steps.0.lift: no step calls its fault "nothing"'],
    [
      'steps:\n  - after: 5s\n    inject: { kind: trickle, bytesPerSecond: 0 }\n',
      'line 3, steps.0.inject.bytesPerSecond: ',
    ],
    ['steps: [', 'line 1: '],
  ])('%j is refused with the line and the path', async (text, reason) => {
    const scenario = await file(text);
    await expect(simulate({ scenario })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(`scenario.yaml is not valid: ${reason}`),
    });
  });

  it('that is not there is told before anything listens', async () => {
    await expect(simulate({ scenario: join(directory, 'none.yaml') })).rejects.toMatchObject({ code: 'not_found' });
  });
});

it('instruments of a file are served, and refused with the line when they are wrong', async () => {
  const instruments = join(directory, 'instruments.yaml');
  await writeFile(
    instruments,
    '- { kind: stock, symbol: ACME, listed: "2001-05-04", startPrice: 12 }\n- { kind: pair, symbol: EUR.CHF }\n',
  );
  const { address } = await simulate({ instruments });
  const client = await RawClient.started(address);
  client.send(20, 1, ...contractFields('ACME'), '', '1 day', '5 D', 1, 'TRADES', 2, 0, '');
  client.send(20, 2, ...contractFields('EUR', 'CASH', 'CHF'), '', '1 day', '5 D', 0, 'BID', 2, 0, '');
  expect((await client.take(2)).map((fields) => [fields[0], fields[1], fields[4]])).toEqual([
    ['17', '1', '5'],
    ['17', '2', '5'],
  ]);
  await writeFile(instruments, '- kind: stock\n  symbol: acme\n');
  await expect(simulate({ instruments })).rejects.toThrow('line 2, 0.symbol: must be a symbol in capital letters');
});

it('the log of messages has one JSON object a line', async () => {
  const log = join(directory, 'messages.ndjson');
  const { address, simulation } = await simulate({ log });
  const client = await RawClient.started(address);
  client.send(49, 1);
  await client.next();
  await simulation[Symbol.asyncDispose]();
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as { sequence: number; name: string; at: string });
  expect(messages.map(({ sequence }) => sequence)).toEqual(messages.map((_, index) => index + 1));
  expect(messages.at(-1)).toMatchObject({ name: 'CURRENT_TIME', at: '2020-03-02T15:00:00.000Z' });
  await expect(simulate({ log: join(directory, 'no', 'such', 'folder') })).rejects.toMatchObject({
    code: 'failed_precondition',
  });
});
