import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorCodes } from '../src/base/errors.ts';
import { KtrdrError } from '../src/base/index.ts';
import {
  KtrdrProcess,
  ktrdr,
  programFile,
  temporaryDirectory,
  type TemporaryDirectory,
} from './support/ktrdr-process.ts';
import { startServices, type Services } from './support/services.ts';

let directory: TemporaryDirectory;
let services: Services;
let problems: Server;
let real: Record<string, string>;

beforeAll(async () => {
  directory = await temporaryDirectory();
  services = await startServices({ home: directory.path, routing: 'local' });
  real = { KTRDR_API_URL: services.urls.api, KTRDR_HOME: directory.path };
  problems = createServer((request, response) => {
    const code = errorCodes.find((each) => request.url?.includes(`op_${each}`) === true);
    // A question without an answer, for those who are interrupted while they wait.
    if (code === undefined) return;
    const error = new KtrdrError(code, `Refused with ${code}.`);
    response.writeHead(error.httpStatus, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(error.toProblem()));
  });
  problems.listen(0, '127.0.0.1');
  await once(problems, 'listening');
});

afterAll(async () => {
  problems.closeAllConnections();
  problems.close();
  await services[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

function toldProblems(): Record<string, string> {
  const address = problems.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { KTRDR_API_URL: `http://127.0.0.1:${port}/api/v1`, KTRDR_HOME: directory.path };
}

describe('output that cannot be written', () => {
  const script = '"$0" "$1" strategies list $2 > /dev/full';

  it.skipIf(!existsSync('/dev/full'))('is told in the form that was asked for', { timeout: 30_000 }, () => {
    const into = (option: string): { status: number | null; stderr: string } =>
      spawnSync('sh', ['-c', script, process.execPath, programFile, option], { encoding: 'utf8', cwd: directory.path });
    expect(into('')).toMatchObject({ status: 5, stderr: expect.stringMatching(/^error: Cannot write the output: /) });
    const { status, stderr } = into('--json');
    expect(status).toBe(5);
    expect(JSON.parse(stderr)).toMatchObject({ schema: 'ktrdr.error/1', code: 'failed_precondition', exitCode: 5 });
  });
});

it('tells who stands in a directory that is gone', { timeout: 30_000 }, async () => {
  const cwd = join(directory.path, 'gone');
  await mkdir(cwd);
  const script = 'rmdir "$PWD" && exec "$0" "$1" ops list';
  const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, programFile], { encoding: 'utf8', cwd });
  expect({ status, stderr }).toEqual({
    status: 5,
    stderr: 'error: The directory that this command was started in does not exist any more; change to another one.\n',
  });
});

describe('what the API answers', () => {
  it.each(errorCodes)('%s ends the command with its code', { timeout: 30_000 }, async (code) => {
    const { exitCode } = new KtrdrError(code, '');
    const result = await ktrdr(['ops', 'status', `op_${code}`, '--json'], toldProblems());
    expect(result, result.stderr).toMatchObject({ code: exitCode, stdout: '' });
    expect(JSON.parse(result.stderr)).toMatchObject({
      schema: 'ktrdr.error/1',
      code,
      detail: expect.any(String) as string,
      exitCode,
    });
  });
});

describe('what happens here', () => {
  const span = ['AAPL', '-t', '1d', '--start', '2023-01-03', '--end', '2023-02-01'];
  const inDirectory = async (name: string): Promise<string> => {
    await mkdir(join(directory.path, 'files'), { recursive: true });
    return join(directory.path, 'files', name);
  };

  it.each<[number, string, () => Promise<string[]> | string[], Record<string, string>?]>([
    [0, 'the version is printed', () => ['--version']],
    [0, 'bars are loaded', () => ['data', 'load', ...span]],
    [2, 'no command is named', () => ['data']],
    [2, 'an option is unknown', () => ['ops', 'list', '--lmit', '3']],
    [3, 'there is no such file', () => ['strategies', 'show', 'none.yaml']],
    [
      4,
      'there is such a file already',
      async () => {
        const path = await inDirectory('there.yaml');
        await writeFile(path, '');
        return ['strategies', 'new', 'there', '-o', path];
      },
    ],
    [5, 'bars would be removed', () => ['data', 'delete', 'AAPL', '-t', '1d']],
    [8, 'there is no API', () => ['ops', 'list'], { KTRDR_API_URL: 'http://127.0.0.1:9/api/v1' }],
    [11, 'the token is another one', () => ['ops', 'list'], { KTRDR_TOKEN: 'wrong'.repeat(8) }],
    [
      12,
      'bars are still missing',
      () => ['data', 'load', 'AAPL', '-t', '1d', '--start', '2022-12-01', '--mode', 'local', '--json'],
    ],
    [
      124,
      'a load is not done in time',
      () => ['data', 'load', 'GOOG', '-t', '1m', '--mode', 'full', '--deadline', '1ms'],
    ],
  ])('ends with %i when %s', { timeout: 30_000 }, async (code, _, args, environment = {}) => {
    const result = await ktrdr(await args(), { ...real, ...environment });
    expect(result.code, result.stderr).toBe(code);
    // An incomplete load has its result none the less.
    if (code === 12) expect(JSON.parse(result.stdout)).toMatchObject({ schema: 'ktrdr.data.load/1' });
    else if (code !== 0) expect(result.stdout).toBe('');
  });

  it('says which path an address of the API lacks', { timeout: 30_000 }, async () => {
    const { origin } = new URL(services.urls.api);
    expect(await ktrdr(['ops', 'list'], { ...real, KTRDR_API_URL: `${origin}/` })).toEqual({
      code: 3,
      stdout: '',
      stderr: `error: There is no ktrdr API at ${origin}; write ${services.urls.api}.\n`,
    });
  });

  it.each([
    [['data', 'import', 'AAPL', 'x.csv', '-t', '1d', '--zone', 'Mars/Base'], /There is no zone "Mars\/Base"/],
    [['data', 'load', 'A\nB', '-t', '1d'], /^error: [^\n]* It has control characters\.\n$/],
  ])('refuses %j before anything is asked for', { timeout: 30_000 }, async (args, says) => {
    expect(await ktrdr(args, real)).toMatchObject({ code: 2, stderr: expect.stringMatching(says) as string });
  });

  it('writes nothing but ASCII where the locale is that of C', { timeout: 30_000 }, async () => {
    const { stderr } = await ktrdr(['data', 'load', ...span], { ...real, LC_ALL: 'C' });
    expect(stderr).toMatch(/^\+ Loading AAPL 1d data/m);
    const coverage = await ktrdr(['data', 'coverage', 'AAPL', '-t', '1d'], { ...real, LC_ALL: 'C' });
    expect(coverage.stdout).toMatch(/#/);
    expect(stderr + coverage.stdout).toMatch(/^[\n\x20-\x7E]+$/);
  });

  it('ends with 9 when a stored file is damaged', { timeout: 30_000 }, async () => {
    const bars = join(directory.path, 'bars');
    const manifest = (await readdir(bars, { recursive: true })).find((name) => name.endsWith('series.json')) ?? '';
    await writeFile(join(bars, manifest), '{');
    const result = await ktrdr(['data', 'verify', '--json'], real);
    expect(result.code, result.stderr).toBe(9);
    // What was found is the result, whatever it is.
    expect(JSON.parse(result.stdout)).toMatchObject({ schema: 'ktrdr.data.verify/1' });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s with %i', { timeout: 30_000 }, async (signal, code) => {
    await using process = new KtrdrProcess(['ops', 'follow', 'op_silent'], toldProblems());
    await once(problems, 'request');
    process.kill(signal);
    expect(await process.exit, process.stderr).toBe(code);
  });
});
