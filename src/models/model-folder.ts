import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KtrdrError, systemCode, type Schema } from '../base/index.ts';
import { readSafetensors, tensorsFromWeights, weightsFromTensors, weightsHash, writeSafetensors } from '../nn/index.ts';
import {
  modelFeaturesSchema,
  modelMetadataSchema,
  modelMetricsSchema,
  type ModelAddress,
  type ModelFeatures,
  type ModelInfo,
  type ModelMetadata,
  type ModelMetrics,
  type StoredModel,
} from './model-record.ts';

/** What a model consists of before it is stored. */
export interface ModelToSave {
  readonly weights: Float32Array;
  readonly metadata: Omit<ModelMetadata, 'format' | 'weightsSha256' | 'files'>;
  readonly features: ModelFeatures;
  readonly metrics: ModelMetrics;
  /** The text of the strategy file. */
  readonly strategy: string;
}

const weightsFile = 'model.safetensors';
const metadataFile = 'metadata.json';
const featuresFile = 'features.json';
const metricsFile = 'metrics.json';
const strategyFile = 'strategy.yaml';

/** The files of a model's folder by name. The metadata hold a hash of each of the others. */
export function modelFiles({ weights, metadata, features, metrics, strategy }: ModelToSave): Map<string, Uint8Array> {
  const tensors = tensorsFromWeights(metadata.model, weights);
  const files = new Map([
    [weightsFile, writeSafetensors({ tensors, metadata: { format: 'ktrdr' } })],
    [featuresFile, json(features)],
    [metricsFile, json(metrics)],
    [strategyFile, new TextEncoder().encode(strategy)],
  ]);
  const complete: ModelMetadata = {
    format: 1,
    ...metadata,
    weightsSha256: weightsHash(weights),
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)])),
  };
  return files.set(metadataFile, json(complete));
}

/** @throws KtrdrError `data_corrupt` when a file it reads is not what was saved. */
export async function readModelInfo(address: ModelAddress): Promise<ModelInfo> {
  const metadata = await readMetadata(address);
  return infoOf(address, metadata, await readMetrics(address, metadata));
}

/** @throws KtrdrError `data_corrupt` when a file it reads is not what was saved. */
export async function readModel(address: ModelAddress): Promise<StoredModel> {
  const metadata = await readMetadata(address);
  const training = await readMetrics(address, metadata);
  const features = await readSaved(address, featuresFile, metadata);
  return {
    ...infoOf(address, metadata, training),
    metadata,
    features: decode(features, modelFeaturesSchema, join(address.directory, featuresFile)),
    training,
    strategy: new TextDecoder().decode(await readSaved(address, strategyFile, metadata)),
  };
}

/** @throws KtrdrError `data_corrupt` when the weights are not, to the last bit, what was saved. */
export async function readModelWeights(address: ModelAddress): Promise<Float32Array> {
  const metadata = await readMetadata(address);
  const bytes = await readSaved(address, weightsFile, metadata);
  return weightsFromTensors(metadata.model, readSafetensors(bytes).tensors);
}

function infoOf({ name, version }: ModelAddress, metadata: ModelMetadata, metrics: ModelMetrics): ModelInfo {
  return {
    name,
    version,
    createdAt: metadata.createdAt,
    symbols: [...metadata.symbols],
    timeframes: [...metadata.timeframes],
    seed: metadata.seed,
    epochsTrained: metrics.epochsTrained,
    metrics: metrics.parts,
    weightsSha256: metadata.weightsSha256,
    dataFingerprint: metadata.dataFingerprint,
  };
}

async function readMetadata(address: ModelAddress): Promise<ModelMetadata> {
  return decode(await readPart(address, metadataFile), modelMetadataSchema, join(address.directory, metadataFile));
}

async function readMetrics(address: ModelAddress, metadata: ModelMetadata): Promise<ModelMetrics> {
  const bytes = await readSaved(address, metricsFile, metadata);
  return decode(bytes, modelMetricsSchema, join(address.directory, metricsFile));
}

async function readSaved(address: ModelAddress, name: string, { files }: ModelMetadata): Promise<Uint8Array> {
  const bytes = await readPart(address, name);
  if (sha256(bytes) !== files[name]) throw damaged(join(address.directory, name), 'it is not what was saved');
  return bytes;
}

async function readPart({ directory }: ModelAddress, name: string): Promise<Uint8Array> {
  const path = join(directory, name);
  try {
    return await readFile(path);
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') throw damaged(path, 'it is not there', thrown);
    throw thrown;
  }
}

function decode<T>(bytes: Uint8Array, schema: Schema<T>, path: string): T {
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw damaged(path, 'it cannot be read', cause);
  }
}

function damaged(path: string, fault: string, cause?: unknown): KtrdrError {
  return new KtrdrError(
    'data_corrupt',
    `The model file "${path}" is damaged: ${fault}. Restore it from a copy, or remove its folder and train again.`,
    { cause, details: { path } },
  );
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
