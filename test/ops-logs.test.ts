import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { logsPageSchema, operationSchema } from '../src/operations/index.ts';
import { freePort } from './support/free-port.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory, upAt, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { exampleStrategy } from './support/strategy.ts';

const logs = z.object({
  schema: z.literal('ktrdr.ops.logs/1'),
  operation: z.string(),
  lines: logsPageSchema.shape.lines,
});

let home: TemporaryDirectory;
let port: number;
let up: KtrdrProcess;
let environment: { KTRDR_API_URL: string; KTRDR_HOME: string };
/** Of a training that is not done while the tests run. */
let long: string;

beforeAll(async () => {
  home = await temporaryDirectory();
  port = await freePort();
  up = await upAt({ home: home.path, port });
  environment = { KTRDR_API_URL: `http://127.0.0.1:${port}/api/v1`, KTRDR_HOME: home.path };
  const span = ['--start', '2023-06-01', '--end', '2024-01-01'];
  await ktrdr(['data', 'load', 'AAPL', '-t', '1h', ...span], environment);
  const strategy = join(home.path, 'long.yaml');
  await writeFile(strategy, exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }));
  long = (await ktrdr(['models', 'train', strategy, '--detach'], environment)).stdout.trim();
});

afterAll(async () => {
  await up[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function newest(type: string): Promise<string> {
  const { stdout } = await ktrdr(['ops', 'list', '--type', type, '-n', '1', '--json'], environment);
  return z.object({ operations: z.tuple([operationSchema]) }).parse(JSON.parse(stdout)).operations[0].id;
}

describe('ktrdr ops logs', { timeout: 60_000 }, () => {
  it('prints what an operation and its work said, as lines, as an object, and as objects on lines', async () => {
    const id = await newest('load_bars');
    const { code, stdout, stderr } = await ktrdr(['ops', 'logs', id], environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]{12}Z`;
    expect(stdout).toMatch(
      new RegExp(`^${time} info  operation queued attempt=1\n${time} info  operation started attempt=1\n`),
    );
    expect(stdout).toMatch(new RegExp(`^${time} info  segment loaded symbol=AAPL timeframe=1h start=\\d+`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${time} info  operation completed\n$`, 'm'));
    const whole = logs.parse(JSON.parse((await ktrdr(['ops', 'logs', id, '--json'], environment)).stdout));
    expect(whole).toMatchObject({ operation: id, lines: { length: stdout.trim().split('\n').length } });
    const last = await ktrdr(['ops', 'logs', id, '-n', '2', '--ndjson'], environment);
    const lines = last.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines).toEqual(whole.lines.slice(-2).map((line) => ({ schema: 'ktrdr.ops.line/1', ...line })));
  });

  it('leaves the operation running when nobody looks any more', async () => {
    await using follow = new KtrdrProcess(['ops', 'logs', long, '--follow'], environment);
    await follow.until(/operation started attempt=1/);
    follow.kill('SIGINT');
    expect(await follow.exit).toBe(130);
    expect(follow.stderr).toMatch(/^It keeps running\. Watch it with "ktrdr ops follow \w+", stop it with .*\n$/);
    await using unread = new KtrdrProcess(['ops', 'logs', long, '--follow'], environment);
    unread.closeOutput();
    expect(await unread.exit).toBe(0);
    const { stdout } = await ktrdr(['ops', 'status', long, '--json'], environment);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'running' });
  });

  it('follows until the operation ends, also through the death of the API', async () => {
    await using follow = new KtrdrProcess(['ops', 'logs', long, '-f'], environment);
    await follow.until(/operation started attempt=1/);
    up.kill('SIGKILL');
    await up.exit;
    await follow.until(/^The API is away; trying again\.$/m);
    up = await upAt({ home: home.path, port });
    await follow.until(/operation started attempt=2/);
    await ktrdr(['ops', 'cancel', long], environment);
    expect(await follow.exit).toBe(0);
    expect(follow.stdout).toMatch(/cancel asked for reason=user\n.* operation cancelled reason=user forced=false\n$/);
    expect(follow.stdout.match(/operation started attempt=1/g), 'no line comes twice').toHaveLength(1);
  });

  it('names what may have been meant where there is no such operation', async () => {
    const { code, stdout, stderr } = await ktrdr(['ops', 'logs', `${long}x`], environment);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(long);
  });
});

describe('ktrdr ops retry', { timeout: 60_000 }, () => {
  it('begins anew what has ended, is followed where asked, and refuses what has not ended', async () => {
    const id = await newest('load_bars');
    const { code, stdout } = await ktrdr(['ops', 'retry', id, '--follow', '--json'], environment);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'ktrdr.ops.retry/1',
      status: 'completed',
      retriedFrom: id,
      attempt: 1,
    });
    await ktrdr(['ops', 'cancel', long], environment);
    const retried = await ktrdr(['ops', 'retry', long], environment);
    expect(retried).toMatchObject({ code: 0, stdout: expect.stringMatching(/^op_train_model_\w+\n$/) as string });
    const next = retried.stdout.trim();
    expect(retried.stderr).toContain(`"ktrdr ops follow ${next}"`);
    expect((await ktrdr(['ops', 'status', next], environment)).stdout).toContain(`  retries   ${long}\n`);
    const refused = await ktrdr(['ops', 'retry', next, '--json'], environment);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(JSON.parse(refused.stderr)).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('Wait for its end, or cancel it first.') as string,
    });
    await ktrdr(['ops', 'cancel', next], environment);
  });
});
