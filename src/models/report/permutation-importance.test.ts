import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken } from '../../async/index.ts';
import { createPredictor, createRandom, initialWeights, type ModelSpec } from '../../nn/index.ts';
import { permutationImportance } from './permutation-importance.ts';

const rows = 400;
const random = createRandom(1);
const features = Float32Array.from({ length: rows * 3 }, () => random.normal());
const targets = Int32Array.from({ length: rows }, (_, row) => ((features[row * 3 + 1] ?? 0) > 0 ? 1 : 0));
const ids = ['first', 'second', 'third'];

// Only the second feature decides, the third adds a little noise.
const decided: ModelSpec = { kind: 'mlp', inputs: 3, hiddenLayers: [], outputs: 2, activation: 'tanh', dropout: 0 };
const options = {
  part: 'test' as const,
  rows: Int32Array.from({ length: rows }, (_, row) => row),
  data: { features, targets },
  classes: ['DOWN', 'UP'],
  ids,
  predictor: createPredictor(decided, 'cross_entropy', Float32Array.of(0, -4, 0, 0, 4, 0.2, 0, 0)),
  window: 1,
  weights: 8,
  seed: 7,
};

describe('permutationImportance()', () => {
  it('finds the feature that decides, and that one which is not looked at does nothing', () => {
    const { features: found, loss, repeats } = permutationImportance(options, CancellationToken.none);
    expect(found.map(({ id }) => id)[0]).toBe('second');
    expect(found[0]?.lossIncrease).toBeGreaterThan(1);
    expect(found.find(({ id }) => id === 'first')).toEqual({ id: 'first', lossIncrease: 0, spread: 0 });
    expect(loss).toBeLessThan(0.3);
    expect(repeats).toBeGreaterThan(1);
  });

  it('gives the same numbers for the same seed, and leaves the features as they are', () => {
    const before = Float32Array.from(features);
    const [once, again] = [0, 1].map(() => permutationImportance(options, CancellationToken.none));
    expect(again).toEqual(once);
    expect(features).toEqual(before);
  });

  it('takes an even sample where the network is large', () => {
    const sampled = permutationImportance({ ...options, weights: 1e8 }, CancellationToken.none);
    expect(sampled.rows).toBe(64);
    expect(sampled.features[0]?.id).toBe('second');
  });

  it('gives a network for sequences the whole sequence of another row', () => {
    const model: ModelSpec = {
      kind: 'gru',
      inputs: 3,
      sequenceLength: 4,
      hiddenSize: 3,
      layers: 1,
      outputs: 2,
      dropout: 0,
    };
    const weights = initialWeights(model, 2);
    // The first of the inputs reaches no gate.
    for (let gate = 0; gate < 9; gate += 1) weights[gate * 3] = 0;
    const predictor = createPredictor(model, 'cross_entropy', weights);
    const { features: found, rows: used } = permutationImportance(
      { ...options, predictor, rows: options.rows.subarray(3), window: 4, weights: weights.length },
      CancellationToken.none,
    );
    expect(used).toBe(rows - 3);
    expect(found.find(({ id }) => id === 'first')?.lossIncrease).toBe(0);
    expect(found.filter(({ lossIncrease }) => lossIncrease !== 0)).toHaveLength(2);
  });

  it('stops when it is cancelled', () => {
    const source = new CancellationSource();
    source.cancel('user');
    expect(() => permutationImportance(options, source.token)).toThrow('the report of the training');
  });
});
