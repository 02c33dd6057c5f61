import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePort } from './support/free-port.ts';
import { silentServer } from './support/silent-server.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory, type Finished } from './support/ktrdr-process.ts';

const reportSchema = z.object({
  schema: z.literal('ktrdr.doctor/1'),
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['ok', 'warn', 'fail']),
      detail: z.string(),
      advice: z.string().exactOptional(),
    }),
  ),
});

function checksIn({ stdout }: Finished): Map<string, z.infer<typeof reportSchema>['checks'][number]> {
  return new Map(reportSchema.parse(JSON.parse(stdout)).checks.map((check) => [check.name, check]));
}

describe('ktrdr doctor', () => {
  it('finds everything in order beside an API that runs', { timeout: 60_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--json', '--home', home.path], {
      KTRDR_LOG_LEVEL: 'silent',
    });
    const [line] = await up.until(/^.*\n/);
    const { url, services } = z
      .object({ url: z.string(), services: z.array(z.object({ url: z.string() })) })
      .parse(JSON.parse(line));
    const environment = { KTRDR_HOME: home.path, IB_PORT: new URL(services[0]?.url ?? '').port };
    const report = await ktrdr(['doctor', '--json', '--api', url], environment);
    expect(report).toMatchObject({ code: 0, stderr: '' });
    const checks = checksIn(report);
    expect([...checks.values()].filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(checks.get('owner')?.detail).toMatch(new RegExp(`^process ${up.pid}, since .*, at ${url}$`));
    expect(checks.get('API')?.detail).toMatch(new RegExp(`^ktrdr-api \\d+\\.\\d+\\.\\d+ answers at ${url}$`));
    expect(checks.get('gateway')?.detail).toContain('protocol 178');

    const elsewhere = checksIn(
      await ktrdr(['doctor', '--json'], { ...environment, KTRDR_API_PORT: String(await freePort()) }),
    );
    expect(elsewhere.get('owner')).toMatchObject({
      status: 'warn',
      advice: expect.stringContaining(`--api ${url}`) as string,
    });
  });

  it('says of everything that is wrong what to do, and nothing that is secret', { timeout: 60_000 }, async () => {
    await using home = await temporaryDirectory();
    const token = 'secret'.repeat(8);
    await writeFile(join(home.path, 'token'), token);
    await chmod(join(home.path, 'token'), 0o644);
    await writeFile(join(home.path, 'config.yaml'), 'log: { level: loud }\n');
    await using stranger = await silentServer();
    const environment = {
      KTRDR_HOME: home.path,
      KTRDR_API_PORT: String(stranger.port),
      IB_PORT: String(stranger.port),
      USE_TRAINING_HOST_SERVICE: 'true',
      TRAINING_HOST_SERVICE_URL: 'http://0.0.0.0:9',
    };
    const begun = performance.now();
    const report = await ktrdr(['doctor', '--json'], environment);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(report.code).toBe(1);
    const checks = checksIn(report);
    expect(Object.fromEntries([...checks].map(([name, { status }]) => [name, status]))).toMatchObject({
      node: 'ok',
      settings: 'fail',
      token: 'fail',
      API: 'fail',
      gateway: 'warn',
      'training host': 'fail',
    });
    expect(checks.get('settings')?.detail).toContain('config.yaml:1:15, log.level is "loud"');
    expect(checks.get('token')?.detail).toContain('chmod 600');
    expect(checks.get('API')?.detail).toBe(`port ${stranger.port} is taken by another program`);
    expect(checks.get('gateway')?.detail).toContain('took the connection but was not ready');

    const forPeople = await ktrdr(['doctor'], environment);
    expect(forPeople.code).toBe(1);
    expect(forPeople.stdout).toMatch(/^fail {2}token {10}Other users/m);
    for (const { stdout, stderr } of [report, forPeople]) expect(stdout + stderr).not.toContain(token);
  });

  it('finds a home that cannot be, and a variable that nothing reads', { timeout: 60_000 }, async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'work'));
    await writeFile(join(directory.path, 'file'), '');
    const port = String(await freePort());
    const environment = { KTRDR_API_PORT: port, KTRDR_API_PROT: port };
    const report = await ktrdr(['doctor', '--json', '--home', join(directory.path, 'file')], environment);
    expect(report.code).toBe(1);
    const checks = checksIn(report);
    expect(checks.get('home')).toMatchObject({ status: 'fail', advice: expect.stringContaining('--home') as string });
    expect(checks.get('settings')).toMatchObject({
      status: 'warn',
      advice: 'Write KTRDR_API_PROT as KTRDR_API_PORT, or remove it.',
    });
  });
});
