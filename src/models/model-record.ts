import { z } from 'zod';
import type { Schema } from '../base/index.ts';
import { membershipSchema } from '../fuzzy/index.ts';
import { calendarIds, timeframes, type Timeframe } from '../market/index.ts';
import { modelSchema, objectiveSchema, type ModelSpec, type Objective } from '../nn/index.ts';
import type { FeatureScale, SeriesFingerprint } from '../samples/index.ts';
import { type DecisionSettings, type Feature, type IndicatorUse, normalizations } from '../strategies/index.ts';
import { partsMetricsSchema, type PartsMetrics } from './metrics.ts';
import { modelReportSchema, type ModelReport } from './report/model-report.ts';

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

/** Which model, in whatever store and under whatever version it lies. */
export interface TrainedModelName {
  name: string;
  /** The operation that trained it. */
  operation: string;
  /** Ids of operations may be used again. */
  weightsSha256: string;
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
  strategySha256: string;
  dataFingerprint: string;
}

/** A model with everything but its weights. */
export interface StoredModel extends ModelInfo {
  readonly metadata: ModelMetadata;
  readonly features: ModelFeatures;
  readonly report: ModelReport;
  /** The text of the strategy file as it was given. */
  readonly strategy: string;
}

/** `features.json`: how bars become the inputs of the network. */
export interface ModelFeatures {
  readonly baseTimeframe: Timeframe;
  readonly indicators: readonly IndicatorUse[];
  /** In the order of the network's inputs. */
  readonly features: readonly (Feature & {
    readonly scale: FeatureScale;
    /** Scaled, over the training part. */
    readonly mean: number;
  })[];
}

/** `metadata.json`: what the model is and where it comes from; enough to train it again and get the same one. */
export interface ModelMetadata {
  readonly format: typeof modelFormat;
  readonly strategyName: string;
  readonly model: ModelSpec;
  /** What it was trained for, and so what its outputs are. */
  readonly objective: Objective;
  /** In the order of the outputs; none of a regression. */
  readonly classes: readonly string[];
  /** How outputs become decisions. */
  readonly decisions: DecisionSettings;
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
  /** The engine that trained it, and why it was that one. */
  readonly backend: { readonly name: string; readonly why: string };
  readonly machine: Machine;
  /** SHA-256 over every bar that was used, and the same of each series. */
  readonly dataFingerprint: string;
  readonly series: readonly SeriesFingerprint[];
  /** Of the weights as numbers, see `weightsHash`: equal for equal models, whatever else the files say. */
  readonly weightsSha256: string;
  /** SHA-256 of each other file of the model, by its name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where a model was trained. */
export interface Machine {
  readonly platform: string;
  readonly architecture: string;
  /** The name of the processor, and of the version of Node.js. */
  readonly processor: string;
  readonly node: string;
}

/** Of the files of a model. Models of other formats are refused. */
export const modelFormat = 2;

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

const decisionSettings: Schema<DecisionSettings> = z.object({
  outputFormat: z.enum(['classification', 'regression']),
  confidenceThreshold: z.number(),
  minSignalSeparationMs: z.number().exactOptional(),
  volumeFilter: z.object({ period: count, minRatio: z.number() }).exactOptional(),
  positionAwareness: z.boolean(),
  costModel: z.object({ roundTripCost: z.number(), minEdgeMultiplier: z.number() }).exactOptional(),
  allowShortFromFlat: z.boolean(),
});

export const modelMetadataSchema: Schema<ModelMetadata> = z.object({
  format: z.literal(modelFormat),
  strategyName: z.string(),
  model: modelSchema,
  objective: objectiveSchema,
  classes: z.array(z.string()),
  decisions: decisionSettings,
  symbols: names,
  timeframes: names,
  range: z.object({ start: z.number(), end: z.number() }).exactOptional(),
  seed: count,
  operation: z.string(),
  createdAt: z.iso.datetime(),
  ktrdrVersion: z.string(),
  backend: z.object({ name: z.string(), why: z.string() }),
  machine: z.object({ platform: z.string(), architecture: z.string(), processor: z.string(), node: z.string() }),
  dataFingerprint: sha256,
  series: z.array(
    z.object({
      symbol: z.string(),
      timeframe: z.enum(timeframes),
      calendar: z.enum(calendarIds),
      bars: count,
      first: z.number(),
      last: z.number(),
      sha256,
      snapshot: sha256.exactOptional(),
    }),
  ),
  weightsSha256: sha256,
  files: z.record(z.string(), sha256),
});

export const modelInfoSchema = z.object({
  name: z.string(),
  version: z.string(),
  createdAt: z.string(),
  symbols: z.array(z.string()),
  timeframes: z.array(z.string()),
  seed: count,
  epochsTrained: count,
  metrics: partsMetricsSchema,
  weightsSha256: sha256,
  strategySha256: sha256,
  dataFingerprint: sha256,
});

/** All that is told of a model, beside its weights. */
export const storedModelSchema: Schema<StoredModel> = modelInfoSchema.extend({
  metadata: modelMetadataSchema,
  features: modelFeaturesSchema,
  report: modelReportSchema,
  strategy: z.string(),
});
