import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig, type ConfigFile } from './config-file.ts';
import { setInFile, unsetInFile } from './edit-config-file.ts';
import { resolveSettings } from './resolve-settings.ts';
import type { SettingName } from './setting-specs.ts';

let directory: string;
let user: ConfigFile;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
  user = { layer: 'user', path: join(directory, 'sub', 'config.yaml') };
});
afterEach(() => rmSync(directory, { recursive: true }));

const set = (name: SettingName, text: string, file = user) => setInFile(file, { name, text, directory });
const content = (file = user): string => readFileSync(file.path, 'utf8');

describe('setInFile()', () => {
  it('makes the file, and a section in it, and writes numbers as numbers', async () => {
    expect(await set('ib.gateway.port', ' 7497')).toBe(7497);
    await set('training.use_host_service', 'yes');
    expect(content()).toBe('ib:\n  gateway:\n    port: 7497\ntraining:\n  use_host_service: true\n');
    expect(readdirSync(join(directory, 'sub'))).toEqual(['config.yaml']);
  });

  it('keeps comments, order, the rights of the file and a link to it', async () => {
    const target = join(directory, 'dotfile');
    const before = '# mine\nlog:\n  # of services\n  level: info # quiet\n\n# the gateway\nib:\n';
    writeFileSync(target, before);
    chmodSync(target, 0o640);
    const link: ConfigFile = { layer: 'user', path: join(directory, 'link.yaml') };
    symlinkSync(target, link.path);
    await set('log.level', 'debug', link);
    await set('ib.gateway.host', 'there', link);
    expect(content(link)).toBe(`${before.replace('info', 'debug')}  gateway:\n    host: there\n`);
    expect(lstatSync(link.path).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
  });

  it('writes a path within a project from where the file lies, and any other whole', async () => {
    const project: ConfigFile = { layer: 'project', path: join(directory, 'ktrdr.yaml') };
    await set('home', 'data', project);
    expect(content(project)).toBe('home: ./data\n');
    await set('home', '../elsewhere', project);
    expect(content(project)).toBe(`home: ${join(directory, '../elsewhere')}\n`);
    await set('home', 'data');
    expect(content()).toBe(`home: ${join(directory, 'data')}\n`);
  });

  it('refuses what would be refused at the next start, and what may not stand there', async () => {
    await expect(set('ib.gateway.port', '70000')).rejects.toMatchObject({
      code: 'invalid_input',
      message: 'ib.gateway.port is "70000": use a whole number from 0 to 65535.',
    });
    await expect(set('home', ' ')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(set('access.token', 'x'.repeat(40))).rejects.toThrow('KTRDR_TOKEN');
    await expect(set('api.url', 'http://x', { ...user, layer: 'project' })).rejects.toThrow('project file');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves a file alone that it cannot read', async () => {
    const file: ConfigFile = { layer: 'user', path: join(directory, 'c.yaml') };
    for (const text of ['log: {', '- a\n', 'word\n']) {
      writeFileSync(file.path, text);
      await expect(set('log.level', 'info', file)).rejects.toMatchObject({ code: 'failed_precondition' });
      expect(content(file)).toBe(text);
    }
    await expect(set('log.level', 'info', { layer: 'user', path: directory })).rejects.toThrow('Cannot read');
  });

  it('says where a file is wrong that it would have to guess at', async () => {
    const file: ConfigFile = { layer: 'user', path: join(directory, 'c.yaml') };
    writeFileSync(file.path, 'home: /x\nlog: {\n');
    await expect(set('log.level', 'info', file)).rejects.toThrow(
      / is not valid YAML, at line 3, column 1: .*[^.]\. Correct it first/,
    );
    for (const text of ['log: loud\n', 'log: [level]\n', 'home: &log /x\nlog: *log\n']) {
      writeFileSync(file.path, text);
      await expect(set('log.level', 'info', file)).rejects.toMatchObject({
        code: 'failed_precondition',
        message: `"${file.path}" has something other than settings below log. Correct that first.`,
      });
      expect(content(file)).toBe(text);
    }
  });

  it('mends a setting that was wrong', async () => {
    const file: ConfigFile = { layer: 'user', path: join(directory, 'c.yaml') };
    writeFileSync(file.path, 'log: { level: loud }\n');
    await set('log.level', 'info', file);
    expect(content(file)).toBe('log: { level: info }\n');
  });

  it('writes what is read again, for any order of changes', async () => {
    const change = fc.oneof(
      fc.record({ name: fc.constant<SettingName>('ib.gateway.port'), text: fc.nat(65_535).map(String) }),
      fc.record({
        name: fc.constant<SettingName>('ib.gateway.host'),
        text: fc.constantFrom('yes', '1e3', '::1', 'null'),
      }),
      fc.record({ name: fc.constant<SettingName>('log.level'), text: fc.constantFrom('info', 'warn') }),
      fc.record({ name: fc.constantFrom<SettingName>('log.level', 'ib.gateway.port'), text: fc.constant('') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
        rmSync(user.path, { force: true });
        const wanted = new Map<string, string>();
        for (const { name, text } of changes) {
          if (text === '') {
            expect(await unsetInFile(user, name)).toBe(wanted.delete(name));
          } else {
            await set(name, text);
            wanted.set(name, text);
          }
        }
        const { given, faults } = await parseConfig(changes.length === 0 ? '' : contentOrNothing(), user);
        expect(faults).toEqual([]);
        expect(resolveSettings(given, '/').faults).toEqual([]);
        expect(new Map(given.map(({ name, text }) => [name as string, text]))).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });
});

describe('unsetInFile()', () => {
  it('removes what was set and the sections that become empty, and nothing else', async () => {
    await set('ib.gateway.port', '1');
    await set('log.level', 'warn');
    expect(await unsetInFile(user, 'ib.gateway.port')).toBe(true);
    expect(content()).toBe('log:\n  level: warn\n');
    expect(await unsetInFile(user, 'ib.gateway.port')).toBe(false);
    expect(await unsetInFile({ ...user, path: join(directory, 'none') }, 'home')).toBe(false);
  });

  it.each<[string, string, SettingName, string]>([
    ['the last setting', 'log:\n  level: info\n', 'log.level', ''],
    ['a setting without a line break behind it', 'home: /x', 'home', ''],
    ['the last one below comments', '# mine\nhome: /x # here\n\n# end\n', 'home', '# mine\n\n# end\n'],
    [
      'one between comments, with whose section these stay',
      'log:\n  # of services\n  level: info # quiet\nhome: /x\n',
      'log.level',
      'log:\n  # of services\nhome: /x\n',
    ],
    [
      'one above a comment that ends its section',
      'ib:\n  gateway:\n    port: 1\n    # host: there\n# about homes\nhome: /x\n',
      'ib.gateway.port',
      'ib:\n  gateway:\n    # host: there\n# about homes\nhome: /x\n',
    ],
    [
      'one whose section is below another one',
      '# all\nib:\n  gateway:\n    port: 1\n  host_service: {}\n',
      'ib.gateway.port',
      '# all\nib:\n  host_service: {}\n',
    ],
    [
      'one within braces',
      'ib: { gateway: { port: 1, host: h } } # x\n',
      'ib.gateway.port',
      'ib: { gateway: { host: h } } # x\n',
    ],
    ['the last one within braces', '# a\nib: { gateway: { port: 1 } }\n', 'ib.gateway.port', '# a\n'],
    [
      'one of several lines',
      'home: >-\n  /x\n  y\n# end\nlog: { level: info }\n',
      'home',
      '# end\nlog: { level: info }\n',
    ],
    ['one that has no value', 'home:\nlog: { level: info }\n', 'home', 'log: { level: info }\n'],
  ])('removes %s', async (_, before, name, after) => {
    const file: ConfigFile = { layer: 'user', path: join(directory, 'c.yaml') };
    writeFileSync(file.path, before);
    expect(await unsetInFile(file, name)).toBe(true);
    expect(content(file)).toBe(after);
    expect((await parseConfig(after, file)).faults).toEqual([]);
    await set('log.level', 'warn', file);
    const { given } = await parseConfig(content(file), file);
    expect(given).toContainEqual(expect.objectContaining({ name: 'log.level', text: 'warn' }));
  });
});

function contentOrNothing(): string {
  try {
    return content();
  } catch {
    return '';
  }
}
