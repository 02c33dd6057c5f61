import type { CancellationToken, Clock, Progress } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { createRandom, type Evaluation, type Trainer } from '../nn/index.ts';
import type { TrainingParts, TrainingSet } from '../samples/index.ts';
import { phases } from './phases.ts';
import type { EarlyStopping } from '../strategies/index.ts';
import { accuracyOf, type EpochMetrics } from '../models/index.ts';
import type { TrainModelContext } from './train-model.ts';

/** All that a run needs to go on after an epoch as if nothing had come between. */
export interface RunState {
  /** Of the epochs that are done, in their order. */
  readonly history: readonly EpochMetrics[];
  /** Of the generator that puts the rows of an epoch into their order. */
  readonly shuffle: readonly [number, number, number, number];
  /** As `Trainer.exportParams` gives them. */
  readonly params: Float32Array;
  /** With early stopping only. */
  readonly best?: BestState;
}

export interface BestState {
  readonly epoch: number;
  /** The higher, the better. */
  readonly score: number;
  /** The score that has to be beaten, and the epoch that reached it. */
  readonly reference: number;
  readonly improvedAt: number;
  readonly params: Float32Array;
}

interface TrainingRun {
  readonly trainer: Trainer;
  /** What each row of the trainer's data has for a target. */
  readonly targets: TrainingSet['data']['targets'];
  readonly classes: readonly string[];
  readonly parts: Pick<TrainingParts, 'train' | 'validation'>;
  readonly settings: { readonly epochs: number; readonly batchSize: number; readonly earlyStopping?: EarlyStopping };
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
  /** Called after each epoch; the state is made when it is asked for. */
  readonly onEpoch?: (state: () => RunState) => void;
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
  { trainer, targets, classes, parts, settings, seed, from }: TrainingRun,
  context: RunContext,
): TrainingOutcome {
  const { epochs, earlyStopping } = settings;
  const random = createRandom(seed, shuffleStream);
  const order = Int32Array.from(parts.train);
  const sample = evenSample(parts.train, sampledRows);
  const best = earlyStopping === undefined ? undefined : new BestEpoch(earlyStopping, from?.best);
  const history: EpochMetrics[] = [...(from?.history ?? [])];
  const report = reporter({ settings, rows: order.length, epochsBefore: history.length }, context);
  if (from !== undefined) {
    trainer.importParams(from.params);
    random.importState(from.shuffle);
  }
  const measured = ({ outputs }: Evaluation, rows: Int32Array) => ({
    outputs,
    targets: targetsOf(targets, rows),
    classes,
  });
  const state = (): RunState => ({
    history: [...history],
    shuffle: random.exportState(),
    params: trainer.exportParams(),
    ...(best?.state === undefined ? {} : { best: best.state }),
  });

  while (history.length < epochs && best?.isStale(history.length) !== true) {
    const epoch = history.length + 1;
    // From the same order each time, so that the generator's state says all of what is to come.
    order.set(parts.train);
    random.shuffle(order);
    const trainLoss = trainEpoch({ trainer, order, epoch, batchSize: settings.batchSize }, context.token, report.batch);
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
    best?.look(metrics, trainer);
    context.onEpoch?.(state);
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
    `The training diverged in epoch ${epoch}: its loss is not a number any more. Lower training.learning_rate, or set training.gradient_clip.`,
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

/** The targets of some rows, in their order. */
export function targetsOf(targets: TrainingSet['data']['targets'], rows: Int32Array): typeof targets {
  const chosen = new (targets instanceof Int32Array ? Int32Array : Float32Array)(rows.length);
  for (const [index, row] of rows.entries()) chosen[index] = targets[row] ?? Number.NaN;
  return chosen;
}

/** Streams 0 and 1 of a seed are the trainer's: its starting weights and its dropout. */
const shuffleStream = 2;
const batchesBetweenLooks = 10;
const evaluatedAtOnce = 2_048;
const sampledRows = 4_096;

interface Epoch {
  readonly trainer: Trainer;
  readonly order: Int32Array;
  readonly epoch: number;
  readonly batchSize: number;
}

/** Returns the mean loss over the rows. */
function trainEpoch(
  { trainer, order, epoch, batchSize }: Epoch,
  token: CancellationToken,
  report: (epoch: number, batch: number, trainLoss: number) => void,
): number {
  let lossSum = 0;
  for (let from = 0, batch = 1; from < order.length; from += batchSize, batch += 1) {
    if (batch % batchesBetweenLooks === 1) token.throwIfCancelled('the training');
    const rows = order.subarray(from, from + batchSize);
    lossSum += trainer.step(rows) * rows.length;
    refuseDivergence(epoch, lossSum);
    report(epoch, batch, lossSum / (from + rows.length));
  }
  return lossSum / order.length;
}

/** The best epoch so far, with everything the trainer had then. */
class BestEpoch {
  state: BestState | undefined;
  readonly #rule: EarlyStopping;

  constructor(rule: EarlyStopping, from?: BestState) {
    this.#rule = rule;
    this.state = from;
  }

  /** The best weights are those of the best score, however small its lead; patience asks for a lead of `minDelta`. */
  look({ epoch, validationLoss = Infinity, validationAccuracy = 0 }: EpochMetrics, trainer: Trainer): void {
    const score = this.#rule.monitor === 'val_loss' ? -validationLoss : validationAccuracy;
    const before = this.state;
    const lead =
      before === undefined || score > before.reference + this.#rule.minDelta
        ? { reference: score, improvedAt: epoch }
        : { reference: before.reference, improvedAt: before.improvedAt };
    const kept =
      before === undefined || score > before.score
        ? { epoch, score, params: trainer.exportParams() }
        : { epoch: before.epoch, score: before.score, params: before.params };
    this.state = { ...kept, ...lead };
  }

  isStale(epoch: number): boolean {
    return epoch - (this.state?.improvedAt ?? epoch) >= this.#rule.patience;
  }
}

function reporter(
  { settings, rows, epochsBefore }: Pick<TrainingRun, 'settings'> & { rows: number; epochsBefore: number },
  { progress, clock, share: [from, to] }: RunContext,
): { batch: (epoch: number, batch: number, trainLoss: number) => void; epoch: (metrics: EpochMetrics) => void } {
  const batches = Math.ceil(rows / settings.batchSize);
  const total = settings.epochs * batches;
  const begun = clock.elapsed();
  return {
    batch(epoch, batch, trainLoss) {
      const done = (epoch - 1) * batches + batch;
      const trained = (epoch - 1 - epochsBefore) * rows + Math.min(rows, batch * settings.batchSize);
      const seconds = (clock.elapsed() - begun) / 1000;
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

/** At most so many rows, evenly spaced, so that every stretch of time has its share. */
function evenSample(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, index) => rows[Math.floor((index * rows.length) / most)] ?? 0);
}
