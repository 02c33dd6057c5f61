import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ktrdr, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { startServices, type Services } from './support/services.ts';

let home: TemporaryDirectory;
let services: Services;
let api: Record<string, string>;
let id: string;

beforeAll(async () => {
  home = await temporaryDirectory();
  services = await startServices({ home: home.path, routing: 'local' });
  api = { KTRDR_API_URL: services.urls.api, KTRDR_HOME: home.path };
  await ktrdr(['data', 'load', 'GOOG', '-t', '1d', '--start', '2023-01-03', '--end', '2023-01-10'], api);
  const { stdout } = await ktrdr(['ops', 'list'], api);
  [id = ''] = /op_\w+/.exec(stdout) ?? [];
  await writeFile(join(home.path, 'momentum.yaml'), '');
}, 60_000);

afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

describe('a name that is nearly right', () => {
  it.each<[string, () => string[], () => string]>([
    ['of a symbol', () => ['data', 'show', 'GOGG', '-t', '1d'], () => 'GOOG'],
    ['of an operation, by its end', () => ['ops', 'status', id.slice(-8)], () => id],
    [
      'of a strategy file',
      () => ['models', 'train', join(home.path, 'momentun.yaml')],
      () => join(home.path, 'momentum.yaml'),
    ],
  ])('%s is told', { timeout: 30_000 }, async (_, args, name) => {
    const result = await ktrdr(args(), api);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain(`Did you mean "${name()}"?`);
  });

  it('is left alone when nothing is near', { timeout: 30_000 }, async () => {
    expect((await ktrdr(['data', 'show', 'TSLA', '-t', '1d'], api)).stderr).not.toMatch(/did you mean/i);
  });
});
