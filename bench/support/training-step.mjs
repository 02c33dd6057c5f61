import { plainBackend } from '../../dist/nn/index.js';
import { msOf } from './rounds.mjs';
import { median } from './stats.mjs';

/** The three sizes of network that training is measured with: small, ordinary, large. */
export const cases = {
  A: { inputs: 30, hiddenLayers: [64, 32], batch: 32 },
  B: { inputs: 60, hiddenLayers: [64, 32], batch: 256 },
  C: { inputs: 120, hiddenLayers: [128, 64, 32], batch: 1024 },
};

const rowCount = 8_192;

/** A step of training of one case, ready to be called again and again, each time with other rows. */
export function trainingStep({ inputs, hiddenLayers, batch }) {
  const trainer = plainBackend.create({
    model: { kind: 'mlp', inputs, hiddenLayers, outputs: 3, activation: 'relu', dropout: 0 },
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate: 0.001, weightDecay: 0, gradientClip: 0 },
    data: {
      features: Float32Array.from({ length: rowCount * inputs }, (_, index) => Math.sin(index * 0.7)),
      targets: Int32Array.from({ length: rowCount }, (_, index) => index % 3),
    },
    seed: 7,
  });
  const order = Int32Array.from({ length: rowCount }, (_, index) => (index * 2_741) % rowCount);
  let at = 0;
  return () => {
    trainer.step(order.subarray(at, at + batch));
    at = (at + batch) % rowCount;
  };
}

/** Milliseconds of one batch of case A: what the cost of anything done once a batch is divided by. */
export function batchMs() {
  const step = trainingStep(cases.A);
  const round = () => msOf(() => repeat(200, step)) / 200;
  repeat(500, step);
  return median(Array.from({ length: 11 }, round));
}

export function repeat(count, act) {
  for (let index = 0; index < count; index += 1) act(index);
}
