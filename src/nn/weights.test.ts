import { describe, expect, it } from 'vitest';
import { initialWeights, type ModelSpec, parameterCount } from './model.ts';
import { createPredictor } from './predictor.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { tensorsFromWeights, weightsFromTensors, weightsHash } from './weights.ts';

const model: ModelSpec = { kind: 'mlp', inputs: 3, hiddenLayers: [4], outputs: 2, activation: 'relu', dropout: 0 };
const corrupt = expect.objectContaining({ code: 'data_corrupt' });

describe('weights as tensors', () => {
  it('have the names and shapes of their layers', () => {
    const weights = Float32Array.from({ length: 26 }, (_, index) => index);
    const tensors = tensorsFromWeights(model, weights);
    expect([...tensors].map(([name, { shape }]) => [name, ...shape])).toEqual([
      ['layers.0.weight', 4, 3],
      ['layers.0.bias', 4],
      ['layers.1.weight', 2, 4],
      ['layers.1.bias', 2],
    ]);
    expect(tensors.get('layers.0.bias')?.values).toEqual(Float32Array.of(12, 13, 14, 15));
  });

  it('come back from a file as they were', () => {
    const weights = initialWeights(model, 5);
    const file = readSafetensors(writeSafetensors({ tensors: tensorsFromWeights(model, weights), metadata: {} }));
    expect(weightsFromTensors(model, file.tensors)).toEqual(weights);
  });

  it('are refused where they are not those of the model', () => {
    const tensors = tensorsFromWeights(model, initialWeights(model, 5));
    expect(() => weightsFromTensors({ ...model, hiddenLayers: [5] }, tensors)).toThrow(corrupt);
    expect(() => weightsFromTensors({ ...model, hiddenLayers: [4, 2] }, tensors)).toThrow(corrupt);
    expect(() =>
      weightsFromTensors(model, new Map([...tensors, ['extra', { shape: [0], values: new Float32Array(0) }]])),
    ).toThrow(corrupt);
    expect(() => tensorsFromWeights(model, new Float32Array(25))).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});

describe('weightsHash()', () => {
  it('is the SHA-256 of the little-endian bytes', () => {
    // printf '\0\0\x80\x3f\0\0\0\xc0' | sha256sum
    expect(weightsHash(Float32Array.of(1, -2))).toBe(
      'ee4ac73c2bd27756ab82780f27c73a7bc4d3f0bb6acb37e008bc27eccd7e588b',
    );
  });
});

describe('initialWeights()', () => {
  const wide: ModelSpec = { ...model, inputs: 50, hiddenLayers: [200] };
  const spread = (weights: Float32Array): number =>
    weights.reduce((sum, weight) => sum + weight ** 2, 0) / weights.length;

  it('spreads rectified layers by 2 / inputs and the last by 2 / (inputs + outputs)', () => {
    const weights = initialWeights(wide, 1);
    expect(weights).toHaveLength(parameterCount(wide));
    expect(spread(weights.subarray(0, 10_000)) / (2 / 50)).toBeCloseTo(1, 1);
    expect(weights.subarray(10_000, 10_200)).toEqual(new Float32Array(200));
    expect(Math.max(...weights.subarray(10_200, 10_600))).toBeLessThanOrEqual(Math.sqrt(6 / 202));
    expect(spread(weights.subarray(10_200, 10_600)) / (2 / 202)).toBeCloseTo(1, 0);
  });

  it('spreads the others uniformly by 2 / (inputs + outputs)', () => {
    const weights = initialWeights({ ...wide, activation: 'tanh' }, 1).subarray(0, 10_000);
    expect(Math.max(...weights)).toBeLessThanOrEqual(Math.sqrt(6 / 250));
    expect(spread(weights) / (2 / 250)).toBeCloseTo(1, 1);
  });
});

describe('createPredictor()', () => {
  it('needs weights and features that fit the model', () => {
    const refused = expect.objectContaining({ code: 'invalid_input' });
    expect(() => createPredictor(model, 'cross_entropy', new Float32Array(25))).toThrow(refused);
    const predictor = createPredictor(model, 'cross_entropy', new Float32Array(26));
    expect(() => predictor.outputs(new Float32Array(4))).toThrow(refused);
    expect(predictor.outputs(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(predictor.outputs(new Float32Array(6))).toEqual(Float32Array.of(0.5, 0.5, 0.5, 0.5));
  });
});
