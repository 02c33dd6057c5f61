import { describe, expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  ManualClock,
  ProgressReporter,
  type ProgressState,
} from '../async/index.ts';
import { accuracyOf } from '../models/index.ts';
import { createRandom, plainBackend, weightsHash, type Trainer } from '../nn/index.ts';
import type { EarlyStopping } from '../strategies/index.ts';
import { thrownBy } from '../base/thrown-by.fixture.ts';
import { renderTrainingProgress, type TrainModelContext } from './train-model.ts';
import { evaluateRows, runTraining, type TrainingOutcome } from './training-run.ts';

const rows = 400;
const random = createRandom(5);
const features = Float32Array.from({ length: rows * 2 }, () => random.normal());
// Noisy, so that a large network first learns and then learns by heart.
const targets = Int32Array.from({ length: rows }, (_, row) =>
  random.float() < 0.3 ? random.below(3) : (features[row * 2] ?? 0) > 0 ? 0 : 2,
);
const range = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to - from }, (_, index) => from + index);
const classes = ['BUY', 'HOLD', 'SELL'];
const parts = { train: range(0, 200), validation: range(200, 400) };

function newTrainer({ learningRate = 0.03, weights }: { learningRate?: number; weights?: Float32Array } = {}): Trainer {
  return plainBackend.create({
    model: { kind: 'mlp', inputs: 2, hiddenLayers: [32], outputs: 3, activation: 'tanh', dropout: 0 },
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate, weightDecay: 0, gradientClip: 0 },
    data: { features, targets, ...(weights === undefined ? {} : { weights }) },
    seed: 3,
  });
}

interface Run {
  readonly trainer: Trainer;
  readonly weights?: Float32Array;
  readonly epochs: number;
  readonly earlyStopping?: EarlyStopping;
  readonly token?: CancellationToken;
  readonly onState?: (state: ProgressState<TrainModelContext>) => void;
}

function run({
  trainer,
  weights,
  epochs,
  earlyStopping,
  token = CancellationToken.none,
  onState = () => {},
}: Run): TrainingOutcome {
  const clock = new ManualClock();
  const context = { modelType: 'mlp', symbols: ['AAA'], timeframes: ['1h'], epoch: 0, epochs, batch: 0, batches: 0 };
  using progress = new ProgressReporter<TrainModelContext>({ clock, context, emit: onState, intervalMs: 0 });
  const settings = { epochs, batchSize: 32, ...(earlyStopping === undefined ? {} : { earlyStopping }) };
  return runTraining(
    { trainer, targets, weights, classes, parts, settings, seed: 9 },
    { token, progress, clock, share: [0.2, 0.8] },
  );
}

describe('runTraining()', () => {
  it('gives the same weights and history for the same seed', () => {
    const results = [newTrainer(), newTrainer()].map((trainer) => {
      const { history } = run({ trainer, epochs: 4 });
      return { hash: weightsHash(trainer.exportWeights()), history };
    });
    expect(results[0]).toEqual(results[1]);
  });

  it('learns', () => {
    const { history } = run({ trainer: newTrainer(), epochs: 5 });
    expect(history).toHaveLength(5);
    expect(history.at(-1)?.trainLoss).toBeLessThan(history[0]?.trainLoss ?? 0);
    expect(history.at(-1)?.validationAccuracy).toBeGreaterThan(0.6);
  });

  it('tells the training loss by the weights of the rows, as the validation loss is told', () => {
    const weights = Float32Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 5 : 0.25));
    const still = newTrainer({ weights, learningRate: 1e-12 });
    const { history } = run({ trainer: still, weights, epochs: 1 });
    const { loss } = evaluateRows(still, parts.train, CancellationToken.none);
    expect(history[0]?.trainLoss).toBeCloseTo(loss, 6);
    expect(history[0]?.trainLoss).not.toBeCloseTo(
      run({ trainer: newTrainer(), epochs: 1 }).history[0]?.trainLoss ?? 0,
      3,
    );
  });

  it('ends with the weights of the best epoch, which it names', () => {
    const trainer = newTrainer();
    const { history, keptEpoch, epochsTrained, stoppedEarly } = run({
      trainer,
      epochs: 200,
      earlyStopping: { patience: 6, minDelta: 0, monitor: 'val_loss' },
    });
    const losses = history.map(({ validationLoss = Infinity }) => validationLoss);
    expect(stoppedEarly).toBe(true);
    expect(epochsTrained).toBe(history.length);
    expect(epochsTrained).toBe(keptEpoch + 6);
    expect(Math.min(...losses)).toBe(losses[keptEpoch - 1]);
    expect(evaluateRows(trainer, parts.validation, CancellationToken.none).loss).toBe(losses[keptEpoch - 1]);

    const upToThere = newTrainer();
    run({ trainer: upToThere, epochs: keptEpoch });
    expect(weightsHash(trainer.exportWeights())).toBe(weightsHash(upToThere.exportWeights()));
  });

  it('takes the best weights also when it was never stopped early', () => {
    const trainer = newTrainer();
    const { keptEpoch, stoppedEarly, history } = run({
      trainer,
      epochs: 30,
      earlyStopping: { patience: 1_000, minDelta: 0, monitor: 'val_accuracy' },
    });
    const accuracies = history.map(({ validationAccuracy = 0 }) => validationAccuracy);
    expect(stoppedEarly).toBe(false);
    expect(keptEpoch).toBe(accuracies.indexOf(Math.max(...accuracies)) + 1);
    const { outputs } = evaluateRows(trainer, parts.validation, CancellationToken.none);
    expect(accuracyOf({ outputs, targets: targets.slice(200, 400), classes })).toBe(Math.max(...accuracies));
  });

  it('keeps the first of equally good epochs', () => {
    const trainer = newTrainer();
    trainer.learningRate = 0;
    const earlyStopping = { patience: 2, minDelta: 0, monitor: 'val_loss' } as const;
    expect(run({ trainer, epochs: 9, earlyStopping })).toMatchObject({ keptEpoch: 1, epochsTrained: 3 });
  });

  it('does not take a lead smaller than minDelta for an improvement', () => {
    const { epochsTrained } = run({
      trainer: newTrainer(),
      epochs: 50,
      earlyStopping: { patience: 3, minDelta: 10, monitor: 'val_loss' },
    });
    expect(epochsTrained).toBe(4);
  });

  it('keeps the last weights without early stopping', () => {
    expect(run({ trainer: newTrainer(), epochs: 3 })).toMatchObject({
      keptEpoch: 3,
      epochsTrained: 3,
      stoppedEarly: false,
    });
  });

  it('reports the batches, in words that people know, and never goes back', () => {
    const states: ProgressState<TrainModelContext>[] = [];
    run({ trainer: newTrainer(), epochs: 2, onState: (state) => states.push(state) });
    const messages = states.map(renderTrainingProgress);
    expect(messages).toContain('Training MLP model on AAA [1h] epoch 1/2 batch 1/7');
    expect(messages).toContain('Training MLP model on AAA [1h] epoch 2/2 batch 7/7');
    const fractions = states.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBeCloseTo(0.8, 12);
    expect(states.at(-1)).toMatchObject({ done: 14, total: 14, context: { validationAccuracy: expect.any(Number) } });
  });

  it('stops within ten batches of a cancel', () => {
    using source = new CancellationSource();
    let batches = 0;
    const train = (): unknown =>
      run({
        trainer: newTrainer(),
        epochs: 1_000,
        token: source.token,
        onState: ({ context: { epoch, batch } }) => {
          batches = (epoch - 1) * 7 + batch;
          if (batches === 98) source.cancel();
        },
      });
    expect(train).toThrow(/^Cancelled at the request of the user during the (training|evaluation)/);
    expect(batches).toBeLessThanOrEqual(108);
  });

  const hurried = (): Trainer =>
    plainBackend.create({
      model: { kind: 'mlp', inputs: 2, hiddenLayers: [8], outputs: 3, activation: 'relu', dropout: 0 },
      objective: { kind: 'cross_entropy' },
      optimizer: { type: 'sgd', learningRate: 1e38, weightDecay: 0, gradientClip: 0 },
      data: { features, targets },
      seed: 1,
    });

  it('says that a training diverged, as soon as it has, and reports no loss that is none', () => {
    const losses: (number | undefined)[] = [];
    const onState = ({ context }: ProgressState<TrainModelContext>): void => void losses.push(context.trainLoss);
    const error = thrownBy(() => run({ trainer: hurried(), epochs: 5, onState }));
    expect(error.code).toBe('failed_precondition');
    expect(error.message).toContain('diverged in epoch 1:');
    expect(losses.filter((loss) => loss !== undefined && !Number.isFinite(loss))).toEqual([]);
  });

  it('notices that the very last step diverged, without a validation part, too', () => {
    const { none: token } = CancellationToken;
    const clock = new ManualClock();
    const progress = { report: () => {}, within: () => progress };
    const whole = { parts: { train: parts.train, validation: range(0, 0) }, settings: { epochs: 1, batchSize: 100 } };
    const error = thrownBy(() =>
      runTraining(
        { trainer: hurried(), targets, classes, seed: 1, ...whole },
        { token, clock, progress, share: [0, 1] },
      ),
    );
    expect(error.message).toContain('diverged in epoch 1:');
  });
});

describe('evaluateRows()', () => {
  it('adds pieces up to what one evaluation gives', () => {
    const trainer = newTrainer();
    const many = Int32Array.from({ length: 5_000 }, (_, index) => index % rows);
    const whole = trainer.evaluate(many);
    const pieces = evaluateRows(trainer, many, CancellationToken.none);
    expect(pieces.outputs).toEqual(whole.outputs);
    expect(pieces.weight).toBe(5_000);
    expect(pieces.loss).toBeCloseTo(whole.loss, 9);
  });

  it('lets each piece count by its weight', () => {
    const weights = Float32Array.from({ length: rows }, (_, row) => (row < 200 ? 5 : 0.5));
    using trainer = plainBackend.create({
      model: { kind: 'mlp', inputs: 2, hiddenLayers: [], outputs: 3, activation: 'tanh', dropout: 0 },
      objective: { kind: 'cross_entropy' },
      optimizer: { type: 'adam', learningRate: 0.03, weightDecay: 0, gradientClip: 0 },
      data: { features, targets, weights },
      seed: 3,
    });
    const many = Int32Array.from({ length: 3_000 }, (_, index) => (index < 2_048 ? index % 200 : 200 + (index % 200)));
    const pieces = evaluateRows(trainer, many, CancellationToken.none);
    expect(pieces.weight).toBe(2_048 * 5 + 952 * 0.5);
    expect(pieces.loss).toBeCloseTo(trainer.evaluate(many).loss, 9);
  });
});
