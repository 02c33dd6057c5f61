import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Environment } from './places.ts';
import { readSettings, reportSettings, type Flags, type Settings } from './settings.ts';

let root: string;
beforeEach(() => void (root = realpathSync(mkdtempSync(join(tmpdir(), 'settings-')))));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** No file of whoever runs the tests is read. */
function settingsOf(variables: Environment, { flags, directory = root }: { flags?: Flags; directory?: string } = {}) {
  return readSettings({ flags, environment: { XDG_CONFIG_HOME: join(root, 'config'), ...variables }, directory });
}

function write(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe('the settings', () => {
  it('have defaults that bind to loopback and run everything in one process', async () => {
    expect(await settingsOf({ XDG_DATA_HOME: '/data', XDG_STATE_HOME: '/state' })).toEqual({
      home: '/data/ktrdr',
      state: '/state/ktrdr',
      access: { file: '/data/ktrdr/token' },
      api: { host: '127.0.0.1', port: 8000, url: 'http://127.0.0.1:8000/api/v1' },
      ib: {
        useHostService: false,
        hostServiceUrl: 'http://127.0.0.1:5001',
        pool: { connections: 10, timeoutMs: 30_000, keepAliveMs: 30_000 },
        gateway: { host: '127.0.0.1', port: 4002, clientId: 1 },
      },
      training: {
        useHostService: false,
        hostServiceUrl: 'http://127.0.0.1:5002',
        pool: { connections: 5, timeoutMs: 60_000, keepAliveMs: 30_000 },
        bars: 'store',
        backend: 'auto',
        memoryMb: 4_096,
      },
      logLevel: 'info',
      variables: {},
    } satisfies Settings);
  });

  it('take the specified switches and addresses', async () => {
    const settings = await settingsOf({
      USE_IB_HOST_SERVICE: 'yes',
      IB_HOST_SERVICE_URL: 'http://10.0.0.7:5001/',
      USE_TRAINING_HOST_SERVICE: '1',
      IB_PORT: ' 7497 ',
      KTRDR_HOME: '/srv/ktrdr',
      KTRDR_API_PORT: '9000',
      IB_HOST_SERVICE_CONNECTIONS: '3',
      TRAINING_HOST_SERVICE_TIMEOUT_SECONDS: '7.5',
      TRAINING_HOST_SERVICE_KEEP_ALIVE_SECONDS: '2',
    });
    expect(settings).toMatchObject({
      home: '/srv/ktrdr',
      state: '/srv/ktrdr',
      api: { url: 'http://127.0.0.1:9000/api/v1' },
      ib: {
        useHostService: true,
        hostServiceUrl: 'http://10.0.0.7:5001',
        pool: { connections: 3, timeoutMs: 30_000, keepAliveMs: 30_000 },
        gateway: { port: 7497 },
      },
      training: { useHostService: true, pool: { connections: 5, timeoutMs: 7_500, keepAliveMs: 2_000 } },
    });
  });

  it('look for the API where it listens', async () => {
    const urlFor = async (host: string): Promise<string> => (await settingsOf({ KTRDR_API_HOST: host })).api.url;
    expect(await urlFor('192.168.1.5')).toBe('http://192.168.1.5:8000/api/v1');
    expect(await urlFor('0.0.0.0')).toBe('http://127.0.0.1:8000/api/v1');
    expect(await urlFor('::')).toBe('http://[::1]:8000/api/v1');
    expect(await urlFor('fd00::5')).toBe('http://[fd00::5]:8000/api/v1');
  });

  it('take an empty variable as absent', async () => {
    expect((await settingsOf({ KTRDR_API_PORT: ' ' })).api.port).toBe(8000);
    vi.stubEnv('HOME', '');
    expect(isAbsolute((await settingsOf({})).home), 'with an empty HOME').toBe(true);
    vi.unstubAllEnvs();
    expect((await settingsOf({ XDG_DATA_HOME: 'relative' })).home).toMatch(/\.local.share.ktrdr$/);
    expect((await settingsOf({ IB_PORT: '', KTRDR_HOME: '' })).ib.gateway.port).toBe(4002);
  });

  it('name every flag and every variable that is wrong, with its value and what would do', async () => {
    const wrong = { IB_PORT: 'abc', USE_IB_HOST_SERVICE: 'maybe', IB_HOST_SERVICE_CONNECTIONS: '0' };
    await expect(settingsOf(wrong, { flags: { '--api': 'ftp://x' } })).rejects.toMatchObject({
      code: 'invalid_input',
      message:
        'The configuration is not valid: --api is "ftp://x": use an http:// or https:// address without a user name; ' +
        'USE_IB_HOST_SERVICE is "maybe": use true or false; ' +
        'IB_HOST_SERVICE_CONNECTIONS is "0": use a whole number from 1 to 1000; ' +
        'IB_PORT is "abc": use a whole number from 0 to 65535.',
    });
  });

  it('never repeat a secret that is wrong', async () => {
    for (const variables of [{ KTRDR_TOKEN: 'hunter2' }, { KTRDR_API_URL: 'http://me:hunter2@there' }])
      await expect(settingsOf(variables)).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  });

  it('come from files, the one of the project before that of the user', async () => {
    write('config/ktrdr/config.yaml', 'ib:\n  gateway: { host: there, port: 7497 }\nlog: { level: debug }\n');
    write('work/.git/HEAD', '');
    write('work/ktrdr.yaml', '# for this work\nhome: ./data\nib:\n  gateway:\n    port: 7496\n');
    mkdirSync(join(root, 'work/deep/down'), { recursive: true });
    const settings = await settingsOf({ KTRDR_LOG_LEVEL: 'warn' }, { directory: join(root, 'work/deep/down') });
    expect(settings).toMatchObject({
      home: join(root, 'work/data'),
      state: join(root, 'work/data'),
      ib: { gateway: { host: 'there', port: 7496, clientId: 1 } },
      logLevel: 'warn',
    });
    expect(settings.variables).toEqual({
      KTRDR_HOME: join(root, 'work/data'),
      IB_HOST: 'there',
      IB_PORT: '7496',
      KTRDR_LOG_LEVEL: 'warn',
    });
  });

  it('are the same in a process that is given their variables', async () => {
    write('config/ktrdr/config.yaml', 'home: ~/ktrdr\ntraining:\n  host_service: { timeout_seconds: 2.5 }\n');
    const settings = await settingsOf({ USE_IB_HOST_SERVICE: 'no' });
    expect(await settingsOf({ USE_IB_HOST_SERVICE: 'no', ...settings.variables })).toEqual(settings);
  });

  it('of the user lie in the home that a flag or a variable names', async () => {
    write('config/ktrdr/config.yaml', 'log: { level: debug }\n');
    const home = dirname(write('home/config.yaml', 'log: { level: error }\n'));
    expect((await settingsOf({ KTRDR_HOME: home })).logLevel).toBe('error');
    expect((await settingsOf({}, { flags: { '--home': home } })).logLevel).toBe('error');
    expect((await settingsOf({})).logLevel).toBe('debug');
  });

  it('are looked for up to the directory of the user, which may be a link', async () => {
    write('ktrdr.yaml', 'log: { level: debug }\n');
    write('users/ann/ktrdr.yaml', 'log: { level: warn }\n');
    const inner = join(root, 'users', 'ann', 'inner');
    mkdirSync(inner);
    symlinkSync(join(root, 'users'), join(root, 'home'));
    for (const folder of ['users', 'home']) {
      vi.stubEnv('HOME', join(root, folder, 'ann'));
      expect((await settingsOf({}, { directory: inner })).logLevel, folder).toBe('warn');
    }
  });

  it('are not looked for above a directory that is in no checkout', async () => {
    vi.stubEnv('HOME', join(root, 'elsewhere'));
    write('ktrdr.yaml', 'log: { level: debug }\n');
    mkdirSync(join(root, 'inner'));
    expect((await settingsOf({}, { directory: join(root, 'inner') })).logLevel).toBe('info');
    expect((await settingsOf({})).logLevel).toBe('debug');
  });

  it('say where they come from', async () => {
    const file = write('ktrdr.yaml', 'ib:\n  gateway:\n    port:   7496\n');
    const sources = { flags: { '--home': '/h' }, environment: { IB_HOST: 'x' }, directory: root };
    const { resolved } = await reportSettings(sources);
    expect(resolved.filter(({ layer }) => layer !== 'default')).toEqual([
      { name: 'home', value: '/h', layer: 'flag', at: '--home' },
      { name: 'ib.gateway.host', value: 'x', layer: 'environment', at: 'IB_HOST' },
      { name: 'ib.gateway.port', value: 7496, layer: 'project', at: `${file}:3:13` },
    ]);
  });

  it('name a fault of a file by its line, also where a variable decides', async () => {
    const user = write('config/ktrdr/config.yaml', 'log:\n  level: loud\n');
    const project = write('ktrdr.yaml', 'ib:\n  gatway:\n    port: 1\n');
    await expect(settingsOf({ KTRDR_LOG_LEVEL: 'info' })).rejects.toMatchObject({
      code: 'invalid_input',
      message:
        `The configuration is not valid: ${project}:2:3 there is no setting "ib.gatway"; did you mean "ib.gateway"?; ` +
        `${user}:2:10, log.level is "loud": use debug, info, warn, error or silent.`,
    });
  });

  it('leave out nothing that can be read when something cannot', async () => {
    write('ktrdr.yaml', 'log: { level: loud }\ntraining: { memory_mb: 128 }\n');
    const { settings, faults } = await reportSettings({ environment: { IB_PORT: 'x' }, directory: root });
    expect(faults).toHaveLength(2);
    expect(settings).toMatchObject({ logLevel: 'info', training: { memoryMb: 128 }, ib: { gateway: { port: 4002 } } });
  });
});
