import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KtrdrError, sha256Of, systemCode, type Schema } from '../base/index.ts';
import { readSafetensors, tensorsFromWeights, weightsFromTensors, weightsHash, writeSafetensors } from '../nn/index.ts';
import {
  modelFeaturesSchema,
  modelFormat,
  modelMetadataSchema,
  type ModelAddress,
  type ModelFeatures,
  type ModelInfo,
  type ModelMetadata,
  type StoredModel,
} from './model-record.ts';
import { modelReportSchema, type ModelReport } from './report/model-report.ts';
import { reportPage } from './report/report-page.ts';

/** What a model consists of before it is stored. */
export interface ModelToSave {
  readonly weights: Float32Array;
  readonly metadata: Omit<ModelMetadata, 'format' | 'weightsSha256' | 'files'>;
  readonly features: ModelFeatures;
  readonly report: ModelReport;
  /** The text of the strategy file. */
  readonly strategy: string;
}

const weightsFile = 'model.safetensors';
const metadataFile = 'metadata.json';
/** As `sha256sum` writes and checks it. */
const metadataHashFile = 'metadata.json.sha256';
const featuresFile = 'features.json';
const reportFile = 'report.json';
const reportPageFile = 'report.md';
const strategyFile = 'strategy.yaml';

/** The files whose hashes the metadata hold. */
export const hashedFileNames = [weightsFile, featuresFile, reportFile, reportPageFile, strategyFile] as const;

/** Every file of a model's folder. */
export const modelFileNames = [metadataFile, metadataHashFile, ...hashedFileNames] as const;

export type ModelFileName = (typeof modelFileNames)[number];

/** The files of a model's folder by name. The metadata hold a hash of each of the others; their own lies beside them. */
export function modelFiles({ weights, metadata, features, report, strategy }: ModelToSave): Map<string, Uint8Array> {
  const tensors = tensorsFromWeights(metadata.model, weights);
  const files = new Map([
    [weightsFile, writeSafetensors({ tensors, metadata: { format: 'ktrdr' } })],
    [featuresFile, json(features)],
    [reportFile, json(report)],
    [reportPageFile, new TextEncoder().encode(reportPage({ metadata, features, report }))],
    [strategyFile, new TextEncoder().encode(strategy)],
  ]);
  const complete: ModelMetadata = {
    format: modelFormat,
    ...metadata,
    weightsSha256: weightsHash(weights),
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, sha256Of(bytes)])),
  };
  const bytes = json(complete);
  return files.set(metadataFile, bytes).set(metadataHashFile, metadataHashLine(sha256Of(bytes)));
}

/** What lies beside the metadata that have this SHA-256. */
export function metadataHashLine(hash: string): Uint8Array {
  return new TextEncoder().encode(`${hash}  ${metadataFile}\n`);
}

/** @throws KtrdrError `data_corrupt` when a file it reads is not what was saved. */
export async function readModelInfo(address: ModelAddress): Promise<ModelInfo> {
  const metadata = await readMetadata(address);
  return infoOf(address, metadata, await readReport(address, metadata));
}

/** @throws KtrdrError `data_corrupt` when a file it reads is not what was saved. */
export async function readModel(address: ModelAddress): Promise<StoredModel> {
  const metadata = await readMetadata(address);
  const report = await readReport(address, metadata);
  const features = await readSaved(address, featuresFile, metadata);
  return {
    ...infoOf(address, metadata, report),
    metadata,
    features: decode(features, modelFeaturesSchema, join(address.directory, featuresFile)),
    report,
    strategy: new TextDecoder().decode(await readSaved(address, strategyFile, metadata)),
  };
}

/** @throws KtrdrError `data_corrupt` when the weights are not, to the last bit, what was saved. */
export async function readModelWeights(address: ModelAddress): Promise<Float32Array> {
  const metadata = await readMetadata(address);
  const bytes = await readSaved(address, weightsFile, metadata);
  return weightsFromTensors(metadata.model, readSafetensors(bytes).tensors);
}

function infoOf({ name, version }: ModelAddress, metadata: ModelMetadata, report: ModelReport): ModelInfo {
  return {
    name,
    version,
    createdAt: metadata.createdAt,
    symbols: [...metadata.symbols],
    timeframes: [...metadata.timeframes],
    seed: metadata.seed,
    epochsTrained: report.epochsTrained,
    metrics: report.metrics,
    weightsSha256: metadata.weightsSha256,
    strategySha256: metadata.files[strategyFile] ?? '',
    dataFingerprint: metadata.dataFingerprint,
  };
}

/** @throws KtrdrError `data_corrupt` when they are not what was saved; `failed_precondition` when of another format. */
export async function readMetadata(address: ModelAddress): Promise<ModelMetadata> {
  const path = join(address.directory, metadataFile);
  const bytes = await readPart(address, metadataFile);
  const { format } = decode(bytes, z.object({ format: z.number().int() }), path);
  if (format !== modelFormat) throw ofOtherFormat(address, format);
  const saved = new TextDecoder().decode(await readPart(address, metadataHashFile));
  if (!saved.startsWith(sha256Of(bytes))) throw damaged(path, 'it is not what was saved');
  return decode(bytes, modelMetadataSchema, path);
}

async function readReport(address: ModelAddress, metadata: ModelMetadata): Promise<ModelReport> {
  const bytes = await readSaved(address, reportFile, metadata);
  return decode(bytes, modelReportSchema, join(address.directory, reportFile));
}

function ofOtherFormat({ name, version, directory }: ModelAddress, format: number): KtrdrError {
  const what =
    format < modelFormat
      ? `Train it again from "${join(directory, strategyFile)}", with the same seed and bars, for the same model in the new format.`
      : 'It was saved by a newer ktrdr: use that one.';
  const fault = `has format ${format}, and this ktrdr reads format ${modelFormat}`;
  return new KtrdrError('failed_precondition', `The model "${name}" ${version} ${fault}. ${what}`, {
    details: { name, version, format, fault: `it ${fault}` },
  });
}

async function readSaved(address: ModelAddress, name: string, { files }: ModelMetadata): Promise<Uint8Array> {
  const bytes = await readPart(address, name);
  if (sha256Of(bytes) !== files[name]) throw damaged(join(address.directory, name), 'it is not what was saved');
  return bytes;
}

/**
 * The bytes of one file from an offset on, at most `mostPieceBytes` of them, and none behind its end; as they are, held
 * against nothing.
 */
export function readPiece({ directory }: ModelAddress, name: ModelFileName, from: number): Promise<Uint8Array> {
  const path = join(directory, name);
  return orDamaged(path, async () => {
    await using file = await open(path);
    const piece = new Uint8Array(Math.max(0, Math.min(mostPieceBytes, (await file.stat()).size - from)));
    const { bytesRead } = await file.read(piece, 0, piece.length, from);
    return piece.subarray(0, bytesRead);
  });
}

/** Few enough to be hashed and written without anybody else waiting noticeably. */
const mostPieceBytes = 2 ** 20;

function readPart({ directory }: ModelAddress, name: string): Promise<Uint8Array> {
  const path = join(directory, name);
  return orDamaged(path, () => readFile(path));
}

async function orDamaged<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    const code = systemCode(thrown) ?? '';
    if (code === 'EACCES' || code === 'EPERM') throw forbidden(path, thrown);
    const fault = unreadable[code];
    throw fault === undefined ? thrown : damaged(path, fault, thrown);
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'it is not there',
  EISDIR: 'it is a directory',
  EIO: 'the disk cannot read it',
};

function decode<T>(bytes: Uint8Array, schema: Schema<T>, path: string): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw damaged(path, 'it cannot be read', cause);
  }
}

/** What is wrong with a file of a model. */
export interface FileFault {
  readonly file: string;
  readonly problem: string;
}

/** Checks every file against its hash; nothing where all are as they were saved. */
export async function verifyModel(address: ModelAddress): Promise<FileFault[]> {
  try {
    const metadata = await readMetadata(address);
    const faults: FileFault[] = [];
    for (const name of Object.keys(metadata.files)) {
      await readSaved(address, name, metadata).catch((thrown: unknown) => faults.push(faultOf(thrown, name)));
    }
    if (faults.length > 0) return faults;
    if (weightsHash(await readModelWeights(address)) === metadata.weightsSha256) return [];
    return [{ file: weightsFile, problem: 'it has other weights than the metadata name' }];
  } catch (thrown) {
    return [faultOf(thrown, metadataFile)];
  }
}

function faultOf(thrown: unknown, file: string): FileFault {
  const { fault } = KtrdrError.from(thrown).details;
  if (typeof fault !== 'string') throw thrown;
  return { file, problem: fault };
}

function forbidden(path: string, cause: unknown): KtrdrError {
  const fault = 'this user may not read it';
  return new KtrdrError(
    'permission_denied',
    `The model file "${path}" cannot be read: ${fault}. Change its permissions.`,
    {
      cause,
      details: { path, fault },
    },
  );
}

function damaged(path: string, fault: string, cause?: unknown): KtrdrError {
  return new KtrdrError(
    'data_corrupt',
    `The model file "${path}" is damaged: ${fault}. Restore it from a copy, or remove its folder and train again.`,
    { cause, details: { path, fault } },
  );
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
}
