import { z } from 'zod';
import type { Schema } from '../base/index.ts';
import { membershipSchema } from '../fuzzy/index.ts';
import { timeframes } from '../market/index.ts';
import { modelSchema, type ModelSpec } from '../nn/index.ts';
import type { FeatureScale } from '../samples/index.ts';
import { type Feature, type IndicatorUse, normalizations } from '../strategies/index.ts';
import { epochMetricsSchema, partsMetricsSchema, type EpochMetrics, type PartsMetrics } from './metrics.ts';

/** Which model. */
export interface ModelName {
  name: string;
  /** `v1`, `v2`, … in the order of saving. */
  version: string;
}

/** Which model, and where it lies on this machine; not for answers that leave it. */
export interface ModelAddress extends ModelName {
  directory: string;
}

/** What a list of models shows. */
export interface ModelInfo extends ModelName {
  /** ISO 8601, in UTC. */
  createdAt: string;
  symbols: string[];
  timeframes: string[];
  seed: number;
  epochsTrained: number;
  metrics: PartsMetrics;
  weightsSha256: string;
  dataFingerprint: string;
}

/** A model with everything but its weights. */
export interface StoredModel extends ModelInfo {
  readonly metadata: ModelMetadata;
  readonly features: ModelFeatures;
  readonly training: ModelMetrics;
  /** The text of the strategy file as it was given. */
  readonly strategy: string;
}

/** `features.json`: how bars become the inputs of the network. */
export interface ModelFeatures {
  readonly baseTimeframe: string;
  readonly indicators: readonly IndicatorUse[];
  /** In the order of the network's inputs. */
  readonly features: readonly (Feature & {
    readonly scale: FeatureScale;
    /** Scaled, over the training part. */
    readonly mean: number;
  })[];
}

/** `metrics.json`: how the training went. */
export interface ModelMetrics {
  readonly epochsTrained: number;
  readonly keptEpoch: number;
  readonly stoppedEarly: boolean;
  readonly parts: PartsMetrics;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly history: readonly EpochMetrics[];
}

/** `metadata.json`: what the model is and where it comes from; enough to train it again and get the same one. */
export interface ModelMetadata {
  readonly format: 1;
  readonly strategyName: string;
  readonly model: ModelSpec;
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
  /** Epoch milliseconds, `[start, end)`; absent when every stored bar was used. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly seed: number;
  /** The operation that trained it. */
  readonly operation: string;
  /** ISO 8601, in UTC. */
  readonly createdAt: string;
  readonly ktrdrVersion: string;
  readonly dataFingerprint: string;
  /** Of the weights as numbers, see `weightsHash`: equal for equal models, whatever else the files say. */
  readonly weightsSha256: string;
  /** SHA-256 of each other file of the model, by its name. */
  readonly files: Readonly<Record<string, string>>;
}

const names = z.array(z.string()).min(1);
const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 has 64 hexadecimal digits');
const scale = z.object({ method: z.enum(normalizations), offset: z.number(), scale: z.number() });
const common = {
  id: z.string(),
  timeframe: z.enum(timeframes),
  lag: count,
  source: z.object({ indicator: z.string(), output: z.string() }),
  scale,
  mean: z.number(),
};

export const modelFeaturesSchema: Schema<ModelFeatures> = z.object({
  baseTimeframe: z.enum(timeframes),
  indicators: z.array(z.object({ id: z.string(), type: z.string(), parameters: z.record(z.string(), z.unknown()) })),
  features: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        ...common,
        kind: z.literal('fuzzy'),
        fuzzySet: z.string(),
        member: z.string(),
        membership: membershipSchema,
      }),
      z.object({ ...common, kind: z.literal('raw'), reference: z.string(), normalization: z.enum(normalizations) }),
    ]),
  ),
});

export const modelMetricsSchema: Schema<ModelMetrics> = z.object({
  epochsTrained: count,
  keptEpoch: count,
  stoppedEarly: z.boolean(),
  parts: partsMetricsSchema,
  rows: z.object({ train: count, validation: count, test: count }),
  history: z.array(epochMetricsSchema),
});

export const modelMetadataSchema: Schema<ModelMetadata> = z.object({
  format: z.literal(1),
  strategyName: z.string(),
  model: modelSchema,
  symbols: names,
  timeframes: names,
  range: z.object({ start: z.number(), end: z.number() }).exactOptional(),
  seed: count,
  operation: z.string(),
  createdAt: z.iso.datetime(),
  ktrdrVersion: z.string(),
  dataFingerprint: sha256,
  weightsSha256: sha256,
  files: z.record(z.string(), sha256),
});

export const modelInfoSchema: Schema<ModelInfo> = z.object({
  name: z.string(),
  version: z.string(),
  createdAt: z.string(),
  symbols: z.array(z.string()),
  timeframes: z.array(z.string()),
  seed: count,
  epochsTrained: count,
  metrics: partsMetricsSchema,
  weightsSha256: sha256,
  dataFingerprint: sha256,
});
