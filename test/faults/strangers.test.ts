import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken } from '../../src/async/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { startServices, type Services } from '../support/services.ts';
import { timeoutFor } from './scale.ts';
import { ask, expectNoSecret, expectProblem } from './wire.ts';

const { none } = CancellationToken;
const methods = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Each as a browser sends it for a page that is none of ours. */
const foreign: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a rebound name', { host: 'attacker.example' }],
  ['a rebound name with our port', { host: 'attacker.example:PORT' }],
  ['a name that begins like ours', { host: 'localhost.attacker.example:PORT' }],
  ['an address that ends like ours', { host: '127.0.0.1.attacker.example' }],
  ['another address', { host: '10.0.0.1:PORT' }],
  ['a foreign page', { origin: 'https://attacker.example' }],
  ['a page without an origin', { origin: 'null' }],
  ['a page of another port', { origin: 'http://127.0.0.1:1' }],
  ['a rebound page', { host: 'attacker.example:PORT', origin: 'http://attacker.example:PORT' }],
];

describe('requests of strangers', () => {
  let home: TemporaryDirectory;
  let services: Services;
  let token: string;
  let doors: { name: string; url: string; paths: string[] }[];

  beforeAll(async () => {
    home = await temporaryDirectory();
    services = await startServices({ home: home.path });
    token = (await readFile(join(home.path, 'token'), 'utf8')).trim();
    doors = await Promise.all(
      Object.entries(services.urls).map(async ([name, url]) => {
        const { body } = await ask(`${url}/openapi.json`, { headers: withToken() });
        return { name, url, paths: Object.keys((JSON.parse(body) as { paths: object }).paths) };
      }),
    );
  });

  afterAll(async () => {
    await services[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const withToken = (): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const secrets = (): string[] => [token, home.path];

  it('are refused on every route, by every method, even with the token', timeoutFor(30_000), async () => {
    let asked = 0;
    for (const { name, url, paths } of doors) {
      expect(paths.length).toBeGreaterThan(8);
      for (const path of paths) {
        const wholeUrl = `${url}${path.replaceAll(/\{\w+\}/g, 'x')}`;
        await Promise.all(
          methods.flatMap((method) =>
            foreign.map(async ([who, headers]) => {
              const port = new URL(url).port;
              const sent = Object.entries(headers).map(([key, value]) => [key, value.replace('PORT', port)]);
              const answer = await ask(wholeUrl, { method, headers: { ...withToken(), ...Object.fromEntries(sent) } });
              const where = `${name} ${method} ${path} for ${who}`;
              asked += 1;
              if (method === 'HEAD') expect(answer.status, where).toBe(403);
              else expectProblem(answer, { status: 403, secrets: secrets(), where });
              expect(Object.keys(answer.headers).filter((header) => header.startsWith('access-control'))).toEqual([]);
            }),
          ),
        );
      }
    }
    expect(asked).toBeGreaterThan(1_000);
  });

  it('are refused without the token, and told nothing', timeoutFor(30_000), async () => {
    const bodies = new Set<string>();
    for (const { name, url, paths } of doors) {
      for (const path of [...paths, '/nothing/here', '/operations/../../token']) {
        for (const method of methods) {
          if (method === 'GET' && path === '/health') continue;
          for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token.slice(1)}`]) {
            const headers = authorization === '' ? {} : { authorization };
            const answer = await ask(`${url}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method, headers });
            expect(answer.status, `${name} ${method} ${path} with "${authorization}"`).toBe(401);
            if (method !== 'HEAD') bodies.add(answer.body);
          }
        }
      }
    }
    expect(bodies.size, 'one constant answer').toBe(1);
    expect([...bodies].join().includes(token)).toBe(false);
  });

  it('with names that try to be paths read and write nothing outside their place', timeoutFor(30_000), async () => {
    const before = await filesOf(home.path);
    const names = [
      '..',
      '../token',
      '../../etc/passwd',
      '..\\token',
      '/etc/passwd',
      'a/../../token',
      '.',
      '',
      'token\0',
      '\0',
      '~',
      '~root',
      '$HOME',
      '%',
      '%2e%2e%2f',
      'con',
      'a'.repeat(5_000),
      '\u202etoken',
      '...',
      'file:///etc/passwd',
      'x;rm -rf',
      '`id`',
      "' OR 1=1 --",
      '__proto__',
      'constructor',
      'toString',
    ];
    let asked = 0;
    for (const { name, url, paths } of doors) {
      for (const path of paths.filter((each) => each.includes('{'))) {
        for (const given of names) {
          for (const written of new Set([encodeURIComponent(given), given.replaceAll(/[^\x21-\x7e]/g, '')])) {
            for (const method of ['GET', 'PUT', 'POST'] as const) {
              const wholeUrl = `${url}${path.replaceAll(/\{\w+\}/g, written)}`;
              const body = method === 'GET' ? {} : { body: JSON.stringify({ symbol: given, strategy: given }) };
              const headers = { ...withToken(), 'content-type': 'application/json' };
              const answer = await ask(wholeUrl, { method, headers, ...body });
              asked += 1;
              const where = `${name} ${method} ${path} with ${JSON.stringify(given.slice(0, 40))}`;
              expect(answer.body, where).not.toContain('root:');
              if (answer.status >= 400)
                expectProblem(answer, { status: [400, 404, 405, 409, 431], secrets: secrets(), where });
              else expectNoSecret(answer, { secrets: secrets(), where });
            }
          }
        }
      }
    }
    expect(asked).toBeGreaterThan(1_000);
    for (const symbol of names) {
      const query = new URLSearchParams({ symbol, timeframe: '1h' }).toString();
      const answer = await ask(`${services.urls.api}/data/bars?${query}`, { headers: withToken() });
      expectProblem(answer, { status: [400, 404], secrets: secrets(), where: `bars of ${symbol.slice(0, 40)}` });
    }
    // Whatever was begun under such a name has ended, and has left no file.
    for (const client of [services.api, services.ibHost, services.trainingHost]) {
      const { operations } = await client.list({ limit: 1_000 }, none);
      for (const { id } of operations) for await (const _ of client.follow(id, { token: none }));
    }
    expect(await filesOf(home.path)).toEqual(before);
  });
});

/** Names only, and without what SQLite comes and goes with. */
async function filesOf(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).filter((name) => !/-(wal|shm|journal)$/.test(name)).sort();
}
