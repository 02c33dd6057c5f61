import { readFile, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseSync } from 'oxc-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationToken } from '../src/async/index.ts';
import { newOperationId } from '../src/base/index.ts';
import { verifyBars } from '../src/data/index.ts';
import { apiPage, routesOfPage } from './support/api-page.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { startServices, type Services } from './support/services.ts';

const path = fileURLToPath(new URL('../docs/api.md', import.meta.url));

let home: TemporaryDirectory;
let services: Services;
beforeAll(async () => {
  home = await temporaryDirectory();
  services = await startServices({ home: home.path, routing: 'local' });
});
afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function documentAt(url: string): Promise<unknown> {
  const token = (await readFile(join(home.path, 'token'), 'utf8')).trim();
  const response = await fetch(`${url}/openapi.json`, { headers: { authorization: `Bearer ${token}` } });
  return response.json();
}

describe('the reference of the API', () => {
  it('is what the API says of itself (vitest -u writes it anew)', async () => {
    await expect(apiPage(await documentAt(services.urls.api))).toMatchFileSnapshot(path);
  });

  it('has every route, with types that TypeScript can read', async () => {
    const page = await readFile(path, 'utf8');
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await documentAt(services.urls.api));
    const routes = Object.entries(paths).flatMap(([at, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${at}`),
    );
    expect(routesOfPage(page).toSorted()).toEqual(routes.toSorted());
    const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    expect(blocks.length).toBeGreaterThan(30);
    for (const block of blocks) expect(parseSync('shapes.ts', block).errors, block).toEqual([]);
  });

  it('says truly that hosts have the routes of operations', async () => {
    const routes = async (url: string): Promise<string[]> =>
      Object.keys(z.object({ paths: z.record(z.string(), z.unknown()) }).parse(await documentAt(url)).paths);
    const common = (await routes(services.urls.api)).filter(
      (at) => at.startsWith('/operations/{id}') || ['/operations', '/health', '/ready', '/metrics'].includes(at),
    );
    expect(common.length).toBeGreaterThan(7);
    for (const url of [services.urls.ibHost, services.urls.trainingHost]) {
      expect(await routes(url)).toEqual(expect.arrayContaining(common));
    }
  });

  it('shows a program that works', async () => {
    const id = newOperationId(verifyBars.type, 0);
    await services.api.start({ type: verifyBars.type, input: {}, id }, CancellationToken.none);
    const [, program = ''] = /```js\n([\s\S]*?)```/.exec(await readFile(path, 'utf8')) ?? [];
    const file = join(home.path, 'program.mjs');
    await writeFile(
      file,
      program
        .replace('/home/me/.local/share/ktrdr', home.path)
        .replace('http://127.0.0.1:8000/api/v1', services.urls.api),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout).toContain(`${id} `);
  });
});
