import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Dataset } from './dataset.ts';
import { activations, type MlpSpec } from './mlp-model.ts';
import { initialWeights, parameterCount } from './model.ts';
import type { Objective } from './objective.ts';
import { createRandom } from './random.ts';
import {
  referenceGradient,
  referenceLoss,
  referenceOutputs,
  type ReferenceRow,
  type ReferenceTask,
} from './reference-task.fixture.ts';
import { referenceOptimizer } from './reference-optimizer.fixture.ts';
import type { OptimizerSpec, TrainerBackend, TrainerOptions } from './trainer.ts';

setFlagsFromString('--expose-gc');

/** What every backend holds to, the plain one as well as the fast ones. */
export function testBackend(backend: TrainerBackend, { lives = 1_000 } = {}): void {
  const train = (options: Partial<TrainerOptions> = {}) =>
    backend.create({ model, objective: crossEntropy, optimizer: adam, data, seed: 11, ...options });

  /** What one step of plain descent is off by: its loss, and the gradient that it followed, in units of its steepest slope. */
  const descentErrors = (task: ReferenceTask, rows: Dataset, count: number): { loss: number; gradient: number } => {
    using trainer = train({ ...task, data: rows, optimizer: descent });
    const before = [...trainer.exportWeights()];
    const loss = trainer.step(firstRows(count));
    const moved = [...trainer.exportWeights()].map((weight, index) => (before[index] ?? 0) - weight);
    const gradient = referenceGradient(task, before, rowsOf(rows, count));
    const steepest = Math.max(...gradient.map(Math.abs));
    expect(steepest).toBeGreaterThan(0.001);
    return {
      loss: Math.abs(loss - referenceLoss(task, before, rowsOf(rows, count))),
      gradient: distance(moved, gradient) / Math.max(1, steepest),
    };
  };

  describe(`${backend.name}: a step`, () => {
    const bends: MlpSpec[] = activations.map((activation) => ({ ...model, activation, dropout: 0 }));
    const shapes: MlpSpec[] = [
      { ...model, dropout: 0, hiddenLayers: [] },
      { ...model, dropout: 0, hiddenLayers: [5], activation: 'tanh' },
      { ...model, dropout: 0, hiddenLayers: [7, 3, 6], activation: 'sigmoid' },
    ];

    it.each([...bends, ...shapes])('follows the gradient of $activation over $hiddenLayers', (model) => {
      for (const count of [1, 7, 40]) {
        const errors = descentErrors({ model, objective: crossEntropy }, data, count);
        expect(errors.loss).toBeLessThan(1e-6);
        expect(errors.gradient, 'in float32 weights').toBeLessThan(1e-5);
      }
    });

    it.each(objectives)('follows the gradient of $kind', (objective) => {
      const { outputs, rows } = objectiveSamples(objective);
      const smooth: MlpSpec = { ...model, dropout: 0, activation: 'tanh', outputs };
      const errors = descentErrors({ model: smooth, objective }, rows, 40);
      expect(errors.loss).toBeLessThan(1e-5);
      expect(errors.gradient).toBeLessThan(1e-5);
    });

    it.each(objectives)('follows the gradient of $kind over rows that count differently', (objective) => {
      const { outputs, rows } = objectiveSamples(objective);
      const smooth: MlpSpec = { ...model, dropout: 0, activation: 'tanh', outputs };
      const errors = descentErrors({ model: smooth, objective }, { ...rows, weights: unequalWeights }, 40);
      expect(errors.loss).toBeLessThan(1e-5);
      expect(errors.gradient).toBeLessThan(1e-5);
    });

    it('learns nothing from rows that weigh nothing', () => {
      const weights = new Float32Array(rowCount).fill(1, 40);
      using trainer = train({ data: { ...data, weights }, optimizer: descent });
      const before = trainer.exportWeights();
      expect(trainer.step(firstRows(40))).toBe(0);
      expect(trainer.exportWeights()).toEqual(before);
      expect(trainer.evaluate(firstRows(40))).toMatchObject({ loss: Number.NaN, weight: 0 });
      const someOfThem = train({ model: { ...model, dropout: 0 }, data: { ...data, weights } });
      const others = train({ model: { ...model, dropout: 0 } });
      expect(someOfThem.step(Int32Array.of(1, 2, 3, 50, 51))).toBeCloseTo(others.step(Int32Array.of(50, 51)), 6);
    });

    it('of any number of rows weighs each row alike', () => {
      const halves = [0, 35].map((start) => {
        using trainer = train({ model: { ...model, dropout: 0 }, optimizer: descent });
        const before = trainer.exportWeights();
        const loss = trainer.step(firstRows(35).map((row) => row + start));
        return { loss, moved: trainer.exportWeights().map((weight, index) => weight - (before[index] ?? 0)) };
      });
      using whole = train({ model: { ...model, dropout: 0 }, optimizer: descent });
      const before = whole.exportWeights();
      const loss = whole.step(firstRows(70));
      const moved = whole.exportWeights().map((weight, index) => weight - (before[index] ?? 0));
      const [first, second] = halves;
      expect(loss).toBeCloseTo(((first?.loss ?? 0) + (second?.loss ?? 0)) / 2, 6);
      const mean = [...moved].map((_, index) => ((first?.moved[index] ?? 0) + (second?.moved[index] ?? 0)) / 2);
      expect(distance([...moved], mean)).toBeLessThan(1e-6);
    });

    it('learns', () => {
      using trainer = train();
      const first = trainer.evaluate(allRows).loss;
      for (let epoch = 0; epoch < 60; epoch += 1) trainer.step(allRows);
      expect(trainer.evaluate(allRows).loss).toBeLessThan(0.6 * first);
    });

    it('is the same whether it is asked for alone or with others', () => {
      using alone = train();
      using together = train();
      const losses = [0, 20, 40, 60, 80].map((from) => alone.step(allRows.subarray(from, from + 20)));
      expect([...together.steps(allRows, 20)]).toEqual(losses);
      expect(together.exportParams()).toEqual(alone.exportParams());
      expect(() => together.steps(new Int32Array(0), 20)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    });

    it('takes the learning rate that is set', () => {
      using trainer = train();
      trainer.learningRate = 0;
      const before = trainer.exportWeights();
      trainer.step(allRows);
      expect(trainer.exportWeights()).toEqual(before);
      trainer.learningRate = 0.01;
      trainer.step(allRows);
      expect(trainer.exportWeights()).not.toEqual(before);
    });

    it('needs rows that exist', () => {
      using trainer = train();
      const refused = expect.objectContaining({ code: 'invalid_input' });
      expect(() => trainer.step(new Int32Array(0))).toThrow(refused);
      expect(() => trainer.step(Int32Array.of(0, rowCount))).toThrow(refused);
      expect(() => trainer.evaluate(Int32Array.of(-1))).toThrow(refused);
    });
  });

  describe(`${backend.name}: the optimizers`, () => {
    it.each(optimizers)('$type with decay $weightDecay and clip $gradientClip equal the formulas', (optimizer) => {
      const smooth: MlpSpec = { ...model, dropout: 0, hiddenLayers: [4], activation: 'tanh' };
      using trainer = train({ model: smooth, optimizer });
      let weights = [...trainer.exportWeights()];
      const book = referenceOptimizer(optimizer, weights.length);
      for (let step = 1; step <= 12; step += 1) {
        weights = book(
          weights,
          referenceGradient({ model: smooth, objective: crossEntropy }, weights, rowsOf(data, 20)),
          step,
        );
        trainer.step(firstRows(20));
      }
      expect(distance([...trainer.exportWeights()], weights)).toBeLessThan(2e-4);
    });
  });

  describe(`${backend.name}: the seed`, () => {
    it('decides the starting weights, in the canonical layout', () => {
      using trainer = train({ seed: 3 });
      expect(trainer.exportWeights()).toEqual(initialWeights(model, 3));
      expect(trainer.exportParams().subarray(0, parameterCount(model))).toEqual(initialWeights(model, 3));
      expect(initialWeights(model, 3)).not.toEqual(initialWeights(model, 4));
    });

    it('decides the trained weights, to the last bit', () => {
      const trained = (seed: number): Float32Array => {
        using trainer = train({ seed });
        for (let start = 0; start + 16 <= rowCount; start += 16) trainer.step(allRows.subarray(start, start + 16));
        return trainer.exportWeights();
      };
      expect(trained(5)).toEqual(trained(5));
      expect(trained(5)).not.toEqual(trained(6));
    });
  });

  describe(`${backend.name}: evaluation`, () => {
    it.each(objectives)('of $kind gives the outputs and the loss of the reference, without dropout', (objective) => {
      const { outputs, rows } = objectiveSamples(objective);
      const task = { model: { ...model, outputs }, objective };
      for (const data of [rows, { ...rows, weights: unequalWeights }]) {
        using trainer = train({ ...task, data });
        trainer.step(allRows);
        const weights = [...trainer.exportWeights()];
        const evaluation = trainer.evaluate(allRows);
        const expected = rowsOf(data, rowCount).map(({ window }) => referenceOutputs(task, weights, window));
        expect(distance([...evaluation.outputs], expected.flat())).toBeLessThan(1e-5);
        expect(evaluation.loss).toBeCloseTo(referenceLoss(task, weights, rowsOf(data, rowCount)), 5);
        expect(evaluation.weight).toBeCloseTo(
          rowsOf(data, rowCount).reduce((sum, { weight }) => sum + weight, 0),
          4,
        );
      }
    });

    it('of no rows knows no loss', () => {
      using trainer = train();
      const nothing = { loss: Number.NaN, weight: 0, outputs: new Float32Array(0) };
      expect(trainer.evaluate(new Int32Array(0))).toEqual(nothing);
    });

    it('changes nothing and answers the same twice', () => {
      using trainer = train();
      const params = trainer.exportParams();
      const first = trainer.evaluate(allRows);
      expect(trainer.evaluate(allRows)).toEqual(first);
      expect(trainer.exportParams()).toEqual(params);
    });

    it('follows the order of the rows that are asked for', () => {
      using trainer = train();
      const { outputs: forward } = trainer.evaluate(Int32Array.of(3, 50));
      const { outputs: backward } = trainer.evaluate(Int32Array.of(50, 3));
      expect([...forward.subarray(0, 3)]).toEqual([...backward.subarray(3)]);
      expect(forward).toHaveLength(6);
    });
  });

  describe(`${backend.name}: dropout`, () => {
    it('leaves out the share of units that is asked for, and lets the others make up for it', () => {
      const units = 400;
      const spec: MlpSpec = { ...model, hiddenLayers: [units], dropout: 0.25 };
      using trainer = train({ model: spec, optimizer: { ...descent, learningRate: 1e-30 } });
      trainer.importParams(countingParams(spec, trainer.exportParams()));
      const row = Int32Array.of(data.targets.indexOf(0));
      // The sum of class 0 is the share of units that are kept, divided by 0.75; the sums of the others are 0.
      const keptUnits = (loss: number): number => -Math.log((Math.exp(loss) - 1) / 2) * 0.75 * units;
      const kept = Array.from({ length: 300 }, () => keptUnits(trainer.step(row)));
      const mean = kept.reduce((sum, count) => sum + count, 0) / kept.length;
      const variance = kept.reduce((sum, count) => sum + (count - mean) ** 2, 0) / kept.length;
      expect(Math.max(...kept.map((count) => Math.abs(count - Math.round(count))))).toBeLessThan(0.1);
      expect(Math.abs(mean - 300), 'four standard errors').toBeLessThan(2);
      expect(variance / 75, 'of the binomial distribution').toBeCloseTo(1, 0);
      expect(keptUnits(trainer.evaluate(row).loss) / 0.75, 'without dropout').toBeCloseTo(units, 1);
    });

    it('draws anew at each step', () => {
      using trainer = train({ optimizer: { ...adam, learningRate: 1e-30 } });
      expect(trainer.step(allRows)).not.toBe(trainer.step(allRows));
    });
  });

  describe(`${backend.name}: export and import`, () => {
    it('continues bit for bit, also in another trainer', () => {
      using straight = train();
      for (let step = 0; step < 5; step += 1) straight.step(firstRows(33));
      const params = straight.exportParams();
      for (let step = 0; step < 5; step += 1) straight.step(firstRows(33));
      using resumed = train({ seed: 99 });
      resumed.importParams(params);
      expect(resumed.exportParams()).toEqual(params);
      for (let step = 0; step < 5; step += 1) resumed.step(firstRows(33));
      expect(resumed.exportParams()).toEqual(straight.exportParams());
    });

    it('hands out copies', () => {
      using trainer = train();
      trainer.exportWeights().fill(7);
      const params = trainer.exportParams();
      const copy = params.slice();
      trainer.step(allRows);
      expect(params).toEqual(copy);
      expect(trainer.exportWeights()).not.toContain(7);
    });

    it('refuses the params of another model', () => {
      using trainer = train();
      expect(() => trainer.importParams(new Float32Array(12))).toThrow(
        expect.objectContaining({ code: 'invalid_input' }),
      );
    });
  });

  describe(`${backend.name}: what it is given`, () => {
    it.each<[string, Dataset, string]>([
      ['a class beyond the outputs', samples([0, 3]), 'Row 1 has the class 3'],
      ['a negative class', samples([-1]), 'Row 0 has the class -1'],
      ['rows without targets', { ...samples([0, 1]), targets: Int32Array.of(0) }, 'do not make 1 rows of 4'],
      ['values for classes', { ...samples([0]), targets: Float32Array.of(0) }, 'The targets are values'],
      ['a weight below 0', { ...samples([0, 1]), weights: Float32Array.of(1, -1) }, 'Row 1 has the weight -1'],
      ['an endless weight', { ...samples([0]), weights: Float32Array.of(Infinity) }, 'Row 0 has the weight Infinity'],
      ['too few weights', { ...samples([0, 1]), weights: Float32Array.of(1) }, '1 weights do not fit 2 rows'],
      [
        'a feature that is not a number',
        { features: Float32Array.of(0, 0, NaN, 0), targets: Int32Array.of(0) },
        'Feature 2 of row 0',
      ],
    ])('%s is refused', (_, data, message) => {
      expect(() => train({ data })).toThrow(
        expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(message) }),
      );
    });

    it('a value that is not a number, and classes for values, are refused', () => {
      const regression = { model: { ...model, outputs: 1 }, objective: { kind: 'mse' } } as const;
      const { features } = samples([0, 1]);
      const refused = expect.objectContaining({ code: 'invalid_input' });
      expect(() => train({ ...regression, data: samples([0, 1]) })).toThrow(refused);
      expect(() => train({ ...regression, data: { features, targets: Float32Array.of(1, NaN) } })).toThrow(refused);
      train({ ...regression, data: { features, targets: Float32Array.of(1, -2.5) } }).dispose();
    });

    it('a model, objective or optimizer out of range is refused', () => {
      const refused = expect.objectContaining({ code: 'invalid_input' });
      expect(() => train({ model: { ...model, dropout: 1 } })).toThrow(refused);
      expect(() => train({ model: { ...model, outputs: 1 } })).toThrow(refused);
      expect(() => train({ model: { ...model, hiddenLayers: [0] } })).toThrow(refused);
      expect(() => train({ objective: { kind: 'mse' } })).toThrow(refused);
      expect(() => train({ objective: { kind: 'focal', gamma: -1 } })).toThrow(refused);
      expect(() => train({ objective: { kind: 'huber', delta: 0 } })).toThrow(refused);
      expect(() => train({ optimizer: { ...adam, learningRate: 0 } })).toThrow(refused);
    });

    it(`goes with the trainer: ${lives} that come and go leave nothing behind`, async () => {
      const come = (count: number): void => {
        for (let index = 0; index < count; index += 1) {
          using trainer = train({ model: { ...model, hiddenLayers: [64] } });
          trainer.step(firstRows(3));
        }
      };
      come(50);
      const before = await bytesHeld();
      come(lives);
      expect((await bytesHeld()) - before, 'one of them has 64 KiB and more').toBeLessThan(2 ** 22);
    });

    it('is not usable after dispose, which may be called twice', () => {
      const trainer = train();
      trainer.dispose();
      trainer.dispose();
      const refused = expect.objectContaining({ code: 'failed_precondition' });
      expect(() => trainer.step(allRows)).toThrow(refused);
      expect(() => trainer.evaluate(allRows)).toThrow(refused);
      expect(() => trainer.exportParams()).toThrow(refused);
      expect(() => trainer.exportWeights()).toThrow(refused);
    });
  });
}

const rowCount = 90;
const model: MlpSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [9, 5], outputs: 3, activation: 'relu', dropout: 0.2 };
const crossEntropy: Objective = { kind: 'cross_entropy' };
const adam: OptimizerSpec = { type: 'adam', learningRate: 0.02, weightDecay: 0, gradientClip: 0 };
const descent: OptimizerSpec = { type: 'sgd', learningRate: 1, weightDecay: 0, gradientClip: 0 };
const optimizers: OptimizerSpec[] = (['adam', 'adamw', 'sgd', 'rmsprop'] as const).flatMap((type) => [
  { type, learningRate: 0.01, weightDecay: 0, gradientClip: 0 },
  { type, learningRate: 0.01, weightDecay: 0.1, gradientClip: 0.05 },
]);

const objectives: Objective[] = [
  crossEntropy,
  { kind: 'focal', gamma: 2 },
  { kind: 'focal', gamma: 0.5 },
  { kind: 'focal', gamma: 0 },
  { kind: 'huber', delta: 0.7 },
  { kind: 'mse' },
];

const features = normalFeatures();
const data = { features, targets: Int32Array.from(trends(), (sum) => (sum < -0.6 ? 0 : sum > 0.6 ? 2 : 1)) };
const unequalWeights = Float32Array.from({ length: rowCount }, (_, row) => (row % 7) / 2);
const firstRows = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row);
const allRows = firstRows(rowCount);

/** What an objective is tried on: the same rows with three classes, or with a value. */
function objectiveSamples({ kind }: Objective): { outputs: number; rows: Dataset } {
  return kind === 'cross_entropy' || kind === 'focal'
    ? { outputs: 3, rows: data }
    : { outputs: 1, rows: { features, targets: Float32Array.from(trends()) } };
}

const samples = (classes: readonly number[]): Dataset => ({
  features: new Float32Array(model.inputs * classes.length),
  targets: Int32Array.from(classes),
});

function rowsOf({ features, targets, weights }: Dataset, count: number): ReferenceRow[] {
  return Array.from({ length: count }, (_, row) => ({
    window: [[...features.subarray(row * model.inputs, (row + 1) * model.inputs)]],
    target: targets[row] ?? 0,
    weight: weights?.[row] ?? 1,
  }));
}

function normalFeatures(): Float32Array {
  const random = createRandom(2024);
  return Float32Array.from({ length: rowCount * model.inputs }, () => random.normal());
}

/** What there is to be learnt: the sum of the first two features of each row. */
function trends(): number[] {
  return Array.from(
    { length: rowCount },
    (_, row) => (features[row * model.inputs] ?? 0) + (features[row * model.inputs + 1] ?? 0),
  );
}

/** Params with which each unit of the one hidden layer gives 1, and class 0 takes their mean. */
function countingParams(spec: MlpSpec, params: Float32Array): Float32Array {
  const {
    inputs,
    hiddenLayers: [units = 0],
  } = spec;
  const biases = inputs * units;
  const output = biases + units;
  return params
    .fill(0, 0, parameterCount(spec))
    .fill(1, biases, output)
    .fill(1 / units, output, output + units);
}

const collect: unknown = runInNewContext('gc');

/** Memory in use, once all that nobody needs has been collected. */
async function bytesHeld(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    if (typeof collect === 'function') collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const distance = (a: readonly number[], b: readonly number[]): number => {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
};
