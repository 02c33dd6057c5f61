import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../async/index.ts';
import { heldMemory } from './held-memory.fixture.ts';
import { defineEndpoint } from './endpoint.ts';
import { testHost, type TestHost } from './host.fixture.ts';
import { implement } from './implement.ts';
import { listen, socketLimits, type Listener } from './listen.ts';
import type { ServerEvent } from './sse.ts';

/** An answer that takes longer than a reader may be deaf. */
const getLate = defineEndpoint({ method: 'GET', path: '/late', summary: 'Late', response: z.string() });

/** A flood of events, as fast as they are taken. */
const watchFlood = defineEndpoint({ method: 'GET', path: '/flood', summary: 'A flood', response: 'events' });
const eventBytes = 64 * 1024;
const flood = { begun: 0, events: 0, readers: 0 };
async function* flooding(): AsyncGenerator<ServerEvent> {
  flood.begun += 1;
  flood.readers += 1;
  try {
    for (;;) {
      flood.events += 1;
      yield { id: String(flood.events), data: 'x'.repeat(eventBytes) };
    }
  } finally {
    flood.readers -= 1;
  }
}

const quick = { ...socketLimits, headersMs: 300, requestMs: 600, keepAliveMs: 400, requests: 3, deafMs: 500 };

let served: TestHost;
let listener: Listener;

beforeAll(async () => {
  const late = implement(getLate, async (_, { token }) => {
    await systemClock.sleep(quick.deafMs + 300, token);
    return 'late';
  });
  served = await testHost({ endpoints: [implement(watchFlood, flooding), late], maxBodyBytes: 200_000 });
  const { handle } = served.host;
  listener = await listen({ handle, port: 0, hostname: '127.0.0.1', clock: systemClock, limits: quick });
});
afterAll(async () => {
  await listener[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
});

interface Heard {
  readonly text: string;
  readonly status: number;
  readonly ms: number;
}

function dial(): Socket {
  return connect({ port: listener.port, host: '127.0.0.1' });
}

/** Sends bytes as they are and listens until the server closes. */
function exchange(...parts: (string | Uint8Array)[]): Promise<Heard> {
  return new Promise((resolve) => {
    const begunAt = performance.now();
    let text = '';
    const socket = dial();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.once('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve({ text, status, ms: performance.now() - begunAt });
    });
    for (const part of parts) socket.write(part);
  });
}

const close = 'Connection: close\r\n';
const post = (headers: string): string => `POST /anything HTTP/1.1\r\nHost: localhost\r\n${close}${headers}\r\n`;
const jsonHeaders = (length: number, more = ''): string =>
  post(`Content-Type: application/json\r\nContent-Length: ${length}\r\n${more}`);

describe.concurrent('a server and time', () => {
  it('cuts headers that drip in', async () => {
    const socket = dial();
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => socket.writable && socket.write('X-Drip: 1\r\n'), 50);
    const begunAt = performance.now();
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - begunAt).toBeLessThan(quick.headersMs * 2 + 400);
  });

  it('cuts a body that drips in, and its handler never begins', async () => {
    const heard = await exchange(jsonHeaders(1_000), '{"a":');
    expect(heard.status).toBe(408);
    expect(heard.ms).toBeLessThan(quick.requestMs + quick.headersMs + 400);
  });

  it('cuts connections that say nothing at all', async () => {
    const heard = await exchange();
    expect(heard.ms).toBeLessThan(2_000);
  });

  it('cuts idle connections, and none that waits for its answer', async () => {
    const heard = await exchange('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(heard.status).toBe(200);
    // Node gives a client a second on top of the time that it announces.
    expect(heard.ms).toBeLessThan(quick.keepAliveMs + 1_500);
    const late = await exchange(`GET /late HTTP/1.1\r\nHost: localhost\r\n${close}\r\n`);
    expect(late.status).toBe(200);
    expect(late.ms).toBeGreaterThan(quick.deafMs);
  });

  it('serves so many requests on a connection and says at the last one that it closes', async () => {
    const request = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const { text } = await exchange(request, request, request, request);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(text.match(/connection: close/gi)?.length).toBeGreaterThan(0);
  });
});

describe('a reader who never reads', () => {
  it('costs little, and is dropped', { timeout: 20_000 }, async () => {
    const before = await heldMemory();
    const readers = Array.from({ length: 100 }, () => {
      const socket = dial();
      socket.on('error', () => {});
      socket.write('GET /flood HTTP/1.1\r\nHost: localhost\r\n\r\n');
      return socket.pause();
    });
    await expect.poll(() => flood.begun, { timeout: 5_000 }).toBe(readers.length);
    const begunAt = performance.now();
    expect((await heldMemory()) - before, 'while all of them are connected').toBeLessThan(48);
    // Nobody hears of a cut before reading, so it shows at the source, whose events end.
    await expect.poll(() => flood.readers, { timeout: 5_000 }).toBe(0);
    expect(performance.now() - begunAt).toBeLessThan(3_000);
    expect((await heldMemory()) - before, `after ${flood.events} events for 100 readers`).toBeLessThan(16);
    // What the system itself buffers is all that ever left the source.
    expect(flood.events * eventBytes).toBeLessThan(100 * 16 * 2 ** 20);
    for (const socket of readers) socket.destroy();
  });
});

describe('a server and what is no HTTP, or too much of it', () => {
  const line = 'GET /health HTTP/1.1\r\nHost: localhost\r\n';
  it.each([
    ['no request at all', 'what?\r\n\r\n', 400],
    ['NUL in the path', 'GET /health\0 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['NUL in a header', `${line}X: a\0b\r\n\r\n`, 400],
    ['a header without a colon', `${line}Nothing\r\n\r\n`, 400],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n', 400],
    ['a length and chunks', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n', 400],
    ['two lengths', post('Content-Length: 4\r\nContent-Length: 5\r\n') + 'null', 400],
    ['a negative length', post('Content-Length: -4\r\n'), 400],
    ['an unknown method', 'BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['another version', 'GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n', 400],
    ['64 KiB of headers', `${line}X: ${'x'.repeat(65_536)}\r\n\r\n`, 431],
    ['a path of 64 KiB', `GET /${'x'.repeat(65_536)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  ])('answers %s with its status at once', async (_, request, status) => {
    const heard = await exchange(request);
    expect(heard.status).toBe(status);
    expect(heard.ms).toBeLessThan(quick.headersMs);
  });

  it('ends a request whose chunks are broken', async () => {
    const heard = await exchange(
      post('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n'),
      'zz\r\n{}\r\n',
    );
    expect(heard.status).toBe(400);
  });

  it('answers every method on every kind of path below 500', async () => {
    const methods = [
      'GET',
      'HEAD',
      'PUT',
      'POST',
      'DELETE',
      'PATCH',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'M-SEARCH',
      'LINK',
    ];
    const paths = ['/health', '/operations', '/operations/x', '/anything', '/', '*', '//', '/%', '/%zz', '/?%ff=%00'];
    const answers = await Promise.all(
      methods.flatMap((method) =>
        paths.map(async (path) => {
          const { status } = await exchange(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${close}\r\n`);
          return { method, path, status };
        }),
      ),
    );
    expect(answers.filter(({ status }) => status < 200 || status >= 500)).toEqual([]);
  });
});

describe('a server and bodies', () => {
  const deep = `${'['.repeat(90_000)}${']'.repeat(90_000)}`;
  it.each<[string, string | Uint8Array, number, string?]>([
    ['none', '', 200],
    ['one that is announced too large', 'x', 413, 'Content-Length: 1073741824\r\n'],
    ['levels beyond counting', deep, 400],
    ['a prototype', '{"__proto__":{"x":1}}', 400],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22), 400],
    ['NaN', 'NaN', 400],
    ['a number out of range', '1e999', 400],
    ['one key 28,000 times', `{${'"k":1,'.repeat(28_000)}"k":1}`, 200],
    ['a bomb of gzip', gzipSync(Buffer.alloc(10_000_000)), 415, 'Content-Encoding: gzip\r\n'],
  ])('answers %s quickly', async (_, body, status, more = '') => {
    const length = more.startsWith('Content-Length') ? '' : `Content-Length: ${body.length}\r\n`;
    const heard = await exchange(post(`Content-Type: application/json\r\n${length}${more}`), body);
    expect(heard.status, heard.text.slice(0, 300)).toBe(status);
    expect(heard.ms).toBeLessThan(400);
  });

  it('refuses chunks without end at the limit, not at the end', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const heard = await exchange(
      post('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n'),
      ...Array.from({ length: 8 }, () => chunk),
    );
    expect(heard.status).toBe(413);
    expect(heard.ms).toBeLessThan(quick.requestMs + quick.headersMs + 400);
  });
});

describe('names', () => {
  const names = [
    '..',
    '%2e%2e',
    '..%2f..%2fetc%2fpasswd',
    '..%5c..%5c',
    '%00',
    'a%00b',
    '..;',
    '%252e%252e%252f',
    'CON',
    '%e2%80%ae',
    'x'.repeat(10_000),
    '%ff%fe',
  ];
  const routes = [
    'GET /operations/NAME',
    'GET /operations/NAME/events',
    'GET /operations/NAME/result',
    'POST /operations/NAME/cancel',
    'PUT /operations/wait/NAME',
    'PUT /operations/NAME/x',
    'POST /operations/NAME',
  ];

  it.each(routes)('of any kind are refused or found unknown by %s', async (route) => {
    for (const name of names) {
      const request = `${route.replace('NAME', name)} HTTP/1.1\r\nHost: localhost\r\n${close}\r\n`;
      const { status, text } = await exchange(request);
      // "CON" is as good a name as any where no name becomes a file.
      const isFine = name === 'CON' && route.startsWith('PUT /operations/wait');
      expect(isFine ? [202] : [400, 404, 405], `${name.slice(0, 40)}: ${text.slice(0, 200)}`).toContain(status);
    }
  });
});
