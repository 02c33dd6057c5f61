import { mkdtemp, mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
import { weightsHash, type ModelSpec } from '../nn/index.ts';
import type { ModelToSave } from './model-folder.ts';
import { ModelStore } from './model-store.ts';
import { unscaled } from '../samples/index.ts';
import { parseStrategy, resolvePlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';

const model: ModelSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [3], outputs: 3, activation: 'relu', dropout: 0 };
const weights = Float32Array.from({ length: (4 + 1) * 3 + (3 + 1) * 3 }, (_, index) => index / 7);
const plan = resolvePlan(parseStrategy(sampleStrategy()));
const part = {
  loss: 0.5,
  accuracy: 0.6,
  precision: 0.6,
  recall: 0.6,
  f1: 0.6,
  confusion: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  classBalance: { BUY: 1, HOLD: 1, SELL: 1 },
};

const details = {
  plainLoss: 0.5,
  classes: [{ name: 'BUY', rows: 1, predicted: 1, precision: 1, recall: 1, f1: 1 }],
  baselines: [{ name: 'always BUY', metrics: part }],
  symbols: [{ symbol: 'AAA', metrics: part }],
};

const sample = (strategyName = 'sample'): ModelToSave => ({
  weights,
  strategy: sampleStrategy(),
  metadata: {
    strategyName,
    model,
    objective: { kind: 'cross_entropy' },
    classes: ['BUY', 'HOLD', 'SELL'],
    decisions: plan.strategy.decisions,
    symbols: ['AAA', 'BBB'],
    timeframes: ['1h'],
    seed: 11,
    operation: 'op_train_model_1',
    createdAt: '2026-01-02T03:04:05.000Z',
    ktrdrVersion: '1.2.3',
    backend: { name: 'plain', why: 'It is the only one.' },
    machine: { platform: 'linux', architecture: 'x64', processor: 'A processor', node: '20.19.0' },
    dataFingerprint: 'ab'.repeat(32),
  },
  features: {
    baseTimeframe: '1h',
    indicators: plan.indicators,
    features: plan.features.map((feature) => ({ ...feature, scale: unscaled, mean: 0.5 })),
  },
  report: {
    epochsTrained: 1,
    keptEpoch: 1,
    stoppedEarly: false,
    metrics: { train: part, test: part },
    details: { train: details, test: details },
    importance: { part: 'test', rows: 3, repeats: 3, loss: 0.5, features: [] },
    rows: { train: 3, validation: 0, test: 3 },
    history: [{ epoch: 1, trainLoss: 0.5, trainAccuracy: 0.6 }],
    warnings: ['A feature never changes.'],
  },
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (thrown: unknown) => KtrdrError.from(thrown).code,
  );
}

describe('ModelStore', () => {
  let directory: string;
  let store: ModelStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-models-'));
    store = await ModelStore.open(directory);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('gives back what was saved', async () => {
    const saved = await store.save(sample());
    expect(saved).toEqual({ name: 'sample', version: 'v1', directory: join(directory, 'sample', 'v1') });
    const found = await store.get('sample');
    expect(JSON.stringify(found), 'where it lies is not for others').not.toContain(directory);
    expect(found).toMatchObject({
      name: 'sample',
      version: 'v1',
      strategy: sampleStrategy(),
      weightsSha256: weightsHash(weights),
    });
    expect(found.features).toEqual(sample().features);
    expect(found.report).toEqual(sample().report);
    expect(found.metadata).toMatchObject(sample().metadata);
    expect(await store.readWeights('sample', 'v1')).toEqual(weights);
  });

  it('numbers versions, lists the newest first, and finds the latest', async () => {
    for (let count = 0; count < 11; count += 1) await store.save(sample());
    await store.save(sample('another'));
    const listed = (await store.list()).map(({ name, version }) => `${name} ${version}`);
    expect(listed.slice(0, 3)).toEqual(['another v1', 'sample v11', 'sample v10']);
    expect(listed).toHaveLength(12);
    expect((await store.get('sample')).version).toBe('v11');
  });

  it('knows the model of an operation among those that others saved before and after', async () => {
    for (const operation of ['a', 'b', 'c']) {
      const { metadata, ...rest } = sample();
      await store.save({ ...rest, metadata: { ...metadata, operation } });
    }
    expect(await store.savedBy('b', 'sample')).toMatchObject({ version: 'v2' });
    expect(await store.savedBy('d', 'sample')).toBeUndefined();
    expect(await store.savedBy('b', 'other')).toBeUndefined();
  });

  it('gives simultaneous savers versions of their own, across stores', async () => {
    const stores = [store, await ModelStore.open(directory), await ModelStore.open(directory)];
    const saved = await Promise.all(
      Array.from({ length: 12 }, (_, index) => (stores[index % 3] ?? store).save(sample())),
    );
    expect(new Set(saved.map(({ version }) => version)).size).toBe(12);
    for (const { version } of saved) expect(await store.readWeights('sample', version)).toEqual(weights);
    expect(await readdir(directory)).toEqual(['sample']);
  });

  it('shows nothing of a save that did not finish, and clears it away when it is old', async () => {
    const stray = join(directory, '.saving-0123456789abcdef');
    await mkdir(stray);
    await writeFile(join(stray, 'model.safetensors'), 'half');
    expect(await (await ModelStore.open(directory)).list()).toEqual([]);
    expect(await readdir(directory), 'a young one may be of a saver at work').toHaveLength(1);
    const yesterday = new Date(Date.now() - 86_400_000);
    await utimes(stray, yesterday, yesterday);
    await ModelStore.open(directory);
    expect(await readdir(directory)).toEqual([]);
  });

  it('leaves nothing behind when a save fails', async () => {
    await writeFile(join(directory, 'sample'), 'a file where the folder of the model must be');
    expect(await codeOf(store.save(sample()))).not.toBe('none');
    expect(await readdir(directory)).toEqual(['sample']);
  });

  it.each(['model.safetensors', 'metadata.json', 'features.json', 'report.json', 'strategy.yaml'])(
    'notices damage to %s, and says where it is',
    async (name) => {
      const { directory: home } = await store.save(sample());
      const path = join(home, name);
      const bytes = await readFile(path);
      const read = (): Promise<unknown> => Promise.all([store.get('sample'), store.readWeights('sample')]);

      await truncate(path, bytes.length - 5);
      expect(await codeOf(read()), 'cut off').toBe('data_corrupt');
      await rm(path);
      expect(await codeOf(read()), 'gone').toBe('data_corrupt');
      await expect(read()).rejects.toThrow(path);
      await writeFile(path, bytes);
      expect(await codeOf(read()), 'restored').toBe('none');
    },
  );

  it('says what to do when the disk refuses a save', async () => {
    await writeFile(join(directory, 'sample'), 'a file where the folder of the model belongs');
    await expect(store.save(sample())).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('cannot be saved in') as string,
    });
    expect(await readdir(directory)).toEqual(['sample']);
  });

  it('notices one changed bit of the weights', async () => {
    const { directory: home } = await store.save(sample());
    const path = join(home, 'model.safetensors');
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(path, bytes);
    expect(await codeOf(store.readWeights('sample'))).toBe('data_corrupt');
  });

  it('lists the sound models beside a damaged one', async () => {
    await store.save(sample());
    const { directory: home } = await store.save(sample());
    await writeFile(join(home, 'metadata.json'), '{');
    expect((await store.list()).map(({ version }) => version)).toEqual(['v1']);
    expect(await codeOf(store.get('sample', 'v2'))).toBe('data_corrupt');
  });

  it.each(['../sample', '..', '', 'a/b', 'a\\b', '.hidden', 'sample\u0000'])(
    'takes no path for a name: %j',
    async (name) => {
      expect(await codeOf(store.save(sample(name)))).toBe('invalid_input');
      expect(await codeOf(store.get(name))).toBe('not_found');
      expect(await codeOf(store.get('sample', name))).toBe('not_found');
    },
  );

  it('helps with a name or version that is not there', async () => {
    await expect(store.get('sample')).rejects.toThrow('there is none yet');
    await store.save(sample());
    await expect(store.get('sampel')).rejects.toThrow('did you mean "sample"?');
    await expect(store.get('sample', 'v7')).rejects.toThrow('use latest or one of v1');
  });
});
