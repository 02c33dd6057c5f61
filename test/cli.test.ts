import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { operationSchema, type Operation } from '../src/operations/index.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { exampleStrategy } from './support/strategy.ts';
import { freePort } from './support/free-port.ts';

const noApi = { KTRDR_API_URL: 'http://127.0.0.1:9/api/v1' };
const span = ['--start', '2023-01-01', '--end', '2024-01-01'];

let home: TemporaryDirectory;
let files: TemporaryDirectory;
let system: KtrdrProcess;
let api: { KTRDR_API_URL: string; KTRDR_HOME: string };

beforeAll(async () => {
  home = await temporaryDirectory();
  files = await temporaryDirectory();
  system = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path], { KTRDR_LOG_LEVEL: 'silent' });
  const [, url = ''] = await system.until(/API on (\S+),/);
  api = { KTRDR_API_URL: url, KTRDR_HOME: home.path };
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await files[Symbol.asyncDispose]();
});

async function fileWith(name: string, text: string): Promise<string> {
  const path = join(files.path, name);
  await writeFile(path, text);
  return path;
}

const listedSchema = z.object({ operations: z.array(operationSchema) });

async function operationsListed(options: string[]): Promise<Operation[]> {
  const { stdout } = await ktrdr(['ops', 'list', '--json', ...options], api);
  return listedSchema.parse(JSON.parse(stdout)).operations;
}

describe('the command line', () => {
  it('loads, shows, trains and lists', { timeout: 60_000 }, async () => {
    const load = await ktrdr(['data', 'load', 'AAPL', '-t', '1h', '--mode', 'backfill', ...span], api);
    expect(load).toMatchObject({ code: 0 });
    expect(load.stderr).toMatch(/Loading AAPL 1h data \(backfill mode\) \[\d\/\d\]/);
    expect(load.stdout).toMatch(/1,7\d\d bars loaded in 2 requests[\s\S]*no gaps/);

    const again = await ktrdr(['data', 'load', 'AAPL', '-t', '1h', '--mode', 'full', ...span], api);
    expect(again.stdout).toMatch(/nothing was missing, nothing was fetched/);

    const show = await ktrdr(['data', 'show', 'AAPL', '-t', '1h', '-n', '3'], api);
    expect(show.stdout.match(/^2023-12-29 \d\d:\d\d/gm)).toHaveLength(3);
    const json = JSON.parse((await ktrdr(['data', 'show', 'AAPL', '-t', '1h', '-n', '3', '--json'], api)).stdout) as {
      bars: { time: number[]; close: number[] };
    };
    expect(json.bars.time).toHaveLength(3);

    const strategy = await fileWith('good.yaml', exampleStrategy({ symbol: 'AAPL', epochs: 2 }));
    const train = await ktrdr(['models', 'train', strategy, '--seed', '3'], api);
    expect(train).toMatchObject({ code: 0 });
    expect(train.stdout).toMatch(/test-strategy v1: 2 epochs/);
    expect((await ktrdr(['models', 'list'], api)).stdout).toMatch(/test-strategy +v1 +AAPL +1h/);

    const { operations } = JSON.parse((await ktrdr(['ops', 'list', '--json'], api)).stdout) as {
      operations: { id: string; status: string; type: string }[];
    };
    expect(operations.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'train_model completed',
      'load_bars completed',
      'load_bars completed',
    ]);
    const id = operations[0]?.id ?? '';
    expect((await ktrdr(['ops', 'status', id], api)).stdout).toMatch(/status +completed/);
    expect(await ktrdr(['ops', 'follow', id], api)).toMatchObject({ code: 0 });
    expect((await ktrdr(['ops', 'cancel', id], api)).stdout).toMatch(/completed before it could be cancelled/);
  });

  it('loads several series at once, with a line for each', { timeout: 60_000 }, async () => {
    const wanted = ['data', 'load', 'GOOG', 'AMZN', 'NOPE', '-t', '1h,1d', ...span];
    const load = await ktrdr(wanted, api);
    expect(load.code, 'that of the series that failed').toBe(3);
    for (const series of ['GOOG 1h', 'GOOG 1d', 'AMZN 1h', 'AMZN 1d']) {
      expect(load.stderr).toContain(`\u2713 Loading ${series} data (tail mode)`);
      expect(load.stdout).toMatch(new RegExp(`${series}: [\\d,]+ bars loaded[^]*no gaps`));
    }
    expect(load.stderr).toMatch(/^! Loading GOOG, AMZN, NOPE \[1h, 1d\] data \(tail mode\) \[6\/6\], 2 failed/m);
    expect(load.stderr).toMatch(/error: NOPE 1d: .*NOPE/);
    const json = await ktrdr(['data', 'load', 'GOOG', 'AMZN', '-t', '1d', ...span, '--json'], api);
    expect(JSON.parse(json.stdout)).toMatchObject({ series: [{ symbol: 'GOOG' }, { symbol: 'AMZN' }] });
  });

  it('relays Ctrl-C to the worker and says so', { timeout: 30_000 }, async () => {
    await ktrdr(['data', 'load', 'MSFT', '-t', '1h', ...span], api);
    const strategy = await fileWith('long.yaml', exampleStrategy({ symbol: 'MSFT', epochs: 100_000 }));
    await using train = new KtrdrProcess(['models', 'train', strategy], api);
    await train.until(/epoch \d+\/100000 batch/);
    train.pressCtrlC();
    const asked = performance.now();
    expect(await train.exit).toBe(130);
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(train.stderr).toMatch(/Cancelling; press Ctrl-C again/);
    const { operations } = JSON.parse((await ktrdr(['ops', 'list', '--json', '-n', '1'], api)).stdout) as {
      operations: { status: string; cancellation: { requestedAt: number; stoppedAt: number } }[];
    };
    expect(operations[0]).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user', forced: false } });
    const { requestedAt = 0, stoppedAt = Infinity } = operations[0]?.cancellation ?? {};
    expect(stoppedAt - requestedAt).toBeLessThan(1_000);
  });

  it('ends a training that does not end in time, and says so', { timeout: 30_000 }, async () => {
    const strategy = await fileWith('late.yaml', exampleStrategy({ symbol: 'MSFT', epochs: 100_000 }));
    const late = await ktrdr(['models', 'train', strategy, '--deadline', '700ms'], api);
    expect(late).toMatchObject({ code: 124, stderr: expect.stringContaining('Not done within 700 ms') as string });
    const [newest] = await operationsListed(['-n', '1']);
    expect(newest).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'timeout' },
      traceId: expect.any(String) as string,
    });
    expect((await ktrdr(['ops', 'status', newest?.id ?? ''], api)).stdout).toMatch(/^  trace {5}[\da-f]{32}$/m);
  });

  it('lists operations page by page', { timeout: 30_000 }, async () => {
    const ids: string[] = [];
    let cursor: string[] = [];
    for (;;) {
      const { stderr, stdout } = await ktrdr(['ops', 'list', '-n', '2', ...cursor], api);
      ids.push(...[...stdout.matchAll(/^op_[\w.]+/gm)].map(([id]) => id));
      const [, next] = /--cursor (\S+)/.exec(stderr) ?? [];
      if (next === undefined) break;
      cursor = ['--cursor', next];
    }
    expect(ids.length).toBeGreaterThan(3);
    expect(ids).toEqual((await operationsListed([])).map(({ id }) => id));
  });

  it('cancels somebody else’s operation and waits until it has stopped', { timeout: 30_000 }, async () => {
    const strategy = await fileWith('other.yaml', exampleStrategy({ symbol: 'MSFT', epochs: 100_000 }));
    await using train = new KtrdrProcess(['models', 'train', strategy], api);
    await train.until(/epoch \d+\/100000 batch/);
    const { operations } = JSON.parse((await ktrdr(['ops', 'list', '--json', '--status', 'running'], api)).stdout) as {
      operations: { id: string }[];
    };
    const id = operations[0]?.id ?? '';
    expect((await ktrdr(['ops', 'cancel', id], api)).stdout).toMatch(/cancelled\n +stopped \d+ ms after it was asked/);
    expect(await train.exit).toBe(130);
    expect(await ktrdr(['ops', 'follow', id], api)).toMatchObject({ code: 130 });
  });
});

describe('bad input gets one clear sentence and its exit code', () => {
  const cases: [
    string,
    () => Promise<string[]>,
    { code: number; says: RegExp; environment?: Record<string, string> },
  ][] = [
    ['an unknown symbol', async () => ['data', 'load', 'NOPE', '-t', '1h'], { code: 3, says: /NOPE/ }],
    [
      'an unknown timeframe',
      async () => ['data', 'load', 'AAPL', '-t', '7m'],
      { code: 2, says: /no timeframe "7m"; use one of 1m, 5m/ },
    ],
    [
      'an unknown mode',
      async () => ['data', 'load', 'AAPL', '-t', '1h', '-m', 'all'],
      { code: 2, says: /no mode "all"; use one of local/ },
    ],
    [
      'a date that does not exist',
      async () => ['data', 'load', 'AAPL', '-t', '1h', '--start', '2023-02-30'],
      { code: 2, says: /"2023-02-30" is not a date/ },
    ],
    [
      'a start after the end',
      async () => ['data', 'load', 'AAPL', '-t', '1h', '--start', '2024-01-01', '--end', '2023-01-01'],
      { code: 2, says: /2024-01-01\S* does not lie before --end 2023-01-01/ },
    ],
    [
      'data that is not there',
      async () => ['data', 'show', 'NVDA', '-t', '1d'],
      { code: 3, says: /no NVDA 1d data in the store; load it with "ktrdr data load NVDA -t 1d"/ },
    ],
    [
      'a symbol that the API refuses unheard',
      async () => ['data', 'load', ' ', '-t', '1h'],
      { code: 2, says: /^error: [^\n]*'symbols'\. It is empty\.\n$/ },
    ],
    ['a count outside its bounds', async () => ['ops', 'list', '-n', '0'], { code: 2, says: /Use 1 to 1000/ }],
    [
      'a home that is an empty word',
      async () => ['demo', '--home', ''],
      { code: 2, says: /--home <directory>' argument '' is invalid/ },
    ],
    [
      'a home that is a file',
      async () => ['demo', '--home', await fileWith('home', '')],
      { code: 5, says: /^error: Cannot keep data in ".+demo" .*--home\.\n$/ },
    ],
    [
      'a directory as a strategy',
      async () => ['models', 'train', files.path],
      { code: 2, says: /Cannot read the strategy ".+": it is a directory\./ },
    ],
    [
      'a strategy without end',
      async () => ['models', 'train', '/dev/zero'],
      { code: 2, says: /the text is longer than/ },
    ],
    [
      'an unknown operation',
      async () => ['ops', 'status', 'op_nothing'],
      { code: 3, says: /no operation "op_nothing"/ },
    ],
    [
      'an unknown status',
      async () => ['ops', 'list', '--status', 'sleeping'],
      { code: 2, says: /no status "sleeping"; use one of pending/ },
    ],
    [
      'a missing strategy file',
      async () => ['models', 'train', 'missing.yaml'],
      { code: 3, says: /Cannot read the strategy "missing.yaml": there is no such file/ },
    ],
    [
      'malformed YAML',
      async () => ['models', 'train', await fileWith('torn.yaml', 'name: x\nindicators: [a, b\n')],
      { code: 2, says: /torn\.yaml:\d+:\d+: / },
    ],
    [
      'an unknown strategy key',
      async () => ['models', 'train', await strategyWith('epochs: 2', 'epoch: 2')],
      { code: 2, says: /changed\.yaml:\d+:\d+: .*"epoch".*epochs/s },
    ],
    [
      'an unknown indicator',
      async () => ['models', 'train', await strategyWith('type: rsi,', 'type: rsj,')],
      { code: 2, says: /changed\.yaml:\d+:\d+: .*rsj.*rsi/s },
    ],
    [
      'training without data',
      async () => ['models', 'train', await strategyWith('symbol: AAPL', 'symbol: NVDA')],
      { code: 5, says: /NVDA.*ktrdr data load NVDA -t 1h/s },
    ],
    [
      'an API that does not run',
      async () => ['ops', 'list'],
      {
        code: 8,
        says: /Cannot reach the ktrdr API at http:\/\/127\.0\.0\.1:9\/api\/v1: start it with "ktrdr up"/,
        environment: noApi,
      },
    ],
    [
      'a setting that is no number',
      async () => ['up'],
      { code: 2, says: /IB_PORT is "abc": use a whole number/, environment: { IB_PORT: 'abc' } },
    ],
    ['an unknown command', async () => ['dta', 'load'], { code: 2, says: /unknown command 'dta'[\s\S]*data/ }],
    [
      'an unknown option',
      async () => ['data', 'load', 'AAPL', '-t', '1h', '--moed', 'full'],
      { code: 2, says: /unknown option '--moed'[\s\S]*--mode/ },
    ],
    [
      'a replay directory that is not there',
      async () => ['gateway', 'simulate', '--port', '0', '--replay', '/nowhere/at/all'],
      { code: 3, says: /\/nowhere\/at\/all/ },
    ],
    [
      'a log that cannot be written, before anything listens',
      async () => ['gateway', 'simulate', '--port', '0', '--log', 'nowhere/log'],
      { code: 5, says: /^error: Cannot write the log "nowhere\/log": its directory does not exist\.\n$/ },
    ],
    [
      'a home that another process owns',
      async () => ['up', '--port', '0', '--home', home.path],
      { code: 4, says: /in use by another ktrdr process \(process \d+, since 20.+ UTC, at http:.+api\/v1\)/ },
    ],
  ];

  it.each(cases)('%s', { timeout: 30_000 }, async (_, args, { code, says, environment = {} }) => {
    const result = await ktrdr(await args(), { ...api, ...environment });
    expect(result.stderr).toMatch(says);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  it('goes on without a word when its reader has gone', { timeout: 30_000 }, async () => {
    await ktrdr(['data', 'load', 'AAPL', '-t', '1h', ...span], api);
    await using show = new KtrdrProcess(['data', 'show', 'AAPL', '-t', '1h', '-n', '2000', '--json'], api);
    show.closeOutput();
    expect(await show.exit).toBe(0);
    expect(show.stderr).toBe('');
  });

  it('a port that is taken', async () => {
    await using other = await temporaryDirectory();
    const port = new URL(api.KTRDR_API_URL).port;
    const result = await ktrdr(['host', 'training', '--port', port, '--home', other.path]);
    expect(result.stderr).toMatch(new RegExp(`Port ${port} .*taken by another ktrdr service \\(ktrdr-api .*--port`));
    expect(result.code).toBe(4);
  });

  it('a gateway that does not run, and a host that cannot be reached', { timeout: 60_000 }, async () => {
    const routes = [
      { environment: { IB_PORT: '9' }, says: /gateway at 127\.0\.0\.1:9.*ktrdr gateway simulate/s },
      {
        environment: { USE_IB_HOST_SERVICE: 'true', IB_HOST_SERVICE_URL: 'http://0.0.0.0:9' },
        says: /IB host service cannot be reached at http:\/\/0\.0\.0\.0:9/,
      },
    ];
    for (const { environment, says } of routes) {
      await using other = await temporaryDirectory();
      await using up = new KtrdrProcess(['up', '--port', '0', '--home', other.path], environment);
      const [, url = ''] = await up.until(/API on (\S+),/);
      const result = await ktrdr(['data', 'load', 'AAPL', '-t', '1h'], {
        KTRDR_API_URL: url,
        KTRDR_HOME: other.path,
      });
      expect(result.stderr).toMatch(says);
      expect(result.code).toBe(8);
    }
  });

  it('a host below the API that is killed', { timeout: 30_000 }, async () => {
    await using other = await temporaryDirectory();
    const port = await freePort();
    await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', other.path], {
      USE_IB_HOST_SERVICE: 'true',
      IB_HOST_SERVICE_URL: `http://127.0.0.1:${port}`,
      KTRDR_LOG_LEVEL: 'silent',
    });
    await up.until(/API on (\S+),/);
    process.kill(await ownerOf(join(other.path, 'hosts', 'ib')), 'SIGKILL');
    const lost = up.until(/warning: The IB host has ended unexpectedly\. Its log is ".+ib-host\.log"/);
    await expect(lost).resolves.toBeDefined();
  });

  it('a damaged bar file, which stays as it is', { timeout: 30_000 }, async () => {
    await ktrdr(['data', 'load', 'SPY', '-t', '1d', ...span], api);
    const bars = join(home.path, 'bars');
    const name = (await readdir(bars, { recursive: true })).find(
      (path) => path.startsWith('spy') && path.endsWith('.parquet'),
    );
    const path = join(bars, name ?? '');
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 0xff;
    await writeFile(path, bytes);
    for (const args of [
      ['data', 'show', 'SPY', '-t', '1d'],
      ['data', 'load', 'SPY', '-t', '1d', '--mode', 'full', '--start', '2022-01-01'],
    ]) {
      const result = await ktrdr(args, api);
      expect(result.stderr).toMatch(/\.parquet/);
      expect(result.code).toBe(9);
    }
    expect(await readFile(path)).toEqual(bytes);
  });
});

async function strategyWith(from: string, to: string): Promise<string> {
  return fileWith('changed.yaml', exampleStrategy({ symbol: 'AAPL', epochs: 2 }).replace(from, to));
}

async function ownerOf(directory: string): Promise<number> {
  return Number.parseInt(await readFile(join(directory, 'owner.pid'), 'utf8'), 10);
}
