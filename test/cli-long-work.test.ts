import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createProgram } from '../src/apps/cli/program.ts';
import { operationSchema, type Operation } from '../src/operations/index.ts';
import { freePort } from './support/free-port.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory, upAt, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { exampleStrategy } from './support/strategy.ts';

const span = ['--start', '2023-06-01', '--end', '2024-01-01'];
const event = z.object({
  schema: z.literal('ktrdr.event/1'),
  event: z.enum(['started', 'progress', 'ended']),
  operation: operationSchema,
});

let home: TemporaryDirectory;
let port: number;
let up: KtrdrProcess;
let environment: { KTRDR_API_URL: string; KTRDR_HOME: string };
let long: string;

beforeAll(async () => {
  home = await temporaryDirectory();
  port = await freePort();
  up = await upAt({ home: home.path, port });
  environment = { KTRDR_API_URL: `http://127.0.0.1:${port}/api/v1`, KTRDR_HOME: home.path };
  await ktrdr(['data', 'load', 'AAPL', '-t', '1h', ...span], environment);
  long = join(home.path, 'long.yaml');
  await writeFile(long, exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }));
});

afterAll(async () => {
  await up[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function operation(id: string): Promise<Operation> {
  return operationSchema.parse(JSON.parse((await ktrdr(['ops', 'status', id, '--json'], environment)).stdout));
}

describe('long work', { timeout: 60_000 }, () => {
  it('is left running with --detach, and found again by the id on stdout', async () => {
    const detached = await ktrdr(['models', 'train', long, '--detach'], environment);
    expect(detached).toMatchObject({ code: 0, stdout: expect.stringMatching(/^op_train_model_\w+\n$/) as string });
    const id = detached.stdout.trim();
    expect(detached.stderr).toContain(`"ktrdr ops follow ${id}"`);
    await using follow = new KtrdrProcess(['ops', 'follow', id], environment);
    await follow.until(/epoch \d+\/100000/);
    follow.pressCtrlC();
    expect(await follow.exit).toBe(130);
    expect(follow.stderr).toContain(`It keeps running. Watch it with "ktrdr ops follow ${id}"`);
    expect((await operation(id)).status).toBe('running');
    await ktrdr(['ops', 'cancel', id], environment);
    const resumed = await ktrdr(['ops', 'resume', id, '--json'], environment);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ schema: 'ktrdr.ops.resume/1', resumedFrom: id });
    const { id: next } = operationSchema.parse(JSON.parse(resumed.stdout));
    await ktrdr(['ops', 'cancel', next], environment);
    const over = await ktrdr(['ops', 'follow', next, '--json'], environment);
    expect(over.code).toBe(130);
    expect(JSON.parse(over.stdout)).toMatchObject({ schema: 'ktrdr.ops.follow/1', id: next, status: 'cancelled' });
  });

  it('prints each state as a line of JSON with --ndjson, the result last, and nothing else', async () => {
    const load = ['data', 'load', 'MSFT', 'GOOG', '-t', '1d', ...span];
    const { code, stdout, stderr } = await ktrdr([...load, '--ndjson'], environment);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const events = lines.slice(0, -1).map((line) => event.parse(line));
    expect(events.at(0)?.event).toBe('started');
    expect(events.at(-1)).toMatchObject({ event: 'ended', operation: { status: 'completed' } });
    expect(events.slice(1, -1).every((line) => line.event === 'progress')).toBe(true);
    const versions = events.map((line) => line.operation.version);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    expect(lines.at(-1)).toMatchObject({
      schema: 'ktrdr.data.load/1',
      series: [{ symbol: 'MSFT' }, { symbol: 'GOOG' }],
    });
    const failed = await ktrdr(['data', 'load', 'NOPE', '-t', '1d', '--ndjson'], environment);
    expect(failed.code).toBe(3);
    const last = failed.stdout.trim().split('\n').at(-1) ?? '';
    expect(event.parse(JSON.parse(last))).toMatchObject({ event: 'ended', operation: { status: 'failed' } });
    expect(JSON.parse(failed.stderr)).toMatchObject({ schema: 'ktrdr.error/1', code: 'not_found' });
  });

  it('says nothing with --quiet but errors', async () => {
    const load = await ktrdr(['data', 'load', 'AMZN', '-t', '1d', ...span, '--quiet'], environment);
    expect(load).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^AMZN 1d: /) as string });
    const some = await ktrdr(['-q', 'data', 'load', 'AMZN', 'NOPE', '-t', '1d', ...span], environment);
    expect(some.code).toBe(3);
    expect(some.stderr).toMatch(/^error: NOPE 1d: .*\n$/);
  });

  it('is watched through the death of the API and its next start', async () => {
    await using train = new KtrdrProcess(['models', 'train', long], environment);
    await train.until(/epoch \d+\/100000/);
    const [id = ''] = /op_train_model_\w+/.exec((await ktrdr(['ops', 'list', '-n', '1'], environment)).stdout) ?? [];
    await using follow = new KtrdrProcess(['ops', 'follow', id, '--ndjson'], environment);
    await follow.until(/"event":"progress"/);
    up.kill('SIGKILL');
    await up.exit;
    await train.until(/^The API is away; trying again\.$/m);
    const said = train.stderr.length;
    up = await upAt({ home: home.path, port });
    await vi.waitFor(() => expect(train.stderr.slice(said)).toMatch(/epoch \d+\/100000/), { timeout: 30_000 });
    train.pressCtrlC();
    expect(await train.exit).toBe(130);
    expect(await operation(id)).toMatchObject({ status: 'cancelled', attempt: 2, cancellation: { reason: 'user' } });
    expect(await follow.exit).toBe(130);
    const events = follow.stdout
      .trim()
      .split('\n')
      .slice(0, -1)
      .map((line) => event.parse(JSON.parse(line)));
    expect(events.at(-1)).toMatchObject({ event: 'ended', operation: { id, status: 'cancelled', attempt: 2 } });
    const versions = events.map((line) => line.operation.version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });
});

it('ten commands in one process share one connection', { timeout: 60_000 }, async () => {
  let sockets = 0;
  const proxy = createServer((socket) => {
    sockets += 1;
    const api = connect(port, '127.0.0.1');
    socket.pipe(api).pipe(socket);
    for (const end of [socket, api]) end.on('error', () => {});
    socket.on('close', () => api.destroy());
  });
  const address = await new Promise<string>((resolve) =>
    proxy.listen(0, '127.0.0.1', () => {
      const bound = proxy.address();
      resolve(`http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/api/v1`);
    }),
  );
  const written = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  try {
    for (let command = 0; command < 10; command += 1) {
      const args = ['ops', 'list', '--json', '--api', address, '--home', home.path];
      const program = await createProgram(() => {}, args);
      await program.parseAsync(args, { from: 'user' });
    }
    const printed = written.mock.calls.filter(([text]) => String(text).startsWith('{"schema":"ktrdr.ops.list/1"'));
    expect(printed).toHaveLength(10);
  } finally {
    written.mockRestore();
    proxy.close();
  }
  expect(sockets).toBe(1);
});
