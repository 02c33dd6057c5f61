import type { CancellationToken, Clock, Metrics, Progress } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { createRandom, evenSample, type Evaluation, type Trainer } from '../nn/index.ts';
import type { TrainingParts, TrainingSet } from '../samples/index.ts';
import { BestEpoch, type BestState } from './best-epoch.ts';
import { recordCurves } from './curves.ts';
import { phases } from './phases.ts';
import type { TrainingSettings } from '../strategies/index.ts';
import { learningRateAfter } from './learning-rate.ts';
import { accuracyOf, targetsOf, type EpochMetrics } from '../models/index.ts';
import type { TrainModelContext } from './train-model.ts';

/** All that a run needs to go on after a batch as if nothing had come between. */
export interface RunState {
  /** Of the epochs that are done, in their order. */
  readonly history: readonly EpochMetrics[];
  /** Of the next epoch, which may have begun. */
  readonly begun: BegunEpoch;
  /** Of the generator that puts the rows of that epoch into their order, before it did. */
  readonly shuffle: readonly [number, number, number, number];
  /** As `Trainer.exportParams` gives them. */
  readonly params: Float32Array;
  /** With early stopping only. */
  readonly best?: BestState;
}

interface BegunEpoch {
  /** That are done. */
  readonly batches: number;
  /** Over their rows, by their weights; and the sum of these weights. */
  readonly lossSum: number;
  readonly weight: number;
}

interface TrainingRun {
  readonly trainer: Trainer;
  /** What each row of the trainer's data has for a target. */
  readonly targets: TrainingSet['data']['targets'];
  /** How much each of them counts; absent, all count alike. */
  readonly weights?: Float32Array | undefined;
  readonly classes: readonly string[];
  readonly parts: Pick<TrainingParts, 'train' | 'validation'>;
  readonly settings: Pick<TrainingSettings, 'epochs' | 'batchSize' | 'scheduler' | 'earlyStopping'>;
  readonly seed: number;
  /** Where an interrupted run of the same trainer, parts, settings and seed had got to. */
  readonly from?: RunState | undefined;
}

interface RunContext {
  readonly token: CancellationToken;
  /** The run's own share of the whole progress. */
  readonly share: readonly [from: number, to: number];
  readonly progress: Progress<TrainModelContext>;
  readonly clock: Clock;
  readonly metrics?: Metrics | undefined;
  /** Called every few batches and after each epoch; the state is made when it is asked for. */
  readonly onState?: (state: () => RunState) => void;
}

export interface TrainingOutcome {
  readonly epochsTrained: number;
  readonly keptEpoch: number;
  readonly stoppedEarly: boolean;
  readonly history: EpochMetrics[];
}

/**
 * Trains epoch after epoch, each over all training rows in an order of its own that the seed decides. With early
 * stopping the trainer ends with the weights of the best epoch, without it with the last ones. The token is looked at
 * every few batches; a cancelled run throws and leaves the trainer as it is. A run that goes on from a state ends, to the
 * last bit, as it would have ended without the interruption.
 */
export function runTraining(
  { trainer, targets, weights, classes, parts, settings, seed, from }: TrainingRun,
  context: RunContext,
): TrainingOutcome {
  const { epochs, batchSize, earlyStopping } = settings;
  const random = createRandom(seed, shuffleStream);
  const order = Int32Array.from(parts.train);
  const sample = evenSample(parts.train, sampledRows);
  const best = earlyStopping === undefined ? undefined : new BestEpoch(earlyStopping, from?.best);
  const history: EpochMetrics[] = [...(from?.history ?? [])];
  const rate = { initial: trainer.learningRate, scheduler: settings.scheduler };
  const begun = { ...nothingYet, ...from?.begun };
  const rowsBefore = history.length * order.length + Math.min(begun.batches * batchSize, order.length);
  const report = reporter({ settings, rows: order.length, rowsBefore }, context);
  const curves = recordCurves(context.metrics, { epochs, batches: Math.ceil(order.length / batchSize) });
  const pace = { atOnce: batchesBetweenLooks };
  let shuffle = random.exportState();
  if (from !== undefined) {
    trainer.importParams(from.params);
    random.importState(from.shuffle);
    shuffle = from.shuffle;
  }
  const measured = ({ outputs }: Evaluation, rows: Int32Array) => ({
    outputs,
    targets: targetsOf(targets, rows),
    classes,
  });
  const state = (): RunState => ({
    history: [...history],
    begun: { ...begun },
    shuffle,
    params: trainer.exportParams(),
    ...(best?.state === undefined ? {} : { best: best.state }),
  });

  while (history.length < epochs && best?.isStale(history.length) !== true) {
    const epoch = history.length + 1;
    // From the same order each time, so that the generator's state says all of what is to come.
    order.set(parts.train);
    random.shuffle(order);
    trainer.learningRate = learningRateAfter(history, rate);
    trainEpoch({ trainer, clock: context.clock, order, weights, epoch, batchSize, begun, pace }, context.token, {
      batch(number, trainLoss) {
        report.batch(epoch, number, trainLoss);
        curves.batch(epoch, number, trainLoss);
      },
      look: () => context.onState?.(state),
    });
    const trainLoss = lossOf(begun);
    const sampled = evaluateRows(trainer, sample, context.token);
    // The loss of a step is that before the step: only now is it known what the last one did.
    refuseDivergence(epoch, sampled.loss);
    const metrics: EpochMetrics = { epoch, trainLoss };
    if (classes.length > 0) metrics.trainAccuracy = accuracyOf(measured(sampled, sample));
    if (parts.validation.length > 0) {
      const validation = evaluateRows(trainer, parts.validation, context.token);
      refuseDivergence(epoch, validation.loss);
      metrics.validationLoss = validation.loss;
      if (classes.length > 0) metrics.validationAccuracy = accuracyOf(measured(validation, parts.validation));
    }
    history.push(metrics);
    report.epoch(metrics);
    curves.epoch(metrics, trainer.learningRate);
    best?.look(metrics, trainer);
    Object.assign(begun, nothingYet);
    shuffle = random.exportState();
    context.onState?.(state);
  }
  const epochsTrained = history.length;
  if (best?.state !== undefined) trainer.importParams(best.state.params);
  return {
    epochsTrained,
    keptEpoch: best?.state?.epoch ?? epochsTrained,
    stoppedEarly: best?.isStale(epochsTrained) === true && epochsTrained < epochs,
    history,
  };
}

function refuseDivergence(epoch: number, loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new KtrdrError(
    'failed_precondition',
    `The training diverged in epoch ${epoch}: its loss is no longer a number. Lower training.learning_rate, or set training.gradient_clip.`,
    { details: { epoch } },
  );
}

/** Like `Trainer.evaluate`, in pieces, so that a cancel is heard in between. */
export function evaluateRows(trainer: Trainer, rows: Int32Array, token: CancellationToken): Evaluation {
  let outputs = new Float32Array(0);
  let loss = 0;
  let weight = 0;
  for (let from = 0; from < rows.length; from += evaluatedAtOnce) {
    token.throwIfCancelled('the evaluation');
    const piece = rows.subarray(from, from + evaluatedAtOnce);
    const evaluation = trainer.evaluate(piece);
    const width = evaluation.outputs.length / piece.length;
    if (from === 0) outputs = new Float32Array(rows.length * width);
    outputs.set(evaluation.outputs, from * width);
    if (evaluation.weight > 0) loss += evaluation.loss * evaluation.weight;
    weight += evaluation.weight;
  }
  return { loss: loss / weight, weight, outputs };
}

/** Streams 0 and 1 of a seed are the trainer's: its starting weights and its dropout. */
const shuffleStream = 2;
/** How many batches go by at most between two looks at the token, and about how long they may take. */
const batchesBetweenLooks = 10;
const timeBetweenLooksMs = 50;
const evaluatedAtOnce = 2_048;
const sampledRows = 4_096;

interface Epoch {
  readonly trainer: Trainer;
  readonly clock: Clock;
  readonly order: Int32Array;
  readonly weights: Float32Array | undefined;
  readonly epoch: number;
  readonly batchSize: number;
  /** How far it is; kept up to date. */
  readonly begun: { -readonly [Key in keyof BegunEpoch]: BegunEpoch[Key] };
  /** How many batches are asked for together; follows how long they take. */
  readonly pace: { atOnce: number };
}

interface EpochListener {
  batch(batch: number, trainLoss: number): void;
  /** Called every few batches, between two of them. */
  look(): void;
}

function trainEpoch(
  { trainer, clock, order, weights, epoch, batchSize, begun, pace }: Epoch,
  token: CancellationToken,
  listener: EpochListener,
): void {
  for (let from = begun.batches * batchSize; from < order.length;) {
    token.throwIfCancelled('the training');
    if (begun.batches > 0) listener.look();
    const askedAt = clock.elapsed();
    for (const loss of trainer.steps(order.subarray(from, from + pace.atOnce * batchSize), batchSize)) {
      const rows = order.subarray(from, from + batchSize);
      const weight = weightOf(rows, weights);
      from += rows.length;
      begun.lossSum += loss * weight;
      begun.weight += weight;
      begun.batches += 1;
      refuseDivergence(epoch, begun.lossSum);
      listener.batch(begun.batches, lossOf(begun));
    }
    const forOneMs = (clock.elapsed() - askedAt) / pace.atOnce;
    pace.atOnce = Math.max(1, Math.min(batchesBetweenLooks, Math.floor(timeBetweenLooksMs / forOneMs)));
  }
}

const nothingYet: BegunEpoch = { batches: 0, lossSum: 0, weight: 0 };

/** The same measure as `Trainer.evaluate` gives: the mean by weights. Rows that weigh nothing have no loss. */
function lossOf({ lossSum, weight }: BegunEpoch): number {
  return weight > 0 ? lossSum / weight : 0;
}

function weightOf(rows: Int32Array, weights: Float32Array | undefined): number {
  return weights === undefined ? rows.length : rows.reduce((sum, row) => sum + (weights[row] ?? 0), 0);
}

/** A report costs a fiftieth of a small batch, a look at the clock a four-hundredth; nobody sees more than this. */
const reportEveryMs = 5;

function reporter(
  { settings, rows, rowsBefore }: Pick<TrainingRun, 'settings'> & { rows: number; rowsBefore: number },
  { progress, clock, share: [from, to] }: RunContext,
): { batch: (epoch: number, batch: number, trainLoss: number) => void; epoch: (metrics: EpochMetrics) => void } {
  const batches = Math.ceil(rows / settings.batchSize);
  const total = settings.epochs * batches;
  const begunAt = clock.elapsed();
  let reportedAt = Number.NEGATIVE_INFINITY;
  return {
    batch(epoch, batch, trainLoss) {
      const at = clock.elapsed();
      if (at - reportedAt < reportEveryMs && batch < batches) return;
      reportedAt = at;
      const done = (epoch - 1) * batches + batch;
      const trained = (epoch - 1) * rows + Math.min(rows, batch * settings.batchSize) - rowsBefore;
      const seconds = (at - begunAt) / 1000;
      progress.report({
        phase: phases.training.name,
        done,
        total,
        fraction: from + ((to - from) * done) / total,
        context: {
          epoch,
          batch,
          batches,
          trainLoss,
          ...(seconds > 0 ? { rowsPerSecond: Math.round(trained / seconds) } : {}),
        },
      });
    },
    epoch(metrics) {
      progress.report({ context: metrics });
    },
  };
}
