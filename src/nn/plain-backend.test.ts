import { describe, expect, it } from 'vitest';
import { testBackend } from './backend.contract.ts';
import { plainBackend } from './plain-backend.ts';
import { createPredictor } from './predictor.ts';
import { createRandom } from './random.ts';
import { testRecurrent } from './recurrent.contract.ts';
import { weightsHash } from './weights.ts';

testBackend(plainBackend);
testRecurrent(plainBackend);

const objective = { kind: 'cross_entropy' } as const;
const inputs = 6;
const rows = Int32Array.from({ length: 256 }, (_, row) => row);

function trained() {
  const random = createRandom(1);
  const features = Float32Array.from({ length: rows.length * inputs }, () => random.normal());
  const targets = Int32Array.from(rows, () => random.below(3));
  const model = { kind: 'mlp', inputs, hiddenLayers: [12, 8], outputs: 3, activation: 'tanh', dropout: 0.1 } as const;
  const optimizer = { type: 'adam', learningRate: 0.01, weightDecay: 1e-4, gradientClip: 1 } as const;
  const trainer = plainBackend.create({ model, objective, optimizer, data: { features, targets }, seed: 1 });
  const order = rows.slice();
  for (let epoch = 0; epoch < 4; epoch += 1) {
    random.shuffle(order);
    for (let start = 0; start < order.length; start += 48) trainer.step(order.subarray(start, start + 48));
  }
  return { trainer, model, features };
}

describe('plainBackend', () => {
  it('trains the same weights on every machine', () => {
    const { trainer } = trained();
    expect(weightsHash(trainer.exportWeights())).toBe(
      '369e2f329e58f107bfc9eec874c84615b88deeaaf2c1b2918a3867e37c574082',
    );
  });

  it('agrees bit for bit with the predictor of its weights', () => {
    const { trainer, model, features } = trained();
    const predictor = createPredictor(model, objective.kind, trainer.exportWeights());
    expect(predictor.outputs(features)).toEqual(trainer.evaluate(rows).outputs);
  });

  it('reads data that lies in shared memory', () => {
    const { model, features } = trained();
    const shared = new Float32Array(new SharedArrayBuffer(features.byteLength));
    shared.set(features);
    const optimizer = { type: 'adam', learningRate: 0.01, weightDecay: 0, gradientClip: 0 } as const;
    const targets = new Int32Array(rows.length);
    const step = (features: Float32Array): number =>
      plainBackend.create({ model, objective, optimizer, data: { features, targets }, seed: 1 }).step(rows);
    expect(step(shared)).toBe(step(features));
  });

  it('keeps a finite loss and finite weights for rows it cannot explain', () => {
    const model = { kind: 'mlp', inputs: 1, hiddenLayers: [], outputs: 2, activation: 'relu', dropout: 0 } as const;
    const optimizer = { type: 'adam', learningRate: 1, weightDecay: 0, gradientClip: 1 } as const;
    const data = { features: Float32Array.of(1e30), targets: Int32Array.of(0) };
    using trainer = plainBackend.create({ model, objective, optimizer, data, seed: 1 });
    for (let step = 0; step < 5; step += 1) expect(Number.isFinite(trainer.step(Int32Array.of(0)))).toBe(true);
    expect(trainer.exportWeights().every(Number.isFinite)).toBe(true);
  });
});
