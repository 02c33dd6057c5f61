import { z } from 'zod';
import type { ProgressState } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { timeframes, type Timeframe } from '../market/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { epochMetricsSchema, partsMetricsSchema, type EpochMetrics, type PartsMetrics } from '../models/index.ts';
import { parseStrategy, resolvePlan, type TrainingPlan } from '../strategies/index.ts';
import { fetching, phases } from './phases.ts';

export interface TrainModelInput {
  /** The text of a strategy file. */
  strategy: string;
  /** The name of that file, for messages. */
  strategyName?: string;
  /** What the strategy leaves out: absent means as the strategy says. */
  symbols?: string[];
  timeframes?: Timeframe[];
  /** Epoch milliseconds; bars whose start lies in `[start, end)`. */
  start?: number;
  end?: number;
  seed?: number;
}

export interface TrainModelContext {
  modelType: string;
  symbols: string[];
  timeframes: string[];
  /** Both count from 1. */
  epoch: number;
  epochs: number;
  batch: number;
  batches: number;
  /** Over the current epoch's rows so far, the mean by their weights, as the validation loss is. */
  trainLoss?: number;
  /** Of the last whole epoch. */
  trainAccuracy?: number;
  validationLoss?: number;
  validationAccuracy?: number;
  rowsPerSecond?: number;
}

export interface TrainModelResult {
  model: { name: string; version: string };
  epochsTrained: number;
  /** The epoch whose weights the model has. */
  keptEpoch: number;
  stoppedEarly: boolean;
  /** Of the kept weights. */
  metrics: PartsMetrics;
  history: EpochMetrics[];
  features: number;
  rows: { train: number; validation: number; test: number };
  /** Equal hashes are equal models: the same strategy, bars and seed give the same one anywhere. */
  weightsSha256: string;
  seed: number;
  /** What has trained it, and why it was chosen; another one gives other weights. */
  backend: { name: string; why: string };
  durationMs: number;
  /** SHA-256 over every bar that was used. */
  dataFingerprint: string;
  /** Remarks on the strategy, `file:line:column: sentence`, and on the data. */
  warnings: string[];
}

const symbolList = z.array(z.string().trim().min(1).max(64)).min(1);
const instant = z.number().int().min(0);
const count = z.number().int().nonnegative();

/** The fields of an input by themselves; whether the strategy is valid is checked by the contract's schema. */
export const trainModelInputShape = {
  strategy: z.string().min(1),
  strategyName: z.string().min(1).max(200).exactOptional(),
  symbols: symbolList.exactOptional(),
  timeframes: z.array(z.enum(timeframes)).min(1).exactOptional(),
  start: instant.exactOptional(),
  end: instant.exactOptional(),
  seed: z.number().int().min(0).max(0xffff_ffff).exactOptional(),
};

/** Training a model, as an operation. A strategy that is not valid is refused before the operation exists. */
export const trainModel: OperationContract<TrainModelInput, TrainModelContext, TrainModelResult> = {
  type: 'train_model',
  resume: 'auto',
  measures: true,
  input: z.strictObject(trainModelInputShape).superRefine((input, context) => {
    const fault = faultOf(input);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  }),
  context: z.object({
    modelType: z.string(),
    symbols: z.array(z.string()),
    timeframes: z.array(z.string()),
    epoch: count,
    epochs: count,
    batch: count,
    batches: count,
    trainLoss: z.number().exactOptional(),
    trainAccuracy: z.number().exactOptional(),
    validationLoss: z.number().exactOptional(),
    validationAccuracy: z.number().exactOptional(),
    rowsPerSecond: z.number().exactOptional(),
  }),
  result: z.object({
    model: z.object({ name: z.string(), version: z.string() }),
    epochsTrained: count,
    keptEpoch: count,
    stoppedEarly: z.boolean(),
    metrics: partsMetricsSchema,
    history: z.array(epochMetricsSchema),
    features: count,
    rows: z.object({ train: count, validation: count, test: count }),
    weightsSha256: z.string(),
    seed: count,
    backend: z.object({ name: z.string(), why: z.string() }),
    durationMs: z.number().nonnegative(),
    dataFingerprint: z.string(),
    warnings: z.array(z.string()),
  }),
  begin: (input) => beginContext(planOf(input)),
  render: renderTrainingProgress,
};

/**
 * `Training MLP model on AAPL, MSFT [1h] epoch 15/50 batch 342/500`; before and after the epochs with the phase instead,
 * and with how much has come of a model that is not small.
 */
export function renderTrainingProgress({
  phase,
  done,
  total,
  context: { modelType, symbols, timeframes: chosen, epoch, epochs, batch, batches },
}: Pick<ProgressState<TrainModelContext>, 'phase' | 'done' | 'total' | 'context'>): string {
  const subject = `Training ${modelType.toUpperCase()} model on ${symbols.join(', ')} [${chosen.join(', ')}]`;
  if (phase === phases.training.name) return `${subject} epoch ${epoch}/${epochs} batch ${batch}/${batches}`;
  if (phase === fetching.name && total >= leastToTellOf)
    return `${subject} (${phase}, ${inMb(done)} of ${inMb(total)} MB)`;
  return phase === '' ? subject : `${subject} (${phase})`;
}

/** In bytes; a smaller model is there at once. */
const leastToTellOf = 1e6;

function inMb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** The progress context of a training before its first epoch. */
export function beginContext({ strategy, symbols, timeframes: chosen }: TrainingPlan): TrainModelContext {
  return {
    modelType: strategy.model.type,
    symbols: [...symbols],
    timeframes: [...chosen],
    epoch: 0,
    epochs: strategy.training.epochs,
    batch: 0,
    batches: 0,
  };
}

/**
 * The plan of an input. It is asked for at each step of an operation, so the last few are kept.
 * @throws KtrdrError `invalid_input` with the places in the strategy that are wrong.
 */
export function planOf(input: TrainModelInput): TrainingPlan {
  const key = JSON.stringify(input);
  const { strategy, strategyName, ...overrides } = input;
  const plan = plans.get(key) ?? resolvePlan(parseStrategy(strategy, strategyName), overrides);
  plans.delete(key);
  plans.set(key, plan);
  const [oldest] = plans.keys();
  if (plans.size > keptPlans && oldest !== undefined) plans.delete(oldest);
  return plan;
}

/** By their inputs, the one that was asked for last at the end. */
const plans = new Map<string, TrainingPlan>();
const keptPlans = 16;

function faultOf(input: TrainModelInput): string | undefined {
  try {
    planOf(input);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof KtrdrError && thrown.code === 'invalid_input') return thrown.message;
    throw thrown;
  }
}
