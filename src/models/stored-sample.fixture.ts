import { sha256Of } from '../base/index.ts';
import { weightsHash, type ModelSpec } from '../nn/index.ts';
import { unscaled } from '../samples/index.ts';
import { parseStrategy, resolvePlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import type { ModelToSave } from './model-folder.ts';
import { modelFormat, type StoredModel } from './model-record.ts';

/** As `sampleStrategy` takes them. */
type Replacements = readonly (readonly [from: string, to: string])[];

const model: ModelSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [3], outputs: 3, activation: 'relu', dropout: 0 };
export const sampleWeights = Float32Array.from({ length: (4 + 1) * 3 + (3 + 1) * 3 }, (_, index) => index / 7);

const part = {
  loss: 0.5,
  accuracy: 0.6,
  precision: 0.6,
  recall: 0.6,
  f1: 0.6,
  confusion: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  classBalance: { BUY: 1, HOLD: 1, SELL: 1 },
};
const details = {
  plainLoss: 0.5,
  classes: [{ name: 'BUY', rows: 1, predicted: 1, precision: 1, recall: 1, f1: 1 }],
  baselines: [{ name: 'always BUY', metrics: part }],
  symbols: [{ symbol: 'AAA', metrics: part }],
  decisions: { signals: [{ signal: 'BUY', rows: 1, right: 1 }], withheld: [{ rule: 'confidence', rows: 2 }] },
};

/** A model of the sample strategy that nobody trained. */
export function sampleModel(strategyName = 'sample', ...replacements: Replacements): ModelToSave {
  const strategy = sampleStrategy(...replacements);
  const plan = resolvePlan(parseStrategy(strategy));
  return {
    weights: sampleWeights,
    strategy,
    metadata: {
      strategyName,
      model,
      objective: { kind: 'cross_entropy' },
      classes: ['BUY', 'HOLD', 'SELL'],
      decisions: plan.strategy.decisions,
      symbols: ['AAA', 'BBB'],
      timeframes: ['1h'],
      seed: 11,
      operation: 'op_train_model_1',
      createdAt: '2026-01-02T03:04:05.000Z',
      ktrdrVersion: '1.2.3',
      backend: { name: 'plain', why: 'It is the only one.' },
      machine: { platform: 'linux', architecture: 'x64', processor: 'A processor', node: '20.19.0' },
      dataFingerprint: 'ab'.repeat(32),
      series: [
        {
          symbol: 'AAA',
          timeframe: '1h',
          calendar: 'us_equities',
          bars: 2,
          first: Date.UTC(2024, 0, 2, 14, 30),
          last: Date.UTC(2024, 0, 2, 15),
          sha256: 'ef'.repeat(32),
        },
      ],
    },
    features: {
      baseTimeframe: '1h',
      indicators: plan.indicators,
      features: plan.features.map((feature) => ({ ...feature, scale: unscaled, mean: 0.5 })),
    },
    report: {
      epochsTrained: 1,
      keptEpoch: 1,
      stoppedEarly: false,
      metrics: { train: part, test: part },
      details: { train: details, test: details },
      importance: {
        part: 'test',
        rows: 3,
        repeats: 3,
        loss: 0.5,
        features: [{ id: '1h_momentum_low', lossIncrease: 0.1, spread: 0.01 }],
      },
      rows: { train: 3, validation: 0, test: 3 },
      history: [{ epoch: 1, trainLoss: 0.5, trainAccuracy: 0.6 }],
      warnings: ['A feature never changes.'],
    },
  };
}

/** The same as the store gives it back. */
export function storedSample(...replacements: Replacements): StoredModel {
  const { weights, strategy, metadata, features, report } = sampleModel('sample', ...replacements);
  const { createdAt, symbols, timeframes, seed, dataFingerprint } = metadata;
  const weightsSha256 = weightsHash(weights);
  return {
    name: 'sample',
    version: 'v1',
    createdAt,
    symbols: [...symbols],
    timeframes: [...timeframes],
    seed,
    epochsTrained: report.epochsTrained,
    metrics: report.metrics,
    weightsSha256,
    strategySha256: sha256Of(strategy),
    dataFingerprint,
    metadata: { format: modelFormat, ...metadata, weightsSha256, files: {} },
    features,
    report,
    strategy,
  };
}
