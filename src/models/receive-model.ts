import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CancellationToken } from '../async/index.ts';
import { KtrdrError, sha256Of, syncFolder } from '../base/index.ts';
import { parameterCount } from '../nn/index.ts';
import { hashedFileNames, metadataHashLine, readMetadata, type ModelFileName } from './model-folder.ts';
import type { ModelMetadata, TrainedModelName } from './model-record.ts';

/** A model in another store. */
export interface ModelSource extends TrainedModelName {
  /** There. */
  readonly version: string;
  /** The bytes of a file from an offset on, as many as come at once; none behind its end. */
  readonly read: (file: ModelFileName, from: number) => Promise<Uint8Array>;
  /** Hears how much of the weights has come, which are nearly all of a model that is not small. */
  readonly onProgress?: (weights: { readonly bytes: number; readonly of: number }) => void;
}

/** More than the largest network that a strategy can ask for has, and more than anything that is said of one. */
const mostBytes = { weights: 2 * 2 ** 30, text: 64 * 2 ** 20 };

/**
 * Writes a model of another store into a new folder, byte for byte, and checks every file against its hash; on disk when
 * this resolves. What it leaves when it throws is for the caller to remove.
 * @throws KtrdrError what the source throws; `data_corrupt`; `failed_precondition` for another format; `cancelled`.
 */
export async function receiveModel(folder: string, source: ModelSource, token: CancellationToken): Promise<void> {
  await mkdir(folder);
  const receive = (file: ModelFileName, onLength?: (length: number) => void): Promise<string> =>
    receiveFile(file, { folder, source, token, onLength });
  const line = metadataHashLine(await receive('metadata.json'));
  if ((await receive('metadata.json.sha256')) !== sha256Of(line)) {
    throw refused(source, 'metadata.json is not what was saved there');
  }
  const { files, operation, weightsSha256, strategyName, model } = await metadataOf(folder, source);
  if (operation !== source.operation || weightsSha256 !== source.weightsSha256 || strategyName !== source.name) {
    throw refused(source, `it is another model than operation "${source.operation}" ended with`);
  }
  const unknown = Object.keys(files).find((file) => !hashedFileNames.some((name) => name === file));
  if (unknown !== undefined) throw refused(source, `its metadata name a file "${unknown}", which no model has`);
  const of = parameterCount(model) * Float32Array.BYTES_PER_ELEMENT;
  const onWeights = (bytes: number): void => source.onProgress?.({ bytes: Math.min(bytes, of), of });
  for (const file of hashedFileNames) {
    const hash = await receive(file, file === 'model.safetensors' ? onWeights : undefined);
    if (hash !== files[file]) throw refused(source, `${file} is not what was saved there`);
  }
  await syncFolder(folder);
  token.throwIfCancelled('the taking over of a model');
}

interface Receiving {
  readonly folder: string;
  readonly source: ModelSource;
  readonly token: CancellationToken;
  /** Hears how much of the file has come. */
  readonly onLength: ((length: number) => void) | undefined;
}

/** Writes one file; gives its SHA-256. */
async function receiveFile(
  name: ModelFileName,
  { folder, source, token, onLength = () => {} }: Receiving,
): Promise<string> {
  const most = name === 'model.safetensors' ? mostBytes.weights : mostBytes.text;
  const hash = createHash('sha256');
  await using file = await open(join(folder, name), 'wx');
  let length = 0;
  for (;;) {
    token.throwIfCancelled('the taking over of a model');
    const piece = await source.read(name, length);
    if (piece.length === 0) break;
    length += piece.length;
    if (length > most) throw refused(source, `${name} has more than ${most} bytes`);
    hash.update(piece);
    await file.writeFile(piece);
    onLength(length);
  }
  await file.sync();
  return hash.digest('hex');
}

/** What has come says of itself what is wrong with it, as of a file that lies here; whoever hears of it knows only of there. */
async function metadataOf(folder: string, source: ModelSource): Promise<ModelMetadata> {
  try {
    return await readMetadata({ ...source, directory: folder });
  } catch (thrown) {
    const { code, details } = KtrdrError.from(thrown);
    const { fault, format } = details;
    if (typeof fault !== 'string') throw thrown;
    if (code !== 'failed_precondition') throw refused(source, `metadata.json: ${fault}`, thrown);
    throw new KtrdrError(
      code,
      `The model "${source.name}" ${source.version} cannot be fetched: ${fault}. Run the same version of ktrdr at both ends.`,
      { cause: thrown, details: { name: source.name, version: source.version, format } },
    );
  }
}

function refused({ name, version }: ModelSource, fault: string, cause?: unknown): KtrdrError {
  return new KtrdrError(
    'data_corrupt',
    `The model "${name}" ${version} did not arrive intact: ${fault}. Nothing of it is kept here. If that happens again, it is damaged there and has to be trained again.`,
    { cause, details: { name, version, fault } },
  );
}
