import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleStrategy } from '../src/strategies/sample-strategy.fixture.ts';
import {
  KtrdrProcess,
  ktrdr,
  programFile,
  programOfModules,
  temporaryDirectory,
  type TemporaryDirectory,
} from './support/ktrdr-process.ts';

const programs = { joined: programFile, modules: programOfModules } as const;

let folder: TemporaryDirectory;
beforeAll(async () => {
  folder = await temporaryDirectory();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe('the program in few files', () => {
  const faulty: Readonly<Record<string, string>> = {
    unknown: sampleStrategy(['  epochs: 3', '  epoch: 3']),
    kind: sampleStrategy(['  epochs: 3', '  epochs: many']),
    range: sampleStrategy(['  epochs: 3', '  epochs: -3']),
    choice: sampleStrategy(['type: macd', 'type: macdd']),
    union: sampleStrategy(['{ source: zigzag', '{ source: zigzags']),
    text: 'name: 3\nindicators: [1, 2]\nfuzzy_sets: { a: { indicator: 3, low: [1, 2] } }\ntraining: { labels: 1, optimizer: 2 }\n',
    membership:
      'name: x\nfuzzy_sets: { a: { indicator: b, low: { type: trapezoid, parameters: [1] }, high: { type: none } } }\n',
    none: '[]\n',
  };

  it.each([
    'strategies schema',
    `strategies validate --json ${Object.keys(faulty)
      .map((name) => `${name}.yaml`)
      .join(' ')}`,
    'strategies show text.yaml',
    'config list --json',
  ])('says what its modules say: %s', { timeout: 60_000 }, async (line) => {
    for (const [name, text] of Object.entries(faulty)) await writeFile(join(folder.path, `${name}.yaml`), text);
    const said = async (program: string) =>
      ktrdr(line.split(' '), { KTRDR_HOME: folder.path }, { cwd: folder.path, program });
    const joined = await said(programs.joined);
    expect(joined).toEqual(await said(programs.modules));
    expect(joined.stdout + joined.stderr).not.toBe('');
  });

  it('answers what its modules answer, of itself and to what is wrong', { timeout: 60_000 }, async () => {
    const joined = await answersOf('joined');
    expect(joined).toEqual(await answersOf('modules'));
    expect(joined[0]).toContain('"openapi":"3.1.0"');
    expect(joined.slice(1).filter((answer) => !/^4\d\d .*"code":"(invalid_input|not_found)"/.test(answer))).toEqual([]);
  });
});

const id = 'op_load_bars_20240308_143000_1a2b3c4d';
const wrong: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['PUT', `/operations/load_bars/${id}`, { symbol: '', timeframe: '1x', mode: 'ful', start: 'then', more: 1 }],
  ['PUT', `/operations/load_bars/${id}`, []],
  ['PUT', `/operations/train_model/${id}`, { strategy: 3, symbols: [], overrides: { epochs: 0.5 } }],
  ['PUT', `/operations/train_model/${id}`, { strategy: 'name: x\nmodel: 3\n' }],
  ['PUT', `/operations/none/${id}`, {}],
  ['PUT', '/operations/load_bars/x%20y', {}],
  ['GET', '/operations?status=lost&limit=0'],
  ['GET', '/operations?limit=1&limit=2'],
  ['GET', '/data/bars?symbol=AAPL&timeframe=2h&last=x'],
  ['GET', '/data/bars?timeframe=1h&last=1.5'],
  ['POST', '/data/plan', { symbols: 'AAPL', timeframes: ['1h', '1x'], mode: 'full' }],
  ['GET', '/models/none/versions/v1'],
  ['GET', '/nothing/at/all'],
];

/** What an API of its own answers: its description, then each request above. */
async function answersOf(form: keyof typeof programs): Promise<string[]> {
  const home = join(folder.path, form);
  const program = programs[form];
  await using up = new KtrdrProcess(['up', '--port', '0', '--home', home], { KTRDR_LOG_LEVEL: 'silent' }, { program });
  const [, url = ''] = await up.until(/API on (\S+),/);
  const token = (await readFile(join(home, 'token'), 'utf8')).trim();
  const ask = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'same' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { traceId: _, ...told } = z.looseObject({}).parse(await response.json());
    return `${response.status} ${JSON.stringify(told).replaceAll(url, 'URL')}`;
  };
  const answers = [await ask('GET', '/openapi.json')];
  for (const request of wrong) answers.push(await ask(...request));
  return answers;
}
