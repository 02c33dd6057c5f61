import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingNames, specOf } from '../src/config/index.ts';
import { parseConfig } from '../src/config/config-file.ts';
import { resolveSettings } from '../src/config/resolve-settings.ts';
import { ktrdr, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';

const page = await readFile(fileURLToPath(new URL('../docs/configuration.md', import.meta.url)), 'utf8');
const plain = page.replaceAll(/ +/g, ' ');

let directory: TemporaryDirectory;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory[Symbol.asyncDispose]());

describe('the page about configuration', () => {
  it('has a row for each setting, with what the program says of it', () => {
    const [, section = ''] = /## Settings\n\n([\s\S]*?)\n\n/.exec(plain) ?? [];
    const rows = settingNames.map((name) => {
      const { variable, flag, fallback, meaning } = specOf(name);
      const given = flag === undefined ? `\`${variable}\`` : `\`${variable}\`, \`${flag}\``;
      const standard = typeof fallback === 'string' ? `\`${fallback}\`` : fallback.words;
      return `| \`${name}\` | ${given} | ${standard} | ${meaning} |`;
    });
    expect(section.split('\n').slice(2).join('\n')).toBe(rows.join('\n'));
  });

  it('shows a file that is read', async () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const { given, faults } = await parseConfig(text, { path: 'config.yaml', layer: 'project' });
    expect(faults).toEqual([]);
    expect(resolveSettings(given, '/').faults).toEqual([]);
    expect(given).toHaveLength(2);
  });

  it('names what a project file may not set', () => {
    for (const name of settingNames.filter((each) => specOf(each).files === 'user')) {
      const isNamed = plain.includes(`\`${name}\``) || name.endsWith('host_service.url');
      expect(isNamed, name).toBe(true);
    }
  });

  it('shows commands that work, one after the other', { timeout: 30_000 }, async () => {
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    expect(commands.length).toBeGreaterThan(4);
    const environment = { XDG_CONFIG_HOME: join(directory.path, 'config') };
    const cwd = join(directory.path, 'work');
    await mkdir(cwd);
    for (const command of commands) {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name], command).toEqual(['npx', 'ktrdr']);
      const { code, stderr } = await ktrdr(args, environment, { cwd });
      expect(code, `${command}\n${stderr}`).toBe(0);
    }
    expect(await readFile(join(cwd, 'ktrdr.yaml'), 'utf8')).toBe('');
  });
});

describe('ktrdr config', () => {
  it('works while the settings are wrong, says so, and puts them right', { timeout: 30_000 }, async () => {
    const home = join(directory.path, 'home');
    await mkdir(home);
    const file = join(home, 'config.yaml');
    await writeFile(file, 'log:\n  level: loud # for now\n');
    const run = (...args: string[]) => ktrdr(['--home', home, ...args]);

    const refused = await run('ops', 'list', '--json');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse(refused.stderr)).toMatchObject({
      code: 'invalid_input',
      detail: expect.stringContaining(`${file}:2:10, log.level is "loud": use debug,`) as string,
    });
    expect((await run('config', 'get', 'log.level')).code).toBe(2);

    const listed = await run('config', 'list', '--json');
    expect(listed.code).toBe(2);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      schema: 'ktrdr.config.list/1',
      faults: [{ at: `${file}:2:10, log.level` }],
      files: { user: file },
    });

    expect(await run('config', 'set', 'log.level', 'warn')).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(file, 'utf8')).toBe('log:\n  level: warn # for now\n');
    expect(await run('config', 'get', 'log.level')).toMatchObject({ code: 0, stdout: 'warn\n' });
    const origin = await run('config', 'list', '--show-origin');
    expect(origin.stdout).toContain(`warn${' '.repeat(2)}`);
    expect(origin.stdout).toContain(`${file}:2:10`);
  });

  it('says when something stronger decides, and what a name may have meant', { timeout: 30_000 }, async () => {
    const environment = { KTRDR_HOME: directory.path, IB_PORT: '4001' };
    const set = await ktrdr(['config', 'set', 'ib.gateway.port', '7497', '--json'], environment);
    expect(JSON.parse(set.stdout)).toEqual({
      schema: 'ktrdr.config.set/1',
      name: 'ib.gateway.port',
      value: 7497,
      file: join(directory.path, 'config.yaml'),
    });
    expect(set.stderr).toBe('note: IB_PORT decides, with 4001.\n');
    const wrong = await ktrdr(['config', 'get', 'ib.gatway.port'], environment);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "ib.gateway.port"?') as string,
    });
    expect((await ktrdr(['config', 'set', 'ib.gateway.port', 'x'], environment)).code).toBe(2);
    expect((await ktrdr(['config', 'set', 'home', '/x', '--user', '--project'], environment)).code).toBe(2);
  });

  it('never shows the access token', { timeout: 30_000 }, async () => {
    const token = 'secret'.repeat(8);
    for (const args of [['list'], ['list', '--json'], ['get', 'access.token'], ['get', 'access.token', '--json']]) {
      const shown = await ktrdr(['config', ...args], { KTRDR_HOME: directory.path, KTRDR_TOKEN: token });
      expect(shown.code).toBe(0);
      expect(shown.stdout).toMatch(/hidden/i);
      expect(shown.stdout + shown.stderr).not.toContain(token);
    }
  });
});
