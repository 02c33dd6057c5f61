import { createRandom, findNativeLibrary, nativeBackend, plainBackend, wasmBackend } from '../../dist/nn/index.js';
import { msOf } from './rounds.mjs';
import { sized } from './smoke.mjs';
import { median } from './stats.mjs';

/** The three sizes of network that training is measured with: small, ordinary, large. */
export const cases = {
  A: { inputs: 30, hiddenLayers: [64, 32], batch: 32 },
  B: { inputs: 60, hiddenLayers: [64, 32], batch: 256 },
  C: { inputs: 120, hiddenLayers: [128, 64, 32], batch: 1024 },
};

const rowCount = sized(8_192, 1_024);

/** Rows of three classes that can be learnt, and the order in which they are gone through, again and again. */
export function samplesOf({ inputs }) {
  const random = createRandom(7);
  const features = Float32Array.from({ length: rowCount * inputs }, () => random.normal());
  const targets = Int32Array.from({ length: rowCount }, (_, row) => {
    const trend = features[row * inputs] + features[row * inputs + 1] * features[row * inputs + 2];
    return random.float() < 0.3 ? random.below(3) : trend < -0.6 ? 0 : trend > 0.6 ? 2 : 1;
  });
  const order = Int32Array.from({ length: rowCount }, (_, index) => index);
  random.shuffle(order);
  return { features, targets, order };
}

const folder = process.env.KTRDR_TEST_ONNXRUNTIME;

export const withoutNative =
  'The native backend was not measured: set `KTRDR_TEST_ONNXRUNTIME` to a folder whose `node_modules` has onnxruntime-node.';

const native = folder === undefined ? undefined : nativeBackend(findNativeLibrary([folder]));

/** Undefined for a backend that is not here. */
export function createTrainer({ inputs, hiddenLayers, dropout = 0, backend = 'wasm' }) {
  return { wasm: wasmBackend, plain: plainBackend, native }[backend]?.create({
    model: { kind: 'mlp', inputs, hiddenLayers, outputs: 3, activation: 'relu', dropout },
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate: 0.001, weightDecay: 0, gradientClip: 0 },
    data: samplesOf({ inputs }),
    seed: 7,
  });
}

/** As many as a training asks for in one call. */
const batchesAtOnce = 10;

/** A round of so many steps, ready to be called again and again, each time with the rows that follow; returns the mean loss. */
export function stepsOf(trainer, { batch, inputs, order = samplesOf({ inputs }).order }, count) {
  let at = 0;
  return () => {
    let loss = 0;
    for (let done = 0; done < count;) {
      const rows = order.subarray(at, at + Math.min(batchesAtOnce, count - done) * batch);
      for (const stepLoss of trainer.steps(rows, batch)) {
        loss += stepLoss;
        done += 1;
      }
      at = (at + rows.length) % order.length;
    }
    return loss / count;
  };
}

/** Milliseconds of one batch of case A: what the cost of anything done once a batch is divided by. */
export function batchMs() {
  const steps = stepsOf(createTrainer(cases.A), cases.A, 200);
  const round = () => msOf(steps) / 200;
  repeat(5, steps);
  return median(Array.from({ length: 11 }, round));
}

export function repeat(count, act) {
  for (let index = 0; index < count; index += 1) act(index);
}
