import { describe, expect, it } from 'vitest';
import { testBackend } from './backend.contract.ts';
import type { Dataset } from './dataset.ts';
import { activations, type MlpSpec } from './mlp-model.ts';
import type { Objective } from './objective.ts';
import { plainBackend } from './plain-backend.ts';
import { createPredictor } from './predictor.ts';
import { createRandom } from './random.ts';
import { testRecurrent } from './recurrent.contract.ts';
import type { Trainer, TrainerBackend, TrainerOptions } from './trainer.ts';
import { wasmBackend } from './wasm-backend.ts';
import { weightsHash } from './weights.ts';

testBackend(wasmBackend);
testRecurrent(wasmBackend);

const inputs = 30;
const rowCount = 2_048;
const rows = Int32Array.from({ length: rowCount }, (_, row) => row);
const features = normalNumbers(rowCount * inputs);
const data = { features, targets: noisyClasses() };
const model: MlpSpec = { kind: 'mlp', inputs, hiddenLayers: [64, 32], outputs: 3, activation: 'relu', dropout: 0 };
const options: TrainerOptions = {
  model,
  objective: { kind: 'cross_entropy' },
  optimizer: { type: 'adam', learningRate: 0.001, weightDecay: 1e-4, gradientClip: 1 },
  data,
  seed: 1,
};

describe('the loss of the kernel', () => {
  const objectives: Objective[] = [{ kind: 'focal', gamma: 2 }, { kind: 'huber', delta: 0.5 }, { kind: 'mse' }];
  const followed: [string, Partial<TrainerOptions>][] = [
    ...activations.map((activation): [string, Partial<TrainerOptions>] => [
      activation,
      { model: { ...model, activation } },
    ]),
    ...objectives.map((objective): [string, Partial<TrainerOptions>] => [objective.kind, samplesFor(objective)]),
  ];

  it.each(followed)('follows that of the plain backend over 500 steps: %s', (_, changes) => {
    using ours = wasmBackend.create({ ...options, ...changes });
    using plain = plainBackend.create({ ...options, ...changes });
    const random = createRandom(8);
    const order = rows.slice();
    let apart = 0;
    for (let step = 0; step < 500; step += 1) {
      const from = (step * 32) % rowCount;
      if (from === 0) random.shuffle(order);
      const batch = order.subarray(from, from + 32);
      apart = Math.max(apart, Math.abs(ours.step(batch) - plain.step(batch)));
    }
    expect(apart).toBeLessThan(1e-4);
    expect(ours.evaluate(rows).loss).toBeCloseTo(plain.evaluate(rows).loss, 4);
  });
});

describe('wasmBackend', () => {
  it('trains the same weights on every machine, in every version of Node', () => {
    const hashes = activations.map((activation) => {
      using trainer = wasmBackend.create({ ...options, model: { ...model, activation, dropout: 0.2 } });
      trainEpoch(trainer, 48);
      trainEpoch(trainer, 1_000);
      return weightsHash(trainer.exportWeights());
    });
    expect(hashes).toEqual([
      'b0c39c71f6ed0b7df779bc6bb9a65a8f45a8ae729da9e3bbbe3902cb15135b93',
      '9e0097703c8ae2e31c3ccde91f22bf14b623eebe450f0298ff256c06ed24630c',
      'e88cd13426bae3230e7523eefaf88b4e65c8910129a1eb81d6a134a31ab54d2b',
      '871fa16afdd67d7de79ef5d1de07cc7c45951e7c9b1823b6c65fb549d49f6d5a',
    ]);
  });

  it('gives what the predictor of its weights gives', () => {
    using trainer = wasmBackend.create(options);
    trainEpoch(trainer, 64);
    const predicted = createPredictor(model, 'cross_entropy', trainer.exportWeights()).outputs(features);
    const { outputs } = trainer.evaluate(rows);
    expect(Math.max(...outputs.map((output, index) => Math.abs(output - (predicted[index] ?? NaN))))).toBeLessThan(
      1e-5,
    );
  });

  it('reads data that lies in shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(features.byteLength));
    shared.set(features);
    using own = wasmBackend.create(options);
    using other = wasmBackend.create({ ...options, data: { ...data, features: shared } });
    expect(other.step(rows)).toBe(own.step(rows));
  });

  it('keeps a finite loss and finite weights for rows it cannot explain', () => {
    using trainer = wasmBackend.create({
      ...options,
      model: { ...model, inputs: 1, hiddenLayers: [], outputs: 2 },
      optimizer: { type: 'adam', learningRate: 1, weightDecay: 0, gradientClip: 1 },
      data: { features: Float32Array.of(1e30), targets: Int32Array.of(0) },
    });
    for (let step = 0; step < 5; step += 1) expect(Number.isFinite(trainer.step(Int32Array.of(0)))).toBe(true);
    expect(trainer.exportWeights().every(Number.isFinite)).toBe(true);
  });

  it.each(activations)('agrees with the plain backend where %s and softmax are saturated', (activation) => {
    const outputsOf = (backend: TrainerBackend): number[] => {
      using trainer = backend.create({ ...options, model: { ...model, activation } });
      const params = trainer.exportParams();
      const { length } = trainer.exportWeights();
      for (let index = 0; index < length; index += 1) params[index] = 300 * (params[index] ?? 0);
      trainer.importParams(params);
      return [...trainer.evaluate(rows.subarray(0, 200)).outputs];
    };
    const plain = outputsOf(plainBackend);
    const ours = outputsOf(wasmBackend);
    expect(Math.max(...plain)).toBe(1);
    // A sum of thousands has few digits behind the point in float32, so a close call may fall out otherwise.
    const apart = ours.filter((output, index) => !(Math.abs(output - (plain[index] ?? NaN)) < 1e-3));
    expect(apart.length).toBeLessThan(0.02 * ours.length);
    expect(ours.every(Number.isFinite)).toBe(true);
  });

  it('leaves no moment among the subnormal numbers, which are slow', () => {
    for (const type of ['adam', 'sgd'] as const) {
      using trainer = wasmBackend.create({
        ...options,
        optimizer: { type, learningRate: 1e-6, weightDecay: 0, gradientClip: 0 },
        data: { ...data, weights: Float32Array.from(rows, (row) => (row === 0 ? 1 : 0)) },
      });
      trainer.step(Int32Array.of(0));
      const moments = (): Float32Array => {
        const { length } = trainer.exportWeights();
        return trainer.exportParams().subarray(length, 2 * length);
      };
      expect(moments().some((moment) => moment !== 0)).toBe(true);
      for (let step = 0; step < 900; step += 1) trainer.step(Int32Array.of(1));
      expect(moments().every((moment) => moment === 0)).toBe(true);
    }
  });

  it('refuses a model whose parameters it cannot address', () => {
    expect(() => wasmBackend.create({ ...options, model: { ...model, hiddenLayers: [20_000, 20_000] } })).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining('parameters') }),
    );
  });

  // A tile that no longer fits into the registers, or a loop that is unrolled, costs a factor of two to four.
  it('is several times as fast as the plain backend', () => {
    const wide = { ...model, inputs: 60 };
    const large = { features: normalNumbers(1_024 * 60), targets: data.targets.subarray(0, 1_024) };
    const stepOf = (backend: TrainerBackend): (() => number) => {
      const trainer = backend.create({ ...options, model: wide, data: large });
      const batch = rows.subarray(0, 256);
      return () => {
        const begun = performance.now();
        trainer.step(batch);
        return performance.now() - begun;
      };
    };
    const [ours, plain] = [stepOf(wasmBackend), stepOf(plainBackend)];
    let [oursMs, plainMs] = [Infinity, Infinity];
    for (let round = 0; round < 100; round += 1) {
      for (let turn = 0; turn < 5; turn += 1) oursMs = Math.min(oursMs, ours());
      plainMs = Math.min(plainMs, plain());
    }
    expect(plainMs / oursMs).toBeGreaterThan(5);
  });
});

/** All rows once, in batches of which the last is ragged. */
function trainEpoch(trainer: Trainer, batchSize: number): void {
  for (let from = 0; from < rowCount; from += batchSize) trainer.step(rows.subarray(from, from + batchSize));
}

function normalNumbers(count: number): Float32Array {
  const random = createRandom(5);
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Three classes that hang on a product of features, and now and then on nothing. */
function noisyClasses(): Int32Array {
  const random = createRandom(6);
  const at = (row: number, input: number): number => features[row * inputs + input] ?? 0;
  return Int32Array.from(rows, (row) => {
    const trend = at(row, 0) + at(row, 1) * at(row, 2);
    return random.float() < 0.3 ? random.below(3) : trend < -0.6 ? 0 : trend > 0.6 ? 2 : 1;
  });
}

function samplesFor(objective: Objective): Partial<TrainerOptions> {
  if (objective.kind === 'cross_entropy' || objective.kind === 'focal') return { objective };
  const values: Dataset = { features, targets: Float32Array.from(rows, (row) => features[row * inputs] ?? 0) };
  return { objective, model: { ...model, outputs: 1 }, data: values };
}
