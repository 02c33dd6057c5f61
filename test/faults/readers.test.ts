import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken } from '../../src/async/index.ts';
import { loadBars } from '../../src/data/index.ts';
import { trainModel } from '../../src/training/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { exampleStrategy } from '../support/strategy.ts';
import { History } from './history.ts';
import { scale, timeoutFor } from './scale.ts';
import { diskOf, stateOf, System } from './system.ts';
import { ask, expectProblem, sayRaw } from './wire.ts';

const { none: token } = CancellationToken;
const readers = Math.ceil(Math.min(500, 30 * scale));
const mebibyte = 2 ** 20;
const load = { symbol: 'AAPL', timeframe: '1h', mode: 'full', start: Date.UTC(2023, 0), end: Date.UTC(2024, 0) };

describe('a service among clients that behave badly', () => {
  const history = new History();
  const sockets = new Set<Socket>();
  let home: TemporaryDirectory;
  let system: System;
  let secret: string;
  let port: number;

  beforeAll(async () => {
    home = await temporaryDirectory();
    system = await System.start({ home: home.path, latencyMs: 5 });
    secret = (await readFile(join(home.path, 'token'), 'utf8')).trim();
    port = Number(new URL(system.urlOf('api')).port);
    history.started(await system.api.start({ type: loadBars.type, input: load, id: 'bars' }, token));
    await stateOf('bars', { client: system.api, history, reader: 'bars' });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await system[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  /** A connection that says something and then does nothing more. */
  function open(text: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => {
        socket.write(text, () => resolve(socket.pause()));
      });
      sockets.add(socket.once('error', reject));
      socket.on('error', () => {});
    });
  }

  const head = (line: string): string => `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${secret}\r\n`;

  it(`serves others beside ${readers} readers who never read`, timeoutFor(40_000), async () => {
    const input = { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }) };
    history.started(await system.api.start({ type: trainModel.type, input, id: 'watched' }, token));
    const at = { client: system.api, history, reader: 'reader' };
    await stateOf('watched', at, ({ progress }) => progress.fraction > 0.06);
    const before = system.residentBytes('api');
    const events = `${head('GET /api/v1/operations/watched/events')}\r\n`;
    await Promise.all(Array.from({ length: readers }, () => open(events)));
    const epochOf = (context: unknown): number => trainModel.context.parse(context).epoch;
    const first = await stateOf('watched', at, ({ progress }) => epochOf(progress.context) > 0);
    await stateOf('watched', at, ({ progress }) => epochOf(progress.context) > epochOf(first.progress.context) + 30);

    const begunAt = performance.now();
    history.cancelled(await system.api.cancel({ id: 'watched' }, token));
    expect(await stateOf('watched', at)).toMatchObject({ status: 'cancelled' });
    expect(performance.now() - begunAt).toBeLessThan(1_000);
    const grown = (system.residentBytes('api') - before) / mebibyte;
    expect(grown, `MiB for ${readers} readers`).toBeLessThan(48 + readers * 0.25);
  });

  it(`serves others beside ${readers} clients who never finish a request`, timeoutFor(40_000), async () => {
    const before = system.residentBytes('api');
    const unfinished = [
      'GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX: ',
      head('GET /api/v1/operations'),
      `${head('POST /api/v1/data/load')}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`,
      `${head('POST /api/v1/data/load')}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{`,
      '',
    ];
    const slow = await Promise.all(
      Array.from({ length: readers }, (_, index) => open(unfinished[index % unfinished.length] ?? '')),
    );
    const begunAt = performance.now();
    const { body } = await ask(`${system.urlOf('api')}/health`);
    expect(body).toContain('ktrdr-api');
    expect(performance.now() - begunAt).toBeLessThan(1_000);
    expect((system.residentBytes('api') - before) / mebibyte).toBeLessThan(48 + readers * 0.25);
    // Those who have said something are sent away after 8 seconds; who said nothing, after 30.
    const talkers = slow.filter((_, index) => unfinished[index % unfinished.length] !== '');
    for (const socket of talkers) socket.resume();
    await Promise.all(talkers.map((socket) => closed(socket)));
    expect(performance.now() - begunAt).toBeLessThan(15_000);
  });

  it.each<[string, number, () => string | Uint8Array, Record<string, string>?]>([
    ['half a text', 400, () => '{"symbol":"AA'],
    ['no JSON', 400, () => 'symbol=AAPL'],
    ['a list', 400, () => '[]'],
    ['two values', 400, () => '{}{}'],
    ['more than is allowed', 413, () => `{"symbol":"${'x'.repeat(2 * mebibyte)}"}`],
    ['a million levels', 413, () => '['.repeat(2 * mebibyte)],
    ['half a million levels', 400, () => `${'['.repeat(500_000)}${']'.repeat(500_000)}`],
    ['a prototype', 400, () => '{"__proto__":{"isAdmin":true}}'],
    ['a prototype within', 400, () => '{"symbol":{"__proto__":{"isAdmin":true}}}'],
    ['bytes that are no UTF-8', 400, () => Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['a lone surrogate', 400, () => Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['a byte-order mark of UTF-16', 400, () => Uint8Array.of(0xff, 0xfe, 0x7b, 0x00)],
    ['a number without end', 400, () => '{"symbol":1e999}'],
    ['a bomb', 415, () => gzipSync(Buffer.alloc(64 * mebibyte)), { 'content-encoding': 'gzip' }],
    ['a form', 415, () => 'symbol=AAPL', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', 415, () => '{}', { 'content-type': 'text/plain' }],
  ])('answers a body that is %s with %i and a sentence', async (what, status, body, headers = {}) => {
    const sent = { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers };
    const round = async (): Promise<number> => {
      for (const path of ['/data/load', '/training/start', '/operations/load_bars', '/operations/x/cancel']) {
        const answer = await ask(`${system.urlOf('api')}${path}`, { method: 'POST', headers: sent, body: body() });
        expectProblem(answer, { status, secrets: [secret, home.path], where: `${path} with ${what}` });
      }
      return system.residentBytes('api');
    };
    // A heap grows once to what such a body needs, and is not given back at once; it must not grow with each.
    const [before, after] = [await round(), await round()];
    expect((after - before) / mebibyte).toBeLessThan(128);
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
  });

  it.each([
    ['no HTTP', 'hello?\r\n\r\n', 400],
    ['a path with a backslash', 'GET /api\\v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
    ['no host', 'GET /api/v1/health HTTP/1.1\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('answers what is %s with a problem too', async (where, bytes, status) => {
    const answer = await sayRaw(port, bytes);
    expect(answer.status).toBe(status);
    expectProblem(answer, { status, secrets: [secret, home.path], where });
  });

  it('is as it was', timeoutFor(20_000), async () => {
    expect((await system.api.list({ status: ['running', 'pending', 'cancelling'] }, token)).total).toBe(0);
    await system.stop();
    using disk = diskOf(home.path);
    expect(history.violations(disk)).toEqual([]);
    expect(disk.operations.map(({ id }) => id).sort()).toEqual(['bars', 'watched']);
  });
});

function closed(socket: Socket): Promise<void> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => void socket.once('close', () => resolve()));
}
