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

/** What fish would offer, by its own means. */
async function offeredByFish(line: string): Promise<string[]> {
  const script = `source (ktrdr completion fish | psub); complete -C ${JSON.stringify(line)}`;
  const { stdout } = await run('fish', ['--no-config', '-c', script], { env: environment, cwd: home.path });
  return stdout.split('\n').flatMap((word) => (word === '' ? [] : (word.split('\t')[0] ?? [])));
}

/** What zsh would offer: what the function that it calls hands to it. */
async function offeredByZsh(line: string): Promise<string[]> {
  const script = `compdef() { : }; _files() { print -l ":files" }
_describe() { print -l -- "\${(@P)2}" }
source <(ktrdr completion zsh)
words=(\${(s: :)1}); [[ $1 == *' ' ]] && words+=(''); CURRENT=$#words; _ktrdr`;
  const { stdout } = await run('zsh', ['-f', '-c', script, 'zsh', line], { env: environment, cwd: home.path }).catch(
    (error: { code?: unknown; stdout: string }) => {
      // The function ends as its last condition does.
      if (error.code === 1) return error;
      throw error;
    },
  );
  return stdout
    .split('\n')
    .filter((word) => word !== '')
    .map((word) => word.replace(/(?<!\\):.*$/, ''));
}

function has(shell: string): Promise<boolean> {
  return run(shell, ['--version']).then(
    () => true,
    () => false,
  );
}

const [hasBash, hasFish, hasZsh] = await Promise.all(['bash', 'fish', 'zsh'].map(has));

describe('completion', () => {
  it.skipIf(!hasBash)('offers in bash what fits (skipped without bash)', { timeout: 60_000 }, async () => {
    expect(await offered('ktrdr data sh')).toEqual(['show']);
    expect(await offered('ktrdr data show ')).toEqual(['AAPL', 'EUR.USD']);
    expect(await offered('ktrdr data load AAPL --mode=f'), 'bash takes = for the end of a word').toEqual(['full']);
    expect(await offered('ktrdr ops status ')).toContainEqual(expect.stringMatching(/^op_load_series_\w+$/));
    expect(await offered('ktrdr models train mom')).toEqual(['momentum.yaml']);
    expect(await offered('ktrdr models train momentum.yaml --symbols AAPL,E')).toEqual(['AAPL,EUR.USD']);
    expect(await offered('ktrdr ops list --status=running,f')).toEqual(['running,failed']);
    expect(await offered('ktrdr ops list --type load_s')).toEqual(['load_series']);
    expect(await offered('ktrdr strategies new mine --from return')).toEqual(['return-gru']);
    expect(await offered('ktrdr config set log.level ')).toContain('silent');
  });

  it.skipIf(!hasFish)('offers the same in fish (skipped without fish)', { timeout: 60_000 }, async () => {
    expect(await offeredByFish('ktrdr data sh')).toEqual(['show']);
    expect(await offeredByFish('ktrdr data show ')).toEqual(['AAPL', 'EUR.USD']);
    expect(await offeredByFish('ktrdr ops list --status running,f')).toEqual(['running,failed']);
    expect(await offeredByFish('ktrdr config set training.use_host_service ')).toEqual(['false', 'true']);
    expect(await offeredByFish('ktrdr models train mom')).toEqual(['momentum.yaml']);
  });

  it.skipIf(!hasZsh)('offers the same in zsh (skipped without zsh)', { timeout: 60_000 }, async () => {
    expect(await offeredByZsh('ktrdr data sh')).toEqual(['show']);
    expect(await offeredByZsh('ktrdr data show ')).toEqual(['AAPL', 'EUR.USD']);
    expect(await offeredByZsh('ktrdr ops list --status=running,f')).toEqual(['--status=running,failed']);
    expect(await offeredByZsh('ktrdr strategies new mine --from return')).toEqual(['return-gru']);
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
