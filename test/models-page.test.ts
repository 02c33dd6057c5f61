import { execFile, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mostBarsOnPage } from '../src/apps/bars-page.ts';
import { readSafetensors } from '../src/nn/index.ts';
import {
  KtrdrProcess,
  ktrdr,
  temporaryDirectory,
  type Finished,
  type TemporaryDirectory,
} from './support/ktrdr-process.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/models.md', import.meta.url)), 'utf8');
const python = process.env['KTRDR_BENCH_PYTHON'] ?? '';
const hasSafetensors = python !== '' && spawnSync(python, ['-c', 'import safetensors.numpy']).status === 0;

let home: TemporaryDirectory;
let up: KtrdrProcess;
let api: Record<string, string>;

/** What each command of the page printed. */
const results = new Map<string, Finished>();

beforeAll(async () => {
  home = await temporaryDirectory();
  up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path], { KTRDR_LOG_LEVEL: 'silent' });
  const [, url = ''] = await up.until(/API on (\S+),/);
  api = { KTRDR_API_URL: url, KTRDR_HOME: home.path };
  const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
  for (const command of commands) {
    const [, , ...args] = command.split(' ');
    results.set(command, await ktrdr(args.map(inHome), api));
  }
}, 120_000);

afterAll(async () => {
  await up[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** Files that the page writes lie in the current folder of whoever reads it. */
function inHome(word: string): string {
  return /^momentum\.\w+$/.test(word) ? join(home.path, word) : word;
}

function printed(part: string): string {
  const [, result] = [...results].find(([command]) => command.includes(part)) ?? [];
  return result?.stdout ?? '';
}

describe('the page on models', () => {
  it('shows commands that work, one after the other, as they are written', () => {
    expect(results.size).toBeGreaterThan(14);
    for (const [command, { code, stderr }] of results) {
      expect(command).toMatch(/^npx ktrdr /);
      expect(code, `${command}\n${stderr}`).toBe(0);
    }
  });

  it('names every file of a model, and each key of its metadata', async () => {
    const folder = join(home.path, 'models', 'momentum-mlp', 'v1');
    for (const name of readdirSync(folder)) expect(page, name).toContain(`| \`${name}\``);
    const metadata: unknown = JSON.parse(await readFile(join(folder, 'metadata.json'), 'utf8'));
    for (const key of Object.keys(metadata ?? {})) expect(page, key).toContain(`\`${key}\``);
    expect(page).toContain(`${mostBarsOnPage.toLocaleString('en-US')} bars`);
  });

  it.skipIf(!hasSafetensors)(
    'shows Python that reads the weights (skipped where KTRDR_BENCH_PYTHON has no safetensors)',
    async () => {
      const [, snippet = ''] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
      const script = `${snippet.replace('/home/me/.local/share/ktrdr', home.path)}print(first.shape, first.dtype)`;
      const { stdout } = await promisify(execFile)(python, ['-c', script]);
      expect(stdout.trim()).toBe('(32, 8) float32');
    },
  );
});

describe('a trained model', () => {
  it('is shown with what it is worth against forecasts without a model', () => {
    expect(printed('models report')).toMatch(
      /\| \*\*the model\*\* +\|.*\n\| always (?:BUY|SELL|HOLD), with the chances/,
    );
    expect(printed('models report')).toContain('## What the model needs');
    expect(printed('models show')).toMatch(/rise of the loss without it/);
    expect(printed('models compare')).toMatch(
      /^Different weights\.\n[\s\S]*seed +7 +8 +differs\n[\s\S]*No setting differs/,
    );
  });

  it('says of bars in a file what it says of the same bars in JSON', async () => {
    const csv = (await readFile(join(home.path, 'momentum.csv'), 'utf8')).trim().split('\n');
    expect(csv[0]).toBe('time,closed_at,signal,withheld,BUY,HOLD,SELL');
    const { stdout } = await ktrdr(
      [
        'models',
        'predict',
        'momentum-mlp@v1',
        'AAPL',
        '--start',
        '2023-01-01',
        '--end',
        '2023-07-01',
        '--format',
        'json',
      ],
      api,
    );
    const { predictions } = JSON.parse(stdout) as { predictions: Record<string, string>[] };
    expect(predictions).toHaveLength(csv.length - 1);
    expect(predictions.length).toBeGreaterThan(500);
    for (const [index, { time, closedAt, signal, withheld, outputs }] of predictions.entries()) {
      expect([time, closedAt, signal, withheld ?? '', ...Object.values(outputs ?? {})].join(',')).toBe(csv[index + 1]);
    }
  });

  it('explains the bar that was asked for, and all of what it says', () => {
    const explained = JSON.parse(printed('--at 2023-06-01T15:00 --json')) as {
      time: number;
      outputs: Record<string, number>;
      output: string;
      ordinary: number;
      inputs: { contribution: number }[];
    };
    const { time, outputs, output, ordinary, inputs } = explained;
    expect(new Date(time).toISOString()).toBe('2023-06-01T15:00:00.000Z');
    const sum = inputs.reduce((total, { contribution }) => total + contribution, 0);
    expect(sum).toBeCloseTo((outputs[output] ?? 0) - ordinary, 5);
  });

  it('is written in the format that the name of the file tells', async () => {
    const path = join(home.path, 'by-name.safetensors');
    expect(await ktrdr(['models', 'export', 'momentum-mlp@v1', '-o', path], api)).toMatchObject({ code: 0 });
    const { metadata } = readSafetensors(await readFile(path));
    expect(metadata).toMatchObject({ 'ktrdr.model': 'momentum-mlp v1' });
  });

  it('goes to standard output with "-o -"', async () => {
    const { code, stdout } = await ktrdr(
      ['models', 'export', 'momentum-mlp@v1', '--format', 'safetensors', '-o', '-'],
      api,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('"ktrdr.model":"momentum-mlp v1"');
  });

  it('prints one JSON object with a row for each bar with --json', async () => {
    const { stdout } = await ktrdr(['models', 'predict', 'momentum-mlp@v1', 'AAPL', '-n', '3', '--json'], api);
    const answer = JSON.parse(stdout) as { schema: string; symbol: string; predictions: object[] };
    expect(answer).toMatchObject({ schema: 'ktrdr.models.predict/1', symbol: 'AAPL', timeframe: '1h' });
    expect(answer.predictions.map((row) => Object.keys(row))).toEqual(
      Array.from({ length: 3 }, () => ['time', 'closedAt', 'signal', 'withheld', 'outputs']),
    );
  });

  it.each<[string, { args: string[]; code: number; says: RegExp }]>([
    [
      'a span without bars',
      {
        args: ['predict', 'momentum-mlp', 'AAPL', '--start', '2030-01-01'],
        code: 5,
        says: /^error: .* can judge no bar of AAPL 1h from 2030-01-01 .*"ktrdr data range AAPL -t 1h"/,
      },
    ],
    [
      'a span in the warm-up, for a file',
      {
        args: [
          'predict',
          'momentum-mlp',
          'AAPL',
          '--start',
          '2022-01-01',
          '--end',
          '2022-01-05',
          '-o',
          '{home}/no.csv',
        ],
        code: 5,
        says: /^error: The model can judge no bar of AAPL \[1h\]\. .* takes \d+ bars, and \d+ are at hand\. /,
      },
    ],
    [
      'a time before all bars',
      {
        args: ['explain', 'momentum-mlp', 'AAPL', '--at', '2000-01-01'],
        code: 5,
        says: /^error: .* bars of AAPL that are not stored before 2000-01-01\S*: 1h\. .* --mode full"/,
      },
    ],
    [
      'a file where no directory is',
      {
        args: ['predict', 'momentum-mlp', 'AAPL', '-o', '{home}/none/no.csv'],
        code: 5,
        says: /^error: Cannot write ".*no\.csv": its directory does not exist\.\n$/,
      },
    ],
    [
      'a name that tells no format',
      {
        args: ['export', 'momentum-mlp', '-o', '{home}/no.txt'],
        code: 2,
        says: /does not tell the format; end it in \.onnx or \.safetensors, or choose with --format\.\n$/,
      },
    ],
    [
      'a seed beyond 32 bits',
      {
        args: ['train', 'no.yaml', '--seed', '4294967296'],
        code: 2,
        says: /Use 0 to 4294967295\./,
      },
    ],
  ])('says in one sentence what to do about %s', async (_, { args, code, says }) => {
    const result = await ktrdr(['models', ...args.map((word) => word.replace('{home}', home.path))], api);
    expect(result.stderr).toMatch(says);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(readdirSync(home.path).filter((name) => name.startsWith('no.'))).toEqual([]);
  });

  it('is refused by name when a file of it is cut off', async () => {
    await truncate(join(home.path, 'models', 'momentum-mlp', 'v1', 'model.safetensors'), 100);
    const verified = await ktrdr(['models', 'verify'], api);
    expect(verified).toMatchObject({ code: 9 });
    expect(verified.stdout).toContain('momentum-mlp v1: model.safetensors: it is not what was saved');
    const predicted = await ktrdr(['models', 'predict', 'momentum-mlp', 'AAPL'], api);
    expect(predicted).toMatchObject({ code: 9, stdout: '' });
    expect(predicted.stderr).toContain('models/momentum-mlp/v1/model.safetensors');
  });

  it('is named with what to do when it, or what it needs, is not there', async () => {
    const missing = await ktrdr(['models', 'show', 'momentum-mpl'], api);
    expect(missing).toMatchObject({ code: 3 });
    expect(missing.stderr).toContain('did you mean "momentum-mlp"?');
    const unnamed = await ktrdr(['models', 'delete', 'momentum-mlp', '--yes'], api);
    expect(unnamed).toMatchObject({ code: 2 });
    expect(unnamed.stderr).toContain('Name the version to delete');
  });
});
