import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstGrammar, secondGrammar } from '../src/strategies/older-strategies.fixture.ts';
import { sampleStrategy } from '../src/strategies/sample-strategy.fixture.ts';
import { ktrdr, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await temporaryDirectory();
});
afterEach(() => folder[Symbol.asyncDispose]());

const strategies = (...args: string[]): ReturnType<typeof ktrdr> =>
  ktrdr(['strategies', ...args], {}, { cwd: folder.path });
const put = (name: string, text: string): Promise<void> => writeFile(join(folder.path, name), text);
const read = (name: string): Promise<string> => readFile(join(folder.path, name), 'utf8');

describe('ktrdr strategies validate', () => {
  it('shows everything that is wrong with every file, and ends with 2', async () => {
    await put('good.yaml', sampleStrategy());
    await put('bad.yaml', sampleStrategy(['  epochs: 3', '  epoch: 3'], ['type: macd', 'type: macdd']));
    const { code, stdout } = await strategies('validate', 'good.yaml', 'bad.yaml');
    expect(code).toBe(2);
    expect(stdout.trim().split('\n')).toEqual([
      'good.yaml: valid, 4 inputs',
      'bad.yaml:8:20: There is no indicator of type "macdd"; did you mean "macd"?',
      'bad.yaml:26:3: there is no key "epoch" here; did you mean "epochs"?',
      'bad.yaml: 2 errors',
    ]);
  });

  it('answers in JSON for each file, also for one that is not there', async () => {
    await put('bad.yaml', sampleStrategy(['  epochs: 3', '  epochs: 0']));
    const { code, stdout } = await strategies('validate', 'bad.yaml', 'none.yaml', '--json');
    expect(code).toBe(2);
    const { schema, files } = JSON.parse(stdout) as { schema: string; files: unknown[] };
    expect(schema).toBe('ktrdr.strategies.validate/1');
    const [bad, none] = files;
    expect(bad).toMatchObject({
      success: true,
      valid: false,
      strategy_name: null,
      issues: [{ severity: 'error', category: 'structure', line: 26, column: 11, path: 'training.epochs' }],
      message: 'The strategy has 1 error.',
    });
    expect(none).toMatchObject({ success: false, valid: false, issues: [{ severity: 'error', category: 'system' }] });
    expect(await strategies('validate', 'none.yaml')).toMatchObject({ code: 3 });
  });
});

describe('ktrdr strategies list, show and features', () => {
  it('list what is a strategy, valid or not, and nothing else', async () => {
    await put('good.yaml', sampleStrategy());
    await put('old.yml', firstGrammar);
    await put('bad.yaml', sampleStrategy(['  epochs: 3', '  epoch: 3']));
    await put('other.yaml', 'kind: something else\n');
    const { stdout } = await strategies('list');
    expect(stdout).toMatch(/good\.yaml +sample +3\.0 +AAA, BBB +1h +mlp +zigzag +valid/);
    expect(stdout).toMatch(/old\.yml +first +1\.0 +AAPL +1h +mlp +zigzag +valid/);
    expect(stdout).toMatch(/bad\.yaml .*bad\.yaml:26:3: there is no key "epoch"/);
    expect(stdout).not.toContain('other');
    const listed = JSON.parse((await strategies('list', '.', '--json')).stdout) as { strategies: { file: string }[] };
    expect(listed.strategies.map(({ file }) => file)).toEqual(['bad.yaml', 'good.yaml', 'old.yml']);
  });

  it('show what is left to usual values', async () => {
    await put('good.yaml', sampleStrategy());
    const { stdout } = await strategies('show', 'good.yaml');
    expect(stdout).toMatch(/optimizer +adam, learning rate 0\.001, weight decay 0\.0001, gradient clip 1/);
    const shown = JSON.parse((await strategies('show', 'good.yaml', '--json')).stdout) as object;
    expect(shown).toMatchObject({ name: 'sample', features: 4, decisions: { confidenceThreshold: 0.5 } });
  });

  it('list features in the order of the contract', async () => {
    await put('good.yaml', sampleStrategy());
    expect((await strategies('features', 'good.yaml')).stdout).toMatch(
      /4 +1h_macd_12\.histogram_raw +1h +macd_12\.histogram \(macd\) +zscore/,
    );
    const { features } = JSON.parse((await strategies('features', 'good.yaml', '--json')).stdout) as {
      features: object[];
    };
    expect(features[0]).toEqual({
      position: 0,
      feature_id: '1h_momentum_low',
      timeframe: '1h',
      lag: 0,
      indicator_id: 'rsi_14',
      indicator_output: 'value',
      fuzzy_set: 'momentum',
      membership: 'low',
      shape: { type: 'triangular', parameters: [0, 20, 45] },
    });
    expect(features).toHaveLength(4);
  });
});

describe('what is said of a file', () => {
  it.each([
    ['strategies', 'show'],
    ['strategies', 'features'],
    ['models', 'train'],
  ])('%s %s names a faulty one as it was typed', async (...command) => {
    await mkdir(join(folder.path, 'mine'));
    await put('mine/bad.yaml', sampleStrategy(['  epochs: 3', '  epoch: 3']));
    const typed = './mine/../mine/bad.yaml';
    const { code, stderr } = await ktrdr([...command, typed], {}, { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toContain(`${typed}:26:3: there is no key "epoch" here`);
  });

  it.each([
    ['good.yaml', 2, 'it is no directory'],
    ['good.yaml/below', 2, 'it is no directory'],
    ['none', 3, 'there is no such directory'],
  ])('%s cannot be listed', async (name, code, why) => {
    await put('good.yaml', sampleStrategy());
    const result = await strategies('list', name);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(`error: Cannot list the strategies in "${name}": ${why}`);
  });
});

describe('ktrdr strategies new', () => {
  it('writes a valid strategy of the name from any template, and never over a file', async () => {
    expect(await strategies('new', 'mine', '--from', 'return-gru')).toMatchObject({ code: 0 });
    expect(await read('mine.yaml')).toMatch(/^# yaml-language-server: \$schema=strategy\.schema\.json\n/);
    expect((await strategies('validate', 'mine.yaml')).stdout).toBe('mine.yaml: valid, 7 inputs\n');
    expect((await strategies('show', 'mine.yaml')).stdout).toMatch(/^mine: /);
    const again = await strategies('new', 'mine');
    expect(again).toMatchObject({ code: 4 });
    expect(again.stderr).toContain('There is already a file "mine.yaml"');
  });

  it('names the templates, and refuses names that no strategy may have', async () => {
    const unknown = await strategies('new', 'mine', '--from', 'return-grv');
    expect(unknown).toMatchObject({ code: 3 });
    expect(unknown.stderr).toContain('did you mean "return-gru"?');
    expect(await strategies('new', '../mine')).toMatchObject({ code: 2 });
  });
});

describe('ktrdr strategies migrate', () => {
  it('writes a new file and leaves the old one as it was', async () => {
    await put('old.yaml', secondGrammar);
    const { code, stdout } = await strategies('migrate', 'old.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('old.yaml:5:1: "scope" is left out');
    expect(stdout).toContain('old.v3.yaml is written in grammar 3.0, from grammar 2.0');
    expect(await read('old.yaml')).toBe(secondGrammar);
    expect(await strategies('validate', 'old.v3.yaml')).toMatchObject({ code: 0 });
    expect(await strategies('migrate', 'old.yaml')).toMatchObject({ code: 4 });
    expect(await strategies('migrate', 'old.v3.yaml', '-o', 'new.yaml')).toMatchObject({ code: 4 });
  });

  it('writes what it can, and says what is left to be done', async () => {
    await put('old.yaml', secondGrammar.replace('epochs: 40', 'epochs: 0'));
    const { code, stderr } = await strategies('migrate', 'old.yaml', '-o', 'new.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: new\.yaml:\d+:11: "training\.epochs" must be at least 1/);
  });
});
