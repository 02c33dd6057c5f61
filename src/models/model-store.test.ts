import {
  chmod,
  mkdtemp,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
import { weightsHash } from '../nn/index.ts';
import { ModelStore } from './model-store.ts';
import { sampleModel, sampleWeights as weights } from './stored-sample.fixture.ts';

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
    const saved = await store.save(sampleModel());
    expect(saved).toEqual({ name: 'sample', version: 'v1', directory: join(directory, 'sample', 'v1') });
    const found = await store.get('sample');
    expect(JSON.stringify(found), 'where it lies is not for others').not.toContain(directory);
    expect(found).toMatchObject({
      name: 'sample',
      version: 'v1',
      strategy: sampleModel().strategy,
      weightsSha256: weightsHash(weights),
    });
    expect(found.features).toEqual(sampleModel().features);
    expect(found.report).toEqual(sampleModel().report);
    expect(found.metadata).toMatchObject(sampleModel().metadata);
    expect(await store.readWeights('sample', 'v1')).toEqual(weights);
  });

  it('numbers versions, lists the newest first, and finds the latest', async () => {
    for (let count = 0; count < 11; count += 1) await store.save(sampleModel());
    await store.save(sampleModel('another'));
    const listed = (await store.list()).map(({ name, version }) => `${name} ${version}`);
    expect(listed.slice(0, 3)).toEqual(['another v1', 'sample v11', 'sample v10']);
    expect(listed).toHaveLength(12);
    expect((await store.get('sample')).version).toBe('v11');
  });

  it('knows the model of an operation among those that others saved before and after', async () => {
    for (const operation of ['a', 'b', 'c']) {
      const { metadata, ...rest } = sampleModel();
      await store.save({ ...rest, metadata: { ...metadata, operation } });
    }
    const trained = { operation: 'b', name: 'sample', weightsSha256: weightsHash(weights) };
    expect(await store.trainedBy(trained)).toEqual({ name: 'sample', version: 'v2' });
    expect(await store.trainedBy({ ...trained, operation: 'd' })).toBeUndefined();
    expect(await store.trainedBy({ ...trained, name: 'other' })).toBeUndefined();
    expect(await store.trainedBy({ ...trained, weightsSha256: 'ab'.repeat(32) })).toBeUndefined();
  });

  it('gives simultaneous savers versions of their own, across stores', async () => {
    const stores = [store, await ModelStore.open(directory), await ModelStore.open(directory)];
    const saved = await Promise.all(
      Array.from({ length: 12 }, (_, index) => (stores[index % 3] ?? store).save(sampleModel())),
    );
    expect(new Set(saved.map(({ version }) => version)).size).toBe(12);
    for (const { version } of saved) expect(await store.readWeights('sample', version)).toEqual(weights);
    expect(await readdir(directory)).toEqual(['sample']);
  });

  it('knows a model by all names that the file system takes for one', async () => {
    await store.save(sampleModel());
    const other = join(directory, 'Sample');
    const ignoresCase = await stat(other).then(
      () => true,
      () => false,
    );
    // Elsewhere a link leads there as well, and is no folder itself.
    if (!ignoresCase) await symlink(join(directory, 'sample'), other);
    expect(await store.save(sampleModel('Sample'))).toEqual({
      name: 'sample',
      version: 'v2',
      directory: join(directory, 'sample', 'v2'),
    });
    expect((await store.list()).map(({ name, version }) => `${name} ${version}`)).toEqual(['sample v2', 'sample v1']);
    expect(await store.get('Sample')).toMatchObject({ name: 'sample', version: 'v2' });
    expect(await store.readWeights('Sample', 'v2')).toEqual(weights);
    const trained = { operation: sampleModel().metadata.operation ?? '', weightsSha256: weightsHash(weights) };
    expect(await store.trainedBy({ ...trained, name: 'Sample' })).toEqual({ name: 'sample', version: 'v2' });
    expect(await store.verify('Sample')).toMatchObject([{ version: 'v1' }, { version: 'v2' }]);
    expect(await store.remove('Sample', 'v1')).toEqual({ name: 'sample', version: 'v1' });
    if (!ignoresCase) expect(await codeOf(store.get('SAMPLE')), 'where nothing leads to it').toBe('not_found');
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
    expect(await codeOf(store.save(sampleModel()))).not.toBe('none');
    expect(await readdir(directory)).toEqual(['sample']);
  });

  it.each(['model.safetensors', 'metadata.json', 'features.json', 'report.json', 'strategy.yaml'])(
    'notices damage to %s, and says where it is',
    async (name) => {
      const { directory: home } = await store.save(sampleModel());
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

  it('notices a lineage that was altered', async () => {
    const { directory: home } = await store.save(sampleModel());
    const path = join(home, 'metadata.json');
    const text = await readFile(path, 'utf8');
    const altered = text.replace(/"seed": \d+/, '"seed": 12345');
    expect(altered).not.toBe(text);
    await writeFile(path, altered);
    await expect(store.get('sample')).rejects.toMatchObject({ code: 'data_corrupt' });
    expect(await store.verify()).toMatchObject([
      { faults: [{ file: 'metadata.json', problem: 'it is not what was saved' }] },
    ]);
  });

  it('tells of a folder in the place of a file, and lists and verifies what is beside it', async () => {
    await store.save(sampleModel('another'));
    const { directory: home } = await store.save(sampleModel());
    for (const name of ['features.json', 'metadata.json']) {
      await rm(join(home, name));
      await mkdir(join(home, name));
      await expect(store.get('sample')).rejects.toMatchObject({
        code: 'data_corrupt',
        message: expect.stringContaining('it is a directory') as string,
      });
      expect((await store.list()).map(({ name: listed }) => listed)).toContain('another');
      expect(await store.verify()).toMatchObject([
        { name: 'another', faults: [] },
        { name: 'sample', faults: [{ file: name, problem: 'it is a directory' }] },
      ]);
    }
  });

  it.skipIf(process.getuid?.() === 0)('tells of a file that this user may not read (skipped for root)', async () => {
    const { directory: home } = await store.save(sampleModel());
    await chmod(join(home, 'report.json'), 0);
    expect(await codeOf(store.get('sample'))).toBe('permission_denied');
    expect(await store.list()).toEqual([]);
    expect(await store.verify()).toMatchObject([{ faults: [{ file: 'report.json' }] }]);
  });

  it('says what to do when the disk refuses a save', async () => {
    await writeFile(join(directory, 'sample'), 'a file where the folder of the model belongs');
    await expect(store.save(sampleModel())).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('cannot be saved in') as string,
    });
    expect(await readdir(directory)).toEqual(['sample']);
  });

  it('notices one changed bit of the weights', async () => {
    const { directory: home } = await store.save(sampleModel());
    const path = join(home, 'model.safetensors');
    const bytes = await readFile(path);
    const { operation } = sampleModel().metadata;
    const trained = { operation, name: 'sample', weightsSha256: weightsHash(weights) };
    expect(await store.trainedBy(trained)).toEqual({ name: 'sample', version: 'v1' });
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(path, bytes);
    expect(await codeOf(store.readWeights('sample'))).toBe('data_corrupt');
    expect(await store.trainedBy(trained), 'it has to be had again').toBeUndefined();
  });

  it('lists the sound models beside a damaged one', async () => {
    await store.save(sampleModel());
    const { directory: home } = await store.save(sampleModel());
    await writeFile(join(home, 'metadata.json'), '{');
    expect((await store.list()).map(({ version }) => version)).toEqual(['v1']);
    expect(await codeOf(store.get('sample', 'v2'))).toBe('data_corrupt');
  });

  it.each(['../sample', '..', '', 'a/b', 'a\\b', '.hidden', 'sample\u0000'])(
    'takes no path for a name: %j',
    async (name) => {
      expect(await codeOf(store.save(sampleModel(name)))).toBe('invalid_input');
      expect(await codeOf(store.get(name))).toBe('not_found');
      expect(await codeOf(store.get('sample', name))).toBe('not_found');
    },
  );

  it('helps with a name or version that is not there', async () => {
    await expect(store.get('sample')).rejects.toThrow('there is none yet');
    await store.save(sampleModel());
    await expect(store.get('sampel')).rejects.toThrow('did you mean "sample"?');
    await expect(store.get('sample', 'v7')).rejects.toThrow('use latest or one of v1');
  });

  it('finds every damaged file of all models, and nothing where all are sound', async () => {
    await store.save(sampleModel());
    const { directory: home } = await store.save(sampleModel());
    await store.save(sampleModel('another'));
    expect(await store.verify()).toEqual([
      { name: 'another', version: 'v1', faults: [] },
      { name: 'sample', version: 'v1', faults: [] },
      { name: 'sample', version: 'v2', faults: [] },
    ]);
    await rm(join(home, 'report.md'));
    await truncate(join(home, 'model.safetensors'), 40);
    const [first, second] = await store.verify('sample');
    expect(first).toMatchObject({ version: 'v1', faults: [] });
    expect(second?.faults.toSorted((a, b) => a.file.localeCompare(b.file))).toEqual([
      { file: 'model.safetensors', problem: 'it is not what was saved' },
      { file: 'report.md', problem: 'it is not there' },
    ]);
    expect(await store.verify('sample', 'latest')).toEqual([second]);
    expect(await codeOf(store.verify('other'))).toBe('not_found');
  });

  it('removes one version as a whole, and never gives its number again', async () => {
    for (let count = 0; count < 3; count += 1) await store.save(sampleModel());
    expect(await store.remove('sample', 'v3')).toEqual({ name: 'sample', version: 'v3' });
    expect((await store.list()).map(({ version }) => version)).toEqual(['v2', 'v1']);
    expect((await store.get('sample')).version).toBe('v2');
    expect(await codeOf(store.remove('sample', 'v3'))).toBe('not_found');
    expect((await store.save(sampleModel())).version).toBe('v4');
    for (const version of ['v1', 'v2', 'v4']) await store.remove('sample', version);
    expect(await codeOf(store.get('sample'))).toBe('not_found');
    expect(await store.list()).toEqual([]);
    expect((await store.save(sampleModel())).version).toBe('v5');
  });

  it('refuses a model of another format, says what to do, and lists the others', async () => {
    await store.save(sampleModel());
    const { directory: home } = await store.save(sampleModel());
    await writeFile(join(home, 'metadata.json'), JSON.stringify({ format: 1 }));
    await expect(store.get('sample')).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(
        /has format 1, and this ktrdr reads format 2. Train it again from ".*strategy.yaml"/,
      ) as string,
    });
    expect((await store.list()).map(({ version }) => version)).toEqual(['v1']);
    const unreadable: unknown[] = [];
    await store.list((model) => unreadable.push(model));
    expect(unreadable).toEqual([
      { name: 'sample', version: 'v2', problem: 'it has format 1, and this ktrdr reads format 2' },
    ]);
    await writeFile(join(home, 'metadata.json'), JSON.stringify({ format: 3 }));
    await expect(store.get('sample')).rejects.toThrow('saved by a newer ktrdr');
    expect((await store.verify('sample', 'v2'))[0]?.faults).toEqual([
      { file: 'metadata.json', problem: 'it has format 3, and this ktrdr reads format 2' },
    ]);
  });
});
