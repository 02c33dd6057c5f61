import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../async/index.ts';
import { createPredictor, createRandom, initialWeights, type ModelSpec } from '../nn/index.ts';
import { featureColumns, unscaled } from '../samples/index.ts';
import { walk } from '../samples/random-walk.fixture.ts';
import { parseStrategy, resolvePlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { explain, type Explanation, type SeenBar } from './explain.ts';
import type { ModelFeatures } from './model-record.ts';

const classes = ['BUY', 'HOLD', 'SELL'];
const plan = resolvePlan(parseStrategy(sampleStrategy()));
const features: ModelFeatures['features'] = plan.features.map((feature, index) => ({
  ...feature,
  scale: feature.kind === 'raw' ? { method: 'zscore', offset: 0.1, scale: 0.4 } : unscaled,
  mean: [0.1, 0.6, 0.2, 0][index] ?? 0,
}));
const { columns } = featureColumns(
  plan,
  { symbol: 'AAA', calendar: 'us_equities', series: [{ timeframe: '1h', bars: walk({ seed: 3, count: 300 }) }] },
  CancellationToken.none,
);

/** What a model sees at a bar, with so many rows before it. */
function seen(bar: number, rows = 1): SeenBar {
  const window = Array.from({ length: rows }, (_, row) =>
    columns.map(({ values }) => values[bar - rows + 1 + row] ?? 0),
  );
  return {
    window: Float32Array.from(window.flat()),
    readings: Float64Array.from(columns, ({ readings }) => readings[bar] ?? Number.NaN),
  };
}

const models: ModelSpec[] = [
  { kind: 'mlp', inputs: 4, hiddenLayers: [8], outputs: 3, activation: 'tanh', dropout: 0 },
  { kind: 'gru', inputs: 4, sequenceLength: 5, hiddenSize: 6, layers: 1, outputs: 3, dropout: 0 },
];

function explained(model: ModelSpec, seed: number, bar: number): Explanation {
  const random = createRandom(seed);
  const weights = initialWeights(model, seed).map((weight) => 3 * weight + 0.5 * random.normal());
  const predictor = createPredictor(model, 'cross_entropy', weights);
  return explain({ features, predictor, classes, bar: seen(bar, model.kind === 'mlp' ? 1 : model.sequenceLength) });
}

describe.each(models)('explain() of a model of kind $kind', (model) => {
  it('shares all that differs from an ordinary day among the inputs', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.integer({ min: 50, max: 299 }), (seed, bar) => {
        const { outputs, output, ordinary, inputs } = explained(model, seed, bar);
        const sum = inputs.reduce((total, { contribution }) => total + contribution, 0);
        expect(sum).toBeCloseTo((outputs[output] ?? 0) - ordinary, 5);
        for (const { contribution, features: own } of inputs) {
          expect(own.reduce((total, feature) => total + feature.contribution, 0)).toBeCloseTo(contribution, 9);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('shows what the indicators show and how far each word applies', () => {
    const { inputs } = explained(model, 4, 200);
    const rsi = inputs.find(({ indicator }) => indicator === 'rsi_14');
    expect(inputs.map(({ indicator }) => indicator).toSorted()).toEqual(['macd_12.histogram', 'rsi_14']);
    expect(rsi?.reading).toBe(columns[0]?.readings[200]);
    expect(rsi?.features.map(({ id }) => id)).toEqual(['1h_momentum_low', '1h_momentum_middle', '1h_momentum_high']);
    expect(rsi?.features.map(({ value }) => value)).toEqual(
      [0, 1, 2].map((at) => Math.fround(columns[at]?.values[200] ?? 0)),
    );
  });
});

describe('explain()', () => {
  const [model = { kind: 'mlp', inputs: 4, hiddenLayers: [], outputs: 3, activation: 'tanh', dropout: 0 }] = models;

  it('knows the nearest reading with which the decision would be another', () => {
    // BUY while the raw input, scaled, is above 1; SELL below.
    const linear: ModelSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [], outputs: 3, activation: 'tanh', dropout: 0 };
    const weights = new Float32Array(15);
    weights[3] = 5;
    weights[11] = -5;
    weights.set([-5, -50, 5], 12);
    const bar = { window: Float32Array.of(0, 1, 0, 0.9), readings: Float64Array.of(50, 50, 50, 0.9) };
    const predictor = createPredictor(linear, 'cross_entropy', weights);
    const { output, changes } = explain({ features, predictor, classes, bar });
    expect(output).toBe('BUY');
    expect(changes).toHaveLength(1);
    const [change] = changes;
    expect(change).toMatchObject({ timeframe: '1h', indicator: 'macd_12.histogram', from: 0.9, decision: 'SELL' });
    expect(change?.to).toBeCloseTo(0.1 + 0.4 * 1, 6);
  });

  it('tells of no change that does not change the decision', () => {
    let found = 0;
    for (let seed = 0; seed < 40; seed += 1) {
      const { output, changes, outputs } = explained(model, seed, 60 + seed);
      for (const { decision, from, to } of changes) {
        found += 1;
        expect(decision).not.toBe(output);
        expect(to).not.toBe(from);
      }
      expect(Object.values(outputs).reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 5);
    }
    expect(found).toBeGreaterThan(10);
  });

  it('tries less where the network is large, and still shares all of the difference', () => {
    let asked = 0;
    const predictor = createPredictor(model, 'cross_entropy', initialWeights(model, 1));
    const counting = {
      outputs(values: Float32Array): Float32Array {
        asked += 1;
        return predictor.outputs(values);
      },
    };
    const options = { features, predictor: counting, classes, bar: seen(200), cost: 1e9 };
    const { inputs, outputs, output, ordinary } = explain(options);
    expect(asked).toBeLessThan(700);
    const sum = inputs.reduce((total, { contribution }) => total + contribution, 0);
    expect(sum).toBeCloseTo((outputs[output] ?? 0) - ordinary, 5);
  });

  it('explains the value of a regression, and what would change its sign', () => {
    const linear: ModelSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [], outputs: 1, activation: 'tanh', dropout: 0 };
    const predictor = createPredictor(linear, 'huber', Float32Array.of(0.02, 0, -0.02, 0, 0));
    const bar = { window: Float32Array.of(1, 0, 0, 0.1), readings: Float64Array.of(20, 20, 20, 0.1) };
    const { output, outputs, inputs, changes } = explain({ features, predictor, classes: [], bar });
    expect(output).toBe('value');
    expect(outputs['value']).toBeCloseTo(0.02, 6);
    expect(inputs[0]?.contribution).toBeCloseTo(0.02 * (1 - 0.1) - 0.02 * (0 - 0.2), 6);
    const rsi = changes.find(({ indicator }) => indicator === 'rsi_14');
    // Low ends at 45 and high begins at 55: nothing in between is above 0.
    expect(rsi).toMatchObject({ from: 20, decision: 'not above 0' });
    expect([0, 45]).toContainEqual(expect.closeTo(rsi?.to ?? -1, 4));
  });
});
