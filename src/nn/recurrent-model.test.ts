import { describe, expect, it } from 'vitest';
import { initialWeights, modelSchema, parameterCount, parametersOf } from './model.ts';
import { plainBackend } from './plain-backend.ts';
import { createPredictor } from './predictor.ts';
import { createRandom } from './random.ts';
import { recurrentLayersOf, type RecurrentSpec } from './recurrent-model.ts';
import { wasmBackend } from './wasm-backend.ts';
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

describe('a sequence that does not fit into the memory of the kernel', () => {
  it('is refused', () => {
    const model: RecurrentSpec = { ...lstm, hiddenSize: 512, sequenceLength: 100_000 };
    const data = { features: new Float32Array(3), targets: new Int32Array(1) };
    const optimizer = { type: 'sgd', learningRate: 1, weightDecay: 0, gradientClip: 0 } as const;
    expect(() => wasmBackend.create({ model, objective: { kind: 'cross_entropy' }, optimizer, data, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining('of a sequence') }),
    );
  });
});

describe.each([
  { backend: plainBackend, kind: 'gru', hash: 'a03bf8feeb40c746ee31dd484b33bb7bdb02586e212868c19344b22b0b858cd8' },
  { backend: plainBackend, kind: 'lstm', hash: '564c3254e4c8cb854fce40323e45e451298b8d0e1ce147e027267275d1e57094' },
  { backend: wasmBackend, kind: 'gru', hash: 'f7a5230f2d1f6d3f06b987a3f2349bb420c3909e87f3f3847c693bce2faf6d81' },
  { backend: wasmBackend, kind: 'lstm', hash: 'e4bbcd522f7ec4174cc8a05a9a4ba0847589720780a82ad7345064bf76c273f1' },
] as const)('a $kind trained by the backend $backend.name', ({ backend, kind, hash }) => {
  const model: RecurrentSpec = { kind, ...shape, hiddenSize: 7 };
  const rows = Int32Array.from({ length: 120 }, (_, index) => index + model.sequenceLength - 1);
  const random = createRandom(1);
  const features = Float32Array.from({ length: (rows.length + 7) * model.inputs }, () => random.normal());
  const targets = Int32Array.from({ length: rows.length + 7 }, () => random.below(2));
  const trainer = backend.create({
    model,
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate: 0.01, weightDecay: 1e-4, gradientClip: 1 },
    data: { features, targets },
    seed: 1,
  });
  for (let epoch = 0; epoch < 3; epoch += 1) {
    for (let start = 0; start < rows.length; start += 70) trainer.step(rows.subarray(start, start + 70));
  }

  it('has the same weights on every machine', () => {
    expect(weightsHash(trainer.exportWeights())).toBe(hash);
  });

  it('answers as the predictor of its weights does, for every row that ends a sequence', () => {
    const predictor = createPredictor(model, 'cross_entropy', trainer.exportWeights());
    const { outputs } = trainer.evaluate(rows);
    const predicted = predictor.outputs(features);
    expect(predicted).toHaveLength(outputs.length);
    const apart = Math.max(...predicted.map((value, index) => Math.abs(value - (outputs[index] ?? Number.NaN))));
    expect(apart).toBeLessThanOrEqual(backend === plainBackend ? 0 : 1e-6);
    expect(predictor.outputs(features.subarray(0, 7 * model.inputs))).toHaveLength(0);
  });
});
