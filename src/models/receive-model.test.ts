import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken } from '../async/index.ts';
import { weightsHash } from '../nn/index.ts';
import { modelFileNames, type ModelFileName } from './model-folder.ts';
import { ModelStore } from './model-store.ts';
import type { ModelSource } from './receive-model.ts';
import { sampleModel, sampleWeights } from './stored-sample.fixture.ts';

const { none: token } = CancellationToken;

/** What becomes of a piece on the way. */
type Way = (piece: Uint8Array, file: ModelFileName, from: number) => Uint8Array;

const asItIs: Way = (piece) => piece;

describe('a model that is taken over from another store', () => {
  let directory: string;
  let there: ModelStore;
  let here: ModelStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-models-'));
    there = await ModelStore.open(join(directory, 'there'));
    here = await ModelStore.open(join(directory, 'here'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  function sourceOf(version: string, way: Way = asItIs): ModelSource {
    const name = 'sample';
    return {
      name,
      version,
      operation: sampleModel().metadata.operation,
      weightsSha256: weightsHash(sampleWeights),
      read: async (file, from) => way(await there.readPiece({ name, version }, file, from), file, from),
    };
  }

  const contentsOf = (store: string, version: string): Promise<Buffer[]> =>
    Promise.all(modelFileNames.map((file) => readFile(join(directory, store, 'sample', version, file))));

  async function expectNothingKept(): Promise<void> {
    expect(await here.list()).toEqual([]);
    expect(await readdir(join(directory, 'here'))).toEqual([]);
  }

  it('is the same in every byte, however small the pieces are that it comes in', async () => {
    await there.save(sampleModel());
    const inHundreds: Way = (piece) => piece.subarray(0, 100);
    expect(await here.adopt(sourceOf('v1', inHundreds), token)).toMatchObject({ name: 'sample', version: 'v1' });
    expect(await contentsOf('here', 'v1')).toEqual(await contentsOf('there', 'v1'));
    expect(await here.verify()).toEqual([{ name: 'sample', version: 'v1', faults: [] }]);
    expect(await here.readWeights('sample')).toEqual(sampleWeights);
  });

  it('tells how much of the weights has come', async () => {
    await there.save(sampleModel());
    const inTens: Way = (piece) => piece.subarray(0, 10);
    const heard: { bytes: number; of: number }[] = [];
    await here.adopt({ ...sourceOf('v1', inTens), onProgress: (weights) => heard.push(weights) }, token);
    const of = sampleWeights.byteLength;
    expect(heard.slice(0, 3)).toEqual([10, 20, 30].map((bytes) => ({ bytes, of })));
    expect(heard.at(-1), 'the file has its head, too').toEqual({ bytes: of, of });
  });

  it('has its number from there where that is higher than all here, and the next one otherwise', async () => {
    for (let count = 0; count < 3; count += 1) await there.save(sampleModel());
    const versions: string[] = [];
    for (const version of ['v3', 'v2', 'v3']) versions.push((await here.adopt(sourceOf(version), token)).version);
    expect(versions).toEqual(['v3', 'v4', 'v5']);
  });

  it.each(modelFileNames)('is refused when one bit of %s changes on the way', async (damaged) => {
    await there.save(sampleModel());
    const flip: Way = (piece, file) =>
      file === damaged ? piece.map((byte, at) => (at === piece.length - 1 ? byte ^ 1 : byte)) : piece;
    await expect(here.adopt(sourceOf('v1', flip), token)).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringMatching(/did not arrive intact: .* Nothing of it is kept here/) as string,
    });
    await expectNothingKept();
  });

  it.each(modelFileNames)('is refused when %s ends too early', async (damaged) => {
    await there.save(sampleModel());
    const cutOff: Way = (piece, file, from) =>
      file !== damaged ? piece : from > 0 ? new Uint8Array(0) : piece.subarray(0, 9);
    await expect(here.adopt(sourceOf('v1', cutOff), token)).rejects.toMatchObject({ code: 'data_corrupt' });
    await expectNothingKept();
  });

  it.each([{ operation: 'another' }, { weightsSha256: 'ab'.repeat(32) }])(
    'is refused when it is another one than was trained: %j',
    async (other) => {
      await there.save(sampleModel());
      await expect(here.adopt({ ...sourceOf('v1'), ...other }, token)).rejects.toThrow('it is another model than');
      await expectNothingKept();
    },
  );

  async function alterMetadata(change: (metadata: Record<string, unknown>) => void): Promise<void> {
    const { directory: home } = await there.save(sampleModel());
    const path = join(home, 'metadata.json');
    const metadata = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    change(metadata);
    const text = JSON.stringify(metadata);
    await writeFile(path, text);
    await writeFile(`${path}.sha256`, `${createHash('sha256').update(text).digest('hex')}  metadata.json\n`);
  }

  it('is refused when it has files that no model has, whose names are never looked at as paths', async () => {
    await alterMetadata((metadata) => {
      metadata['files'] = { ...(metadata['files'] as object), '../../token': 'ab'.repeat(32) };
    });
    await expect(here.adopt(sourceOf('v1'), token)).rejects.toThrow('name a file "../../token", which no model has');
    await expectNothingKept();
  });

  it('is refused with the way out when it has the format of another version of this program', async () => {
    await alterMetadata((metadata) => (metadata['format'] = 3));
    await expect(here.adopt(sourceOf('v1'), token)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('Run the same version of ktrdr at both ends') as string,
    });
    await expectNothingKept();
  });

  it('is refused when a file of it does not end', async () => {
    await there.save(sampleModel());
    const endless: Way = (piece, file) => (file === 'report.md' ? new Uint8Array(16 * 2 ** 20) : piece);
    await expect(here.adopt(sourceOf('v1', endless), token)).rejects.toThrow('report.md has more than 67108864 bytes');
    await expectNothingKept();
  });

  it('leaves nothing behind when it is cancelled on the way', async () => {
    await there.save(sampleModel());
    using source = new CancellationSource();
    const cancelling: Way = (piece, file) => {
      if (file === 'model.safetensors') source.cancel();
      return piece;
    };
    await expect(here.adopt(sourceOf('v1', cancelling), source.token)).rejects.toMatchObject({ code: 'cancelled' });
    await expectNothingKept();
  });

  it('comes in pieces of 1 MiB at most, and none behind the end of a file', async () => {
    const { directory: home } = await there.save(sampleModel());
    await writeFile(join(home, 'model.safetensors'), new Uint8Array(2.25 * 2 ** 20).fill(7));
    const lengths: number[] = [];
    for (const from of [0, 1, 2, 2.25, 3]) {
      const piece = await there.readPiece({ name: 'sample', version: 'v1' }, 'model.safetensors', from * 2 ** 20);
      lengths.push(piece.length / 2 ** 20);
    }
    expect(lengths).toEqual([1, 1, 0.25, 0, 0]);
    await expect(there.readPiece({ name: '..', version: 'v1' }, 'report.md', 0)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
