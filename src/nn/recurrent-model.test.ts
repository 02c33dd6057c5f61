import { describe, expect, it } from 'vitest';
import { initialWeights, modelSchema, parameterCount, parametersOf } from './model.ts';
import { plainBackend } from './plain-backend.ts';
import { createPredictor } from './predictor.ts';
import { createRandom } from './random.ts';
import { recurrentLayersOf, type RecurrentSpec } from './recurrent-model.ts';
import { weightsHash } from './weights.ts';

const shape = { inputs: 3, sequenceLength: 8, hiddenSize: 100, layers: 2, outputs: 2, dropout: 0.2 };
const gru: RecurrentSpec = { kind: 'gru', ...shape };
const lstm: RecurrentSpec = { kind: 'lstm', ...shape };

describe('the parameters of a recurrent model', () => {
  it('have the names and shapes that PyTorch gives them, and no gaps between them', () => {
    const tensors = parametersOf({ ...lstm, hiddenSize: 5 });
    expect(tensors.map(({ name, shape }) => [name, ...shape])).toEqual([
      ['layers.0.weight_ih', 20, 3],
      ['layers.0.weight_hh', 20, 5],
      ['layers.0.bias_ih', 20],
      ['layers.0.bias_hh', 20],
      ['layers.1.weight_ih', 20, 5],
      ['layers.1.weight_hh', 20, 5],
      ['layers.1.bias_ih', 20],
      ['layers.1.bias_hh', 20],
      ['layers.2.weight', 2, 5],
      ['layers.2.bias', 2],
    ]);
    expect(tensors.map(({ start }) => start)).toEqual([0, ...tensors.slice(0, -1).map(({ end }) => end)]);
    for (const { shape, start, end } of tensors) expect(end - start).toBe(shape.reduce((size, side) => size * side, 1));
  });

  it('are three gates of a GRU and four of an LSTM', () => {
    // torch.nn.GRU(3, 100, 2) and torch.nn.LSTM(3, 100, 2), with a Linear(100, 2).
    expect(parameterCount(gru)).toBe(92_100 + 202);
    expect(parameterCount(lstm)).toBe(122_800 + 202);
  });

  it('need a sequence and a dropout below 1', () => {
    expect(modelSchema.safeParse(gru).success).toBe(true);
    expect(modelSchema.safeParse({ ...gru, sequenceLength: 0 }).success).toBe(false);
    expect(modelSchema.safeParse({ ...lstm, layers: 0 }).success).toBe(false);
    expect(modelSchema.safeParse({ ...lstm, dropout: 1 }).success).toBe(false);
  });
});

describe('the starting weights of a recurrent model', () => {
  it.each([gru, lstm])(
    'of a $kind are uniform within 1 / sqrt(hiddenSize), those of its dense layer by Glorot',
    (model) => {
      const weights = initialWeights(model, 1);
      const { recurrent, dense } = recurrentLayersOf(model);
      for (const { weightIh, biasIh } of recurrent) {
        const drawn = weights.subarray(weightIh, biasIh);
        expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(0.1);
        expect(drawn.reduce((sum, weight) => sum + weight ** 2, 0) / drawn.length / (0.1 ** 2 / 3)).toBeCloseTo(1, 1);
      }
      const last = weights.subarray(dense.weights, dense.biases);
      const largest = Math.max(...last.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / 102));
      expect(largest).toBeGreaterThan(0.1);
      expect(weights.subarray(dense.biases)).toEqual(new Float32Array(2));
    },
  );

  it('hold the forget gates of an LSTM open', () => {
    const weights = initialWeights(lstm, 1);
    for (const { biasIh, biasHh, hiddenSize } of recurrentLayersOf(lstm).recurrent) {
      const gate = (biases: number, index: number): Float32Array =>
        weights.subarray(biases + index * hiddenSize, biases + (index + 1) * hiddenSize);
      expect(gate(biasIh, 1)).toEqual(new Float32Array(100).fill(1));
      expect(gate(biasHh, 1)).toEqual(new Float32Array(100));
      for (const other of [0, 2, 3]) expect(Math.max(...gate(biasIh, other))).toBeLessThanOrEqual(0.1);
    }
  });
});

describe.each([
  ['gru', 'e9a92ab90427bc60ef67c65a54dc45be4ccaef6341982c5c495eac9ae7069164'],
  ['lstm', '6663ca55b35762ea3c708a437c5a0af685292cc57bded1f2147a49accf55acaf'],
] as const)('a trained %s', (kind, hash) => {
  const model: RecurrentSpec = { kind, ...shape, hiddenSize: 7 };
  const rows = Int32Array.from({ length: 120 }, (_, index) => index + model.sequenceLength - 1);
  const random = createRandom(1);
  const features = Float32Array.from({ length: (rows.length + 7) * model.inputs }, () => random.normal());
  const targets = Int32Array.from({ length: rows.length + 7 }, () => random.below(2));
  const trainer = plainBackend.create({
    model,
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate: 0.01, weightDecay: 1e-4, gradientClip: 1 },
    data: { features, targets },
    seed: 1,
  });
  for (let epoch = 0; epoch < 3; epoch += 1) {
    for (let start = 0; start < rows.length; start += 48) trainer.step(rows.subarray(start, start + 48));
  }

  it('has the same weights on every machine', () => {
    expect(weightsHash(trainer.exportWeights())).toBe(hash);
  });

  it('answers as the predictor of its weights does, for every row that ends a sequence', () => {
    const predictor = createPredictor(model, 'cross_entropy', trainer.exportWeights());
    expect(predictor.outputs(features)).toEqual(trainer.evaluate(rows).outputs);
    expect(predictor.outputs(features.subarray(0, 7 * model.inputs))).toHaveLength(0);
  });
});
