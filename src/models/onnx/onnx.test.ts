import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { createPredictor, createRandom, encodeOnnx, initialWeights, type ModelSpec } from '../../nn/index.ts';
import { unscaled, type FeatureScale } from '../../samples/index.ts';
import { networkGraph } from './network-graph.ts';

const activation = fc.constantFrom('relu', 'leaky_relu', 'tanh', 'sigmoid');
const width = fc.integer({ min: 1, max: 12 });
const models: fc.Arbitrary<ModelSpec> = fc.oneof(
  fc.record({
    kind: fc.constant('mlp'),
    inputs: width,
    hiddenLayers: fc.array(width, { maxLength: 3 }),
    outputs: fc.integer({ min: 1, max: 4 }),
    activation,
    dropout: fc.constant(0.2),
  }),
  fc.record({
    kind: fc.constantFrom('gru', 'lstm'),
    inputs: width,
    sequenceLength: fc.integer({ min: 1, max: 6 }),
    hiddenSize: width,
    layers: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 4 }),
    dropout: fc.constant(0.2),
  }),
);

describe('an exported network', () => {
  it('gives in onnxruntime what it gives here, within 1e-5', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(models, fc.integer({ min: 1, max: 20 }), fc.nat(1_000), async (model, rows, seed) => {
        const isClassifier = model.outputs > 1;
        const random = createRandom(seed);
        // Prices as large as they come, around which little moves.
        const scales: FeatureScale[] = Array.from({ length: model.inputs }, (_, index) =>
          index % 2 === 0
            ? unscaled
            : { method: 'zscore', offset: 40_000 * random.float(), scale: 0.1 + 300 * random.float() },
        );
        const weights = initialWeights(model, seed).map((weight) => weight + 0.1 * random.normal());
        const steps = model.kind === 'mlp' ? 1 : model.sequenceLength;
        const features = Float32Array.from({ length: rows * steps * model.inputs }, (_, index) => {
          const { offset, scale } = scales[index % model.inputs] ?? unscaled;
          return offset + scale * random.normal();
        });
        const graph = networkGraph({ model, weights, scales, isClassifier, metadata: { classes: 'BUY,SELL' } });
        const session = await InferenceSession.create(encodeOnnx(graph), { logSeverityLevel: 3 });
        const shape = model.kind === 'mlp' ? [rows, model.inputs] : [rows, steps, model.inputs];
        const { outputs } = await session.run({ features: new Tensor('float32', features, shape) });
        await session.release();
        const scaled = features.map((value, index) => {
          const { offset, scale } = scales[index % model.inputs] ?? unscaled;
          return (value - offset) / scale;
        });
        const predictor = createPredictor(model, isClassifier ? 'cross_entropy' : 'huber', weights);
        for (let row = 0; row < rows; row += 1) {
          const own = scaled.subarray(row * steps * model.inputs, (row + 1) * steps * model.inputs);
          for (const [index, value] of predictor.outputs(own).entries()) {
            const found = Number(outputs?.data[row * model.outputs + index]);
            expect(Math.abs(found - value), `${model.kind}, row ${row}`).toBeLessThanOrEqual(
              1e-5 * Math.max(1, Math.abs(value)),
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
