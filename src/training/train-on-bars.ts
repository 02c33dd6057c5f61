import type { WorkContext } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { plainBackend, weightsHash, type ModelSpec } from '../nn/index.ts';
import { jobHash } from './checkpoint-file.ts';
import { Checkpoints, type CheckpointSettings } from './checkpoints.ts';
import {
  buildTrainingSet,
  type FeatureScale,
  fingerprintOf,
  type SymbolBars,
  type TrainingParts,
} from '../samples/index.ts';
import { partMetrics } from '../models/index.ts';
import { phases } from './phases.ts';
import type { TrainingPlan } from '../strategies/index.ts';
import type { TrainModelContext, TrainModelResult } from './train-model.ts';
import { evaluateRows, runTraining, targetsOf, type TrainingOutcome } from './training-run.ts';

/** A plan and the bars it is trained on: all that decides the weights. Plain data; it crosses to a thread. */
export interface TrainingJob {
  readonly plan: TrainingPlan;
  readonly symbols: readonly SymbolBars[];
  readonly checkpoints?: CheckpointSettings;
}

type Context = Pick<WorkContext<TrainModelContext>, 'id' | 'token' | 'progress' | 'clock' | 'log' | 'checkpoint'>;

export interface TrainedModel extends TrainingOutcome {
  readonly model: ModelSpec;
  readonly weights: Float32Array;
  readonly weightsSha256: string;
  readonly scales: readonly FeatureScale[];
  readonly metrics: TrainModelResult['metrics'];
  readonly rows: TrainModelResult['rows'];
  readonly dataFingerprint: string;
  /** What is probably a mistake, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * Features, labels, training, test: from bars to a model, the same model for the same job on every machine, from the
 * beginning or from a checkpoint.
 */
export async function trainOnBars(
  { plan, symbols, checkpoints: settings }: TrainingJob,
  context: Context,
): Promise<TrainedModel> {
  const { token, progress, clock } = context;
  const dataFingerprint = fingerprintOf(symbols);
  const checkpoints =
    settings === undefined ? undefined : new Checkpoints(settings, context, jobHash(plan, dataFingerprint));
  progress.report({ phase: phases.features.name, fraction: phases.features.share[0] });
  const { data, parts, scales, classes, warnings } = buildTrainingSet(plan, symbols, token);
  const { training, model: shape } = plan.strategy;
  if (shape.type !== 'mlp') throw new KtrdrError('internal', `A network of type "${shape.type}" cannot be trained.`);
  const model: ModelSpec = {
    kind: shape.type,
    inputs: plan.features.length,
    hiddenLayers: [...shape.hiddenLayers],
    outputs: Math.max(1, classes.length),
    activation: shape.activation,
    dropout: shape.dropout,
  };
  using trainer = plainBackend.create({
    model,
    objective: training.objective,
    optimizer: training.optimizer,
    data,
    seed: plan.seed,
  });
  const outcome = runTraining(
    {
      trainer,
      targets: data.targets,
      classes,
      parts,
      settings: training,
      seed: plan.seed,
      from: checkpoints?.newest(),
    },
    { token, progress, clock, share: phases.training.share, onEpoch: (state) => checkpoints?.offer(state) },
  );
  progress.report({ phase: phases.testing.name, fraction: phases.testing.share[0] });
  const metrics = metricsOf(parts, (rows) => {
    const { loss, outputs } = evaluateRows(trainer, rows, token);
    return partMetrics({ loss, outputs, targets: targetsOf(data.targets, rows), classes });
  });
  const weights = trainer.exportWeights();
  return {
    ...outcome,
    model,
    weights,
    weightsSha256: weightsHash(weights),
    scales,
    metrics,
    rows: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    dataFingerprint,
    warnings,
  };
}

function metricsOf(
  { train, validation, test }: TrainingParts,
  measure: (rows: Int32Array) => TrainModelResult['metrics']['train'],
): TrainModelResult['metrics'] {
  return {
    train: measure(train),
    ...(validation.length > 0 ? { validation: measure(validation) } : {}),
    ...(test.length > 0 ? { test: measure(test) } : {}),
  };
}
