import type { WorkContext } from '../async/index.ts';
import { plainBackend, weightsHash, type ModelSpec } from '../nn/index.ts';
import { fingerprintOf } from './data-fingerprint.ts';
import type { SymbolBars } from './features.ts';
import { labelNames } from './labels.ts';
import { partMetrics } from './metrics.ts';
import type { FeatureScale } from './normalize.ts';
import { phases } from './phases.ts';
import type { TrainingPlan } from './resolve.ts';
import type { TrainModelContext, TrainModelResult } from './train-model.ts';
import { evaluateRows, runTraining, type TrainingOutcome } from './training-run.ts';
import { buildTrainingSet, type TrainingParts } from './training-set.ts';

/** A plan and the bars it is trained on: all that decides the weights. Plain data; it crosses to a thread. */
export interface TrainingJob {
  readonly plan: TrainingPlan;
  readonly symbols: readonly SymbolBars[];
}

export interface TrainedModel extends TrainingOutcome {
  readonly model: ModelSpec;
  readonly weights: Float32Array;
  readonly weightsSha256: string;
  readonly scales: readonly FeatureScale[];
  readonly metrics: TrainModelResult['metrics'];
  readonly rows: TrainModelResult['rows'];
  readonly dataFingerprint: string;
}

/** Features, labels, training, test: from bars to a model, the same model for the same job on every machine. */
export async function trainOnBars(
  { plan, symbols }: TrainingJob,
  { token, progress, clock }: Pick<WorkContext<TrainModelContext>, 'token' | 'progress' | 'clock'>,
): Promise<TrainedModel> {
  progress.report({ phase: phases.features.name, fraction: phases.features.share[0] });
  const { data, parts, scales } = buildTrainingSet(plan, symbols, token);
  const { training, model: settings } = plan.strategy;
  const model: ModelSpec = {
    kind: settings.type,
    inputs: plan.features.length,
    hiddenLayers: [...settings.hiddenLayers],
    classes: labelNames.length,
    activation: settings.activation,
    dropout: settings.dropout,
  };
  using trainer = plainBackend.create({ model, optimizer: training.optimizer, data, seed: plan.seed });
  const outcome = runTraining(
    { trainer, parts, settings: training, seed: plan.seed },
    { token, progress, clock, share: phases.training.share },
  );
  progress.report({ phase: phases.testing.name, fraction: phases.testing.share[0] });
  const metrics = metricsOf(parts, (rows) => partMetrics(evaluateRows(trainer, rows, token)));
  const weights = trainer.exportWeights();
  return {
    ...outcome,
    model,
    weights,
    weightsSha256: weightsHash(weights),
    scales,
    metrics,
    rows: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    dataFingerprint: fingerprintOf(symbols),
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
