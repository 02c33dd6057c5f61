import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { bearerGuard } from './bearer.ts';
import { hostServiceConfig } from './host-service-config.ts';
import { testHost } from './host.fixture.ts';
import { OperationsClient } from './operations-client.ts';

const none = CancellationToken.none;
const token = 'T0ken.of_this~home+256/bits-or-more00000000=';

describe('bearerGuard()', () => {
  const lets = bearerGuard(token);

  it('lets in the token, whatever the case of the scheme', () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) expect(lets(`${scheme} ${token}`)).toBe(true);
  });

  it.each([
    null,
    '',
    token,
    'Bearer',
    'Bearer ',
    `Basic ${token}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}=`,
    `Bearer ${token.toLowerCase()}`,
    `Bearer ${token} ${token}`,
    `Bearer other, Bearer ${token}`,
  ])('keeps out %j', (authorization) => {
    expect(lets(authorization)).toBe(false);
  });
});

describe('a host with a token', () => {
  it('answers every route but its health with one and the same 401', async () => {
    await using served = await testHost({ token, prefix: '/api' });
    const { host } = served;
    const ask = (method: string, path: string, headers: Record<string, string> = {}): Promise<Response> =>
      host.handle(new Request(`http://host/api${path}`, { method, headers }));
    const right = { authorization: `Bearer ${token}` };
    expect((await ask('GET', '/health')).status).toBe(200);
    expect((await ask('GET', '/operations', right)).status).toBe(200);
    const { paths } = (await (await ask('GET', '/openapi.json', right)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
    );
    expect(routes.length).toBeGreaterThan(10);
    const bodies = new Set<string>();
    for (const [method, path] of [
      ...routes,
      ['GET', '/nowhere'],
      ['POST', '/health'],
      ['OPTIONS', '/health'],
    ] as const) {
      if (`${method} ${path}` === 'GET /health') continue;
      for (const authorization of [undefined, 'Bearer wrong', `Bearer ${token.slice(1)}`]) {
        const response = await ask(method, path, authorization === undefined ? {} : { authorization });
        expect(response.status, `${method} ${path}`).toBe(401);
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        bodies.add(await response.text());
      }
    }
    expect([...bodies]).toEqual([expect.stringContaining('"code":"unauthenticated"')]);
  });

  it('takes the token from its client, and says in its description that it wants one', async () => {
    const lines: string[] = [];
    const keep = (message: string, fields?: Record<string, unknown>): void => {
      lines.push(message + JSON.stringify(fields));
    };
    const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, with: () => log };
    await using served = await testHost({ token, log });
    const { url } = await served.host.listen(0);
    const config = hostServiceConfig({ baseUrl: url, token: { read: async () => token, origin: '"file"' } });
    await using client = new OperationsClient('the host', { config, log });
    await client.start({ type: 'wait', input: {}, id: 'w-1' }, none);
    const states = client.follow('w-1', { token: none });
    expect((await states.next()).value).toMatchObject({ id: 'w-1' });
    await client.cancel({ id: 'w-1' }, none);
    for await (const { status } of states) expect(['cancelling', 'cancelled']).toContain(status);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join('\n'), 'a token is never logged').not.toContain(token);
    const response = await fetch(`${url}/openapi.json`, { headers: { authorization: `Bearer ${token}` } });
    expect(await response.json()).toMatchObject({
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      paths: { '/health': { get: { security: [] } } },
    });
  });

  it.each([
    ['no token', {}, /^the host at http\S+ asks for an access token, and this client has none/],
    [
      'the token of another home',
      { token: { read: () => 'x'.repeat(43), origin: '"/other/token"' } },
      /^the host at http\S+ asks for .* its own home, and the one in "\/other\/token" is missing or another.*KTRDR_TOKEN_FILE/,
    ],
  ])('is told apart by a client with %s, in one sentence and without another try', async (_, given, says) => {
    await using served = await testHost({ token });
    const { url } = await served.host.listen(0);
    await using client = new OperationsClient('the host', { config: hostServiceConfig({ baseUrl: url, ...given }) });
    const refused = { code: 'unauthenticated', exitCode: 11, message: expect.stringMatching(says) };
    await expect(client.list({}, none)).rejects.toMatchObject(refused);
    await expect(client.follow('x', { token: none }).next()).rejects.toMatchObject(refused);
    expect(client.metrics.retries).toBe(0);
    expect(await client.health(none)).toMatchObject({ status: 'ok' });
  });
});
