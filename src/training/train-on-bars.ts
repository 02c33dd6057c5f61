import type { WorkContext } from '../async/index.ts';
import { weightsHash, type ModelSpec, type NativeLibrary } from '../nn/index.ts';
import { backendNamed, type ChosenBackend } from './backends.ts';
import { jobHash } from './checkpoint-file.ts';
import { Checkpoints, type CheckpointSettings } from './checkpoints.ts';
import {
  buildTrainingSet,
  type FeatureScale,
  fingerprintOf,
  fingerprintsOf,
  type SeriesFingerprint,
  type SymbolBars,
} from '../samples/index.ts';
import { holdToLimit, refuseTooLarge } from './memory-limit.ts';
import { assessModel, type Assessment } from '../models/index.ts';
import { phases } from './phases.ts';
import type { TrainingPlan } from '../strategies/index.ts';
import type { TrainModelContext, TrainModelResult } from './train-model.ts';
import { evaluateRows, runTraining, type RunState, type TrainingOutcome } from './training-run.ts';

/** A plan, the bars it is trained on, and with what: all that decides the weights. Plain data; it crosses to a thread. */
export interface TrainingJob {
  readonly plan: TrainingPlan;
  readonly symbols: readonly SymbolBars[];
  readonly backend: ChosenBackend;
  /** What the backend computes with, where that is no part of this program. */
  readonly library?: NativeLibrary;
  /** What the thread may hold, in MiB. */
  readonly memoryMb?: number;
  readonly checkpoints?: CheckpointSettings;
}

type Context = Pick<
  WorkContext<TrainModelContext>,
  'id' | 'token' | 'progress' | 'clock' | 'log' | 'checkpoint' | 'metrics'
>;

export interface TrainedModel extends TrainingOutcome {
  readonly model: ModelSpec;
  readonly weights: Float32Array;
  readonly weightsSha256: string;
  readonly scales: readonly FeatureScale[];
  readonly means: readonly number[];
  /** The names of the classes; none of a regression. */
  readonly classes: readonly string[];
  readonly assessment: Assessment;
  readonly rows: TrainModelResult['rows'];
  readonly dataFingerprint: string;
  readonly series: readonly SeriesFingerprint[];
  /** What is probably a mistake, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * Features, labels, training, test: from bars to a model, the same model for the same job on every machine, from the
 * beginning or from a checkpoint.
 */
export async function trainOnBars(
  { plan, symbols, backend, library, memoryMb = Infinity, checkpoints: settings }: TrainingJob,
  context: Context,
): Promise<TrainedModel> {
  const { token, progress, clock, metrics: curves } = context;
  refuseTooLarge(plan, symbols, memoryMb);
  const series = fingerprintsOf(symbols);
  const dataFingerprint = fingerprintOf(series);
  using chosen = backendNamed(backend.name, library);
  const checkpoints =
    settings === undefined
      ? undefined
      : new Checkpoints(
          settings,
          context,
          jobHash({ plan, dataFingerprint, backend: [chosen.name, chosen.computesWith ?? []].flat().join(' ') }),
        );
  progress.report({ phase: phases.features.name, fraction: phases.features.share[0] });
  const set = buildTrainingSet(plan, symbols, token);
  const { data, parts, scales, means, classes, warnings } = set;
  holdToLimit(memoryMb);
  const { training } = plan.strategy;
  const model = modelOf(plan, classes);
  using trainer = chosen.create({
    model,
    objective: training.objective,
    optimizer: training.optimizer,
    data,
    seed: plan.seed,
  });
  holdToLimit(memoryMb);
  const batchesAnEpoch = Math.ceil(parts.train.length / training.batchSize);
  const batchesOf = ({ history, begun }: RunState): number => history.length * batchesAnEpoch + begun.batches;
  const outcome = runTraining(
    {
      trainer,
      targets: data.targets,
      weights: data.weights,
      classes,
      parts,
      settings: training,
      seed: plan.seed,
      from: checkpoints?.newest(),
    },
    {
      token,
      progress,
      clock,
      share: phases.training.share,
      metrics: curves,
      onState: (state) => checkpoints?.offer(state, batchesOf),
    },
  );
  progress.report({ phase: phases.testing.name, fraction: phases.testing.share[0] });
  const weights = trainer.exportWeights();
  const assessment = assessModel(
    {
      set,
      ids: plan.features.map(({ id }) => id),
      model,
      objective: training.objective,
      weights,
      evaluate: (rows) => evaluateRows(trainer, rows, token),
      decisions: plan.strategy.decisions,
      seed: plan.seed,
    },
    token,
  );
  return {
    ...outcome,
    model,
    weights,
    weightsSha256: weightsHash(weights),
    scales,
    means,
    classes,
    assessment,
    rows: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    dataFingerprint,
    series,
    warnings,
  };
}

/** The network that a plan asks for; one output for each class, or one for a number. */
function modelOf({ strategy: { model }, features }: TrainingPlan, classes: readonly string[]): ModelSpec {
  const ends = { inputs: features.length, outputs: Math.max(1, classes.length) };
  if (model.type === 'mlp') {
    const { type: kind, hiddenLayers, activation, dropout } = model;
    return { kind, hiddenLayers, activation, dropout, ...ends };
  }
  const { type: kind, sequenceLength, hiddenSize, layers, dropout } = model;
  return { kind, sequenceLength, hiddenSize, layers, dropout, ...ends };
}
