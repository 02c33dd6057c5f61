import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ktrdr, programFile, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { startServices, type Services } from './support/services.ts';

const run = promisify(execFile);

let home: TemporaryDirectory;
let services: Services;
let environment: Record<string, string>;

beforeAll(async () => {
  home = await temporaryDirectory();
  services = await startServices({ home: home.path, routing: 'local' });
  const bin = join(home.path, 'bin');
  await mkdir(bin);
  // As "npm link" does.
  await symlink(programFile, join(bin, 'ktrdr'));
  await writeFile(join(home.path, 'momentum.yaml'), '');
  environment = {
    ...process.env,
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    KTRDR_API_URL: services.urls.api,
    KTRDR_HOME: home.path,
  };
  const span = ['--start', '2023-01-03', '--end', '2023-01-10'];
  await ktrdr(['data', 'load', 'AAPL', 'EUR.USD', '-t', '1d', ...span], environment);
}, 60_000);

afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** What bash would offer when the tab key is pressed at the end of a line. */
async function offered(line: string): Promise<string[]> {
  const script = `eval "$(ktrdr completion bash)" && complete -p ktrdr >/dev/null
COMP_LINE='${line}' COMP_POINT=${line.length}
_ktrdr && printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', script], { env: environment, cwd: home.path });
  return stdout.split('\n').filter((word) => word !== '');
}

const hasBash = await run('bash', ['--version']).then(
  () => true,
  () => false,
);

describe('completion', () => {
  it.skipIf(!hasBash)('offers in bash what fits (skipped without bash)', { timeout: 60_000 }, async () => {
    expect(await offered('ktrdr data sh')).toEqual(['show']);
    expect(await offered('ktrdr data show ')).toEqual(['AAPL', 'EUR.USD']);
    expect(await offered('ktrdr data load AAPL --mode=f'), 'bash takes = for the end of a word').toEqual(['full']);
    expect(await offered('ktrdr ops status ')).toContainEqual(expect.stringMatching(/^op_load_series_\w+$/));
    expect(await offered('ktrdr models train mom')).toEqual(['momentum.yaml']);
  });

  it.each(['bash', 'zsh', 'fish'])('has a script for %s that asks the program', async (shell) => {
    const { code, stdout } = await ktrdr(['completion', shell]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/__complete -- .*2>\/dev\/null/);
    await run(shell, ['-n', '-c', stdout]).catch((error: { code?: string }) => {
      if (error.code !== 'ENOENT') throw error;
    });
  });

  it('says nothing where nothing can be known, and never an error', { timeout: 30_000 }, async () => {
    const wrong = { KTRDR_API_URL: 'http://127.0.0.1:9/api/v1', IB_PORT: 'abc' };
    for (const words of [['data', 'show', ''], ['nonsense', '--what', ''], ['--api'], []]) {
      expect(await ktrdr(['__complete', '--', ...words], wrong)).toMatchObject({ code: 0, stderr: '' });
    }
  });
});
