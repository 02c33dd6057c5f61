import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, describe, it } from 'vitest';
import { z } from 'zod';
import { freePort } from './support/free-port.ts';
import { silentServer } from './support/silent-server.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';

const readySchema = z.object({
  schema: z.literal('ktrdr.up/1'),
  url: z.url(),
  home: z.string(),
  pid: z.number(),
  services: z.array(z.object({ name: z.string(), url: z.string() })),
});

const quiet = { KTRDR_LOG_LEVEL: 'silent' };

describe('ktrdr up', () => {
  it(
    'says in one line of JSON where everything is, and to a second one who holds the home',
    { timeout: 60_000 },
    async () => {
      await using home = await temporaryDirectory();
      await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--json', '--home', home.path], quiet);
      const [line] = await up.until(/^.*\n/);
      const { url, pid, services, ...rest } = readySchema.parse(JSON.parse(line));
      expect(rest.home).toBe(home.path);
      expect(pid).toBe(up.pid);
      expect(services.map(({ name }) => name)).toEqual(['Simulated gateway']);
      expect((await fetch(`${url}/health`)).status).toBe(200);

      const second = await ktrdr(['up', '--simulate', '--port', '0', '--home', home.path], quiet);
      expect(second).toMatchObject({ code: 4, stdout: '' });
      const now = new Date().toISOString().slice(0, 10);
      expect(second.stderr).toContain(
        `error: "${home.path}" is in use by another ktrdr process (process ${pid}, since ${now} `,
      );
      expect(second.stderr).toContain(`UTC, at ${url}). Stop it, or choose another --home.`);

      up.kill('SIGTERM');
      expect(await up.exit).toBe(143);
      expect(up.stdout).toBe(line);
    },
  );

  it('has nothing but results and errors to say with --quiet', { timeout: 30_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--quiet', '--port', '0', '--home', home.path]);
    await up.until(/API on/);
    up.kill('SIGTERM');
    expect({ code: await up.exit, stderr: up.stderr }).toEqual({ code: 143, stderr: '' });
  });

  it('says of a port whether one of its own has it', { timeout: 30_000 }, async () => {
    await using home = await temporaryDirectory();
    await using stranger = await silentServer();
    const refused = await ktrdr(['up', '--port', String(stranger.port), '--home', home.path], quiet);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(
      `Port ${stranger.port} on 127.0.0.1 is taken by another program. Stop that one, or choose another port with --port.`,
    );
  });

  it.each(['up --port', 'host ib --port', 'host training --port', 'gateway simulate --port 0 --control-port'])(
    'makes nothing in its home, and starts nothing, before it has its port (%s)',
    { timeout: 30_000 },
    async (command) => {
      await using directory = await temporaryDirectory();
      await using stranger = await silentServer();
      const home = join(directory.path, 'home');
      const words = command.split(' ');
      expect(await ktrdr([...words, String(stranger.port), '--home', home])).toEqual({
        code: 4,
        stdout: '',
        stderr: `error: Port ${stranger.port} on 127.0.0.1 is taken by another program. Stop that one, or choose another port with ${words.at(-1)}.\n`,
      });
      expect(existsSync(home)).toBe(false);
    },
  );

  it('gives the services that it starts the settings of its files', { timeout: 30_000 }, async () => {
    await using home = await temporaryDirectory();
    for (const [name, value] of [
      ['training.use_host_service', 'true'],
      ['ib.gateway.port', '9'],
    ] as const)
      expect((await ktrdr(['--home', home.path, 'config', 'set', name, value])).code).toBe(0);
    const environment = { ...quiet, TRAINING_HOST_SERVICE_URL: `http://127.0.0.1:${await freePort()}` };
    await using up = new KtrdrProcess(['up', '--port', '0', '--json', '--home', home.path], environment);
    const [line] = await up.until(/^.*\n/);
    const [host] = readySchema.parse(JSON.parse(line)).services;
    expect(host).toEqual({ name: 'training host', url: environment.TRAINING_HOST_SERVICE_URL });
    const second = await ktrdr(['host', 'training', '--port', '0', '--home', home.path], quiet);
    expect(second.stderr).toContain(`"${join(home.path, 'hosts', 'training')}" is in use by another ktrdr process`);
  });
});

describe('ktrdr down', () => {
  it('stops what runs in the home and waits for its end, and has nothing to do then', { timeout: 60_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path], quiet);
    await using host = new KtrdrProcess(['host', 'training', '--port', '0', '--home', home.path], quiet);
    await Promise.all([up.until(/API on/), host.until(/service on/)]);
    const down = await ktrdr(['down', '--json', '--home', home.path]);
    expect(JSON.parse(down.stdout)).toEqual({
      schema: 'ktrdr.down/1',
      home: home.path,
      stopped: [
        { pid: up.pid, directory: home.path },
        { pid: host.pid, directory: join(home.path, 'hosts', 'training') },
      ],
    });
    expect(await Promise.all([up.exit, host.exit])).toEqual([143, 143]);
    expect(await ktrdr(['down', '--home', home.path])).toEqual({
      code: 0,
      stdout: `Nothing runs in ${home.path}.\n`,
      stderr: '',
    });
  });

  it('sends no signal to a process that has but the id of the owner', { timeout: 60_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--port', '0', '--home', home.path], quiet);
    const [, url = ''] = await up.until(/API on (\S+),/);
    const file = join(home.path, 'owner.pid');
    const [, ...facts] = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, [process.pid, ...facts].join('\n'));
    const down = await ktrdr(['down', '--home', home.path]);
    expect(down).toMatchObject({ code: 5, stdout: '' });
    expect(down.stderr).toContain(`It listens at ${url}. Stop it where it was started.`);
    expect((await fetch(`${url}/health`)).status, 'it goes on').toBe(200);
  });
});
