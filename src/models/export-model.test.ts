import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { createPredictor, readSafetensors, weightsFromTensors } from '../nn/index.ts';
import { exportModel } from './export-model.ts';
import { sampleWeights, storedSample } from './stored-sample.fixture.ts';

env.wasm.numThreads = 1;

describe('exportModel()', () => {
  const stored = storedSample();
  const scaled = {
    ...stored,
    features: {
      ...stored.features,
      features: stored.features.features.map((feature, place) =>
        place === 3 ? { ...feature, scale: { method: 'zscore' as const, offset: 2, scale: 4 } } : feature,
      ),
    },
  };

  it('makes an ONNX file that takes features as they are and gives the chances of the model', async () => {
    const session = await InferenceSession.create(exportModel(scaled, sampleWeights, 'onnx'));
    const { outputs } = await session.run({ features: new Tensor('float32', [0.1, 0.7, 0.2, 3], [1, 4]) });
    const expected = createPredictor(stored.metadata.model, 'cross_entropy', sampleWeights).outputs(
      Float32Array.of(0.1, 0.7, 0.2, 0.25),
    );
    const told = Float32Array.from(outputs?.data as Float32Array);
    expect(told).toHaveLength(3);
    for (const [label, chance] of expected.entries()) expect(told[label]).toBeCloseTo(chance, 5);
  });

  it('tells in a safetensors file what the inputs are, how they are scaled, and where the model comes from', () => {
    const { tensors, metadata } = readSafetensors(exportModel(scaled, sampleWeights, 'safetensors'));
    expect(weightsFromTensors(stored.metadata.model, tensors)).toEqual(sampleWeights);
    expect(JSON.parse(metadata['ktrdr.features'] ?? '')).toEqual(stored.features.features.map(({ id }) => id));
    expect(JSON.parse(metadata['ktrdr.scales'] ?? '')).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [2, 4],
    ]);
    expect(JSON.parse(metadata['ktrdr.classes'] ?? '')).toEqual(['BUY', 'HOLD', 'SELL']);
    expect(metadata['ktrdr.weights_sha256']).toBe(stored.weightsSha256);
  });
});
