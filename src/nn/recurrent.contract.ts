import { describe, expect, it } from 'vitest';
import type { Dataset } from './dataset.ts';
import { initialWeights, parametersOf } from './model.ts';
import type { Objective } from './objective.ts';
import { plainBackend } from './plain-backend.ts';
import { createRandom } from './random.ts';
import type { RecurrentSpec } from './recurrent-model.ts';
import { referenceLoss, referenceOutputs, type ReferenceRow, referenceSlope } from './reference-task.fixture.ts';
import type { OptimizerSpec, TrainerBackend, TrainerOptions } from './trainer.ts';

/** What a backend that trains recurrent networks holds to, beside what every backend does. */
export function testRecurrent(backend: TrainerBackend): void {
  const train = (model: RecurrentSpec, options: Partial<TrainerOptions> = {}) =>
    backend.create({ model, objective: crossEntropy, optimizer: adam, data, seed: 11, ...options });

  /**
   * One step of plain descent moves the weights by the gradient: how far it is off in the loss, or along a random direction
   * of each tensor.
   */
  const descentError = (model: RecurrentSpec, objective: Objective, count: number): number => {
    const task = { model, objective };
    const rows = dataFor(model, objective);
    using trainer = train(model, { objective, data: rows, optimizer: descent });
    const before = [...trainer.exportWeights()];
    const loss = trainer.step(rowsOf(model, count));
    const moved = [...trainer.exportWeights()].map((weight, index) => (before[index] ?? 0) - weight);
    const windows = [...rowsOf(model, count)].map((row) => windowOf(model, rows, row));
    const slopes = directionsIn(model).map((direction) => ({
      expected: referenceSlope(task, before, { rows: windows, direction }),
      actual: [...direction].reduce((sum, [index, component]) => sum + component * (moved[index] ?? Number.NaN), 0),
    }));
    expect(Math.max(...slopes.map(({ expected }) => Math.abs(expected)))).toBeGreaterThan(0.001);
    return Math.max(
      Math.abs(loss - referenceLoss(task, before, windows)),
      ...slopes.map(({ actual, expected }) => Math.abs(actual - expected)),
    );
  };

  describe.each(['gru', 'lstm'] as const)(`${backend.name}: %s`, (kind) => {
    const plain: RecurrentSpec = { ...shape, kind, dropout: 0 };
    const deep: RecurrentSpec = { ...plain, layers: 2 };
    const shapes: RecurrentSpec[] = [
      plain,
      { ...plain, hiddenSize: 8 },
      { ...deep, layers: 3, hiddenSize: 3 },
      { ...deep, sequenceLength: 1 },
      { ...deep, inputs: 8, hiddenSize: 12, sequenceLength: 3 },
    ];

    it.each(shapes)('follows the gradient: $layers of $hiddenSize over $sequenceLength rows of $inputs', (model) => {
      for (const count of [1, 7, 80]) expect(descentError(model, crossEntropy, count)).toBeLessThan(1e-5);
    });

    it.each(objectives)('follows the gradient of $kind over rows that count differently', (objective) => {
      const isClass = objective.kind === 'cross_entropy' || objective.kind === 'focal';
      expect(descentError({ ...deep, outputs: isClass ? 3 : 1 }, objective, 40)).toBeLessThan(1e-5);
    });

    it('learns what lies at the beginning of the sequence', () => {
      const model = { ...plain, hiddenSize: 12, outputs: 2 };
      const { inputs, sequenceLength } = model;
      const first = (row: number): number => features[(row - sequenceLength + 1) * inputs] ?? 0;
      const targets = Int32Array.from({ length: rowCount }, (_, row) => Number(first(row) > 0));
      using trainer = train(model, { data: { features, targets }, optimizer: { ...adam, learningRate: 0.03 } });
      for (let epoch = 0; epoch < 80; epoch += 1) trainer.step(rowsOf(model, 60));
      expect(trainer.evaluate(rowsOf(model, 60)).loss).toBeLessThan(0.2);
    });

    it('gives the outputs and the loss of the reference, in the order that is asked for', () => {
      const model = { ...deep, dropout: 0.4 };
      using trainer = train(model);
      for (let step = 0; step < 4; step += 1) trainer.step(rowsOf(model, 33));
      const weights = [...trainer.exportWeights()];
      const task = { model, objective: crossEntropy };
      const asked = rowsOf(model, 70).reverse();
      const { outputs, loss } = trainer.evaluate(asked);
      const expected = [...asked].flatMap((row) => referenceOutputs(task, weights, windowOf(model, data, row).window));
      expect(distance(outputs, expected)).toBeLessThan(1e-5);
      const windows = [...asked].map((row) => windowOf(model, data, row));
      expect(loss).toBeCloseTo(referenceLoss(task, weights, windows), 5);
      expect(trainer.evaluate(asked)).toEqual(trainer.evaluate(asked));
    });

    it('loses as much at each step as the plain backend does', () => {
      const model = { ...deep, inputs: 7, hiddenSize: 10 };
      const options = {
        data: dataFor(model, crossEntropy),
        optimizer: { ...adam, weightDecay: 1e-3, gradientClip: 0.5 },
      };
      using trainer = train(model, options);
      using plain = plainBackend.create({ model, objective: crossEntropy, seed: 11, ...options });
      let apart = 0;
      for (let step = 0; step < 100; step += 1) {
        const rows = rowsOf(model, 80).subarray(step % 20, 64 + (step % 20));
        apart = Math.max(apart, Math.abs(trainer.step(rows) - plain.step(rows)));
      }
      expect(apart).toBeLessThan(1e-4);
    });

    it('begins with the weights of its seed and continues from an export bit for bit', () => {
      const model = { ...deep, dropout: 0.3 };
      using straight = train(model);
      expect(straight.exportWeights()).toEqual(initialWeights(model, 11));
      for (let step = 0; step < 3; step += 1) straight.step(rowsOf(model, 45));
      using resumed = train(model, { seed: 5 });
      resumed.importParams(straight.exportParams());
      for (let step = 0; step < 3; step += 1) {
        expect(resumed.step(rowsOf(model, 45))).toBe(straight.step(rowsOf(model, 45)));
      }
      expect(resumed.exportParams()).toEqual(straight.exportParams());
      using again = train(model);
      for (let step = 0; step < 6; step += 1) again.step(rowsOf(model, 45));
      expect(again.exportParams()).toEqual(straight.exportParams());
    });

    it('reads no row that lies before the data', () => {
      using trainer = train(plain);
      const tooEarly = plain.sequenceLength - 2;
      const refused = expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringContaining(`Row ${tooEarly} is read with the ${tooEarly + 1} rows before it`),
      });
      expect(() => trainer.step(Int32Array.of(20, tooEarly))).toThrow(refused);
      expect(() => trainer.evaluate(Int32Array.of(tooEarly))).toThrow(refused);
      expect(() => trainer.evaluate(Int32Array.of(rowCount))).toThrow(`no row ${rowCount}`);
      expect(trainer.evaluate(Int32Array.of(tooEarly + 1)).outputs).toHaveLength(3);
    });

    it('leaves out nothing behind the last layer', () => {
      using trainer = train({ ...plain, dropout: 0.9 });
      const rows = rowsOf(plain, 40);
      const { loss } = trainer.evaluate(rows);
      expect(trainer.step(rows)).toBeCloseTo(loss, 6);
    });

    it('leaves out the share of states between layers that is asked for, and lets the others make up for it', () => {
      const model: RecurrentSpec = {
        ...plain,
        layers: 2,
        hiddenSize: 60,
        sequenceLength: 2,
        outputs: 1,
        dropout: 0.25,
      };
      const still = { type: 'sgd', learningRate: 1e-30, weightDecay: 0, gradientClip: 0 } as const;
      const targets = new Float32Array(rowCount);
      using trainer = train(model, { objective: { kind: 'mse' }, optimizer: still, data: { features, targets } });
      trainer.importParams(countingParams(model, trainer.exportParams()));
      const row = Int32Array.of(5);
      const complete = Math.sqrt(trainer.evaluate(row).loss);
      const kept = Array.from({ length: 200 }, () => (Math.sqrt(trainer.step(row)) / complete) * 0.75 * 60);
      const mean = kept.reduce((sum, count) => sum + count, 0) / kept.length;
      const variance = kept.reduce((sum, count) => sum + (count - mean) ** 2, 0) / kept.length;
      expect(Math.max(...kept.map((count) => Math.abs(count - Math.round(count))))).toBeLessThan(0.1);
      expect(Math.abs(mean - 45), 'four standard errors').toBeLessThan(1);
      expect(variance / 11.25, 'of the binomial distribution').toBeCloseTo(1, 0);
    });
  });
}

const rowCount = 90;
const shape = { inputs: 4, sequenceLength: 6, hiddenSize: 5, layers: 1, outputs: 3 };
const crossEntropy: Objective = { kind: 'cross_entropy' };
const objectives: Objective[] = [
  crossEntropy,
  { kind: 'focal', gamma: 2 },
  { kind: 'huber', delta: 0.7 },
  { kind: 'mse' },
];
const adam: OptimizerSpec = { type: 'adam', learningRate: 0.02, weightDecay: 0, gradientClip: 0 };
const descent: OptimizerSpec = { type: 'sgd', learningRate: 1, weightDecay: 0, gradientClip: 0 };

const features = normal(rowCount * shape.inputs);
const data: Dataset = { features, targets: Int32Array.from({ length: rowCount }, (_, row) => (row * row) % 3) };

function normal(count: number): Float32Array {
  const random = createRandom(2024);
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Rows that count differently, with classes or with values. */
function dataFor({ inputs }: RecurrentSpec, { kind }: Objective): Dataset {
  const isClass = kind === 'cross_entropy' || kind === 'focal';
  const weights = Float32Array.from({ length: rowCount }, (_, row) => (1 + (row % 7)) / 2);
  const targets = isClass ? data.targets : normal(rowCount);
  return { features: normal(rowCount * inputs), targets, weights };
}

/** A direction of length 1 for each tensor, within it. */
function directionsIn(model: RecurrentSpec): Map<number, number>[] {
  const random = createRandom(7);
  return parametersOf(model).map(({ start, end }) => {
    const component = (): number => (random.below(2) === 0 ? 1 : -1) / Math.sqrt(end - start);
    return new Map(Array.from({ length: end - start }, (_, index) => [start + index, component()]));
  });
}

/** The first rows that can be named. */
function rowsOf({ sequenceLength }: RecurrentSpec, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => sequenceLength - 1 + index);
}

function windowOf(
  { inputs, sequenceLength }: RecurrentSpec,
  { features, targets, weights }: Dataset,
  row: number,
): ReferenceRow {
  const window = Array.from({ length: sequenceLength }, (_, step) => {
    const start = (row - sequenceLength + 1 + step) * inputs;
    return [...features.subarray(start, start + inputs)];
  });
  return { window, target: targets[row] ?? 0, weight: weights?.[row] ?? 1 };
}

/**
 * Params with which the states of the first layer are all the same number, and the output is proportional, nearly, to the
 * sum of those that reach the second.
 */
function countingParams(model: RecurrentSpec, params: Float32Array): Float32Array {
  const { hiddenSize: units } = model;
  // Nothing is kept from step to step; the candidate, third of either kind's gates, decides alone.
  const biases = { gru: [30, -30, 30], lstm: [30, -30, 30, 30] }[model.kind];
  const setGate = (start: number, gate: number, size: { of: number; to: number }): void => {
    params.fill(size.to, start + gate * size.of, start + (gate + 1) * size.of);
  };
  for (const { name, start, end } of parametersOf(model)) {
    params.fill(name === 'layers.2.weight' ? 1 : 0, start, end);
    if (name.endsWith('bias_ih')) for (const [gate, to] of biases.entries()) setGate(start, gate, { of: units, to });
    if (name === 'layers.1.bias_ih') setGate(start, 2, { of: units, to: 0 });
    if (name === 'layers.1.weight_ih') setGate(start, 2, { of: units * units, to: 1e-3 / units });
  }
  return params;
}

function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] ?? Number.NaN))));
}
