import { describe, expect, it } from 'vitest';
import { activations, initialWeights, type ModelSpec, parameterCount } from './model.ts';
import { createRandom } from './random.ts';
import { referenceGradient, referenceLoss, referenceProbabilities } from './reference-mlp.fixture.ts';
import { referenceOptimizer } from './reference-optimizer.fixture.ts';
import type { Dataset, OptimizerSpec, TrainerBackend, TrainerOptions } from './trainer.ts';

/** What every backend holds to, the plain one as well as the fast ones. */
export function testBackend(backend: TrainerBackend): void {
  const train = (options: Partial<TrainerOptions> = {}) =>
    backend.create({ model, optimizer: adam, data, seed: 11, ...options });

  describe(`${backend.name}: a step`, () => {
    const bends: ModelSpec[] = activations.map((activation) => ({ ...model, activation, dropout: 0 }));
    const shapes: ModelSpec[] = [
      { ...model, dropout: 0, hiddenLayers: [] },
      { ...model, dropout: 0, hiddenLayers: [5], activation: 'tanh' },
      { ...model, dropout: 0, hiddenLayers: [7, 3, 6], activation: 'sigmoid' },
    ];

    it.each([...bends, ...shapes])('follows the gradient of $activation over $hiddenLayers', (model) => {
      for (const count of [1, 7, 40]) {
        using trainer = train({ model, optimizer: descent });
        const before = [...trainer.exportWeights()];
        const loss = trainer.step(firstRows(count));
        const moved = [...trainer.exportWeights()].map((weight, index) => (before[index] ?? 0) - weight);
        expect(loss).toBeCloseTo(referenceLoss(model, before, rowsOf(count)), 6);
        const gradient = referenceGradient(model, before, rowsOf(count));
        expect(distance(moved, gradient), 'in float32 weights').toBeLessThan(1e-5);
        expect(
          distance(
            gradient,
            gradient.map(() => 0),
          ),
        ).toBeGreaterThan(0.01);
      }
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
      const smooth: ModelSpec = { ...model, dropout: 0, hiddenLayers: [4], activation: 'tanh' };
      using trainer = train({ model: smooth, optimizer });
      let weights = [...trainer.exportWeights()];
      const book = referenceOptimizer(optimizer, weights.length);
      for (let step = 1; step <= 12; step += 1) {
        weights = book(weights, referenceGradient(smooth, weights, rowsOf(20)), step);
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

    it.runIf(backend.capabilities.reproducible)('decides the trained weights, to the last bit', () => {
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
    it('gives the probabilities, loss and confusion of the reference, without dropout', () => {
      using trainer = train();
      trainer.step(allRows);
      const weights = [...trainer.exportWeights()];
      const expected = rowsOf(rowCount).map(({ features }) => referenceProbabilities(model, weights, features));
      expect(distance([...trainer.probabilities(allRows)], expected.flat())).toBeLessThan(1e-5);
      const { loss, accuracy, confusion } = trainer.evaluate(allRows);
      expect(loss).toBeCloseTo(referenceLoss(model, weights, rowsOf(rowCount)), 5);
      const counts = new Int32Array(model.classes ** 2);
      for (const [row, chances] of expected.entries()) {
        const cell = (data.labels[row] ?? 0) * model.classes + chances.indexOf(Math.max(...chances));
        counts[cell] = (counts[cell] ?? 0) + 1;
      }
      expect(confusion).toEqual(counts);
      expect(accuracy).toBe(((counts[0] ?? 0) + (counts[4] ?? 0) + (counts[8] ?? 0)) / rowCount);
    });

    it('changes nothing and answers the same twice', () => {
      using trainer = train();
      const params = trainer.exportParams();
      const first = trainer.evaluate(allRows);
      trainer.probabilities(allRows);
      expect(trainer.evaluate(allRows)).toEqual(first);
      expect(trainer.exportParams()).toEqual(params);
    });

    it('follows the order of the rows that are asked for', () => {
      using trainer = train();
      const [forward, backward] = [
        trainer.probabilities(Int32Array.of(3, 50)),
        trainer.probabilities(Int32Array.of(50, 3)),
      ];
      expect([...forward.subarray(0, 3)]).toEqual([...backward.subarray(3)]);
    });
  });

  describe(`${backend.name}: dropout`, () => {
    it('leaves out the share of units that is asked for, and lets the others make up for it', () => {
      const units = 400;
      const spec: ModelSpec = { ...model, hiddenLayers: [units], dropout: 0.25 };
      using trainer = train({ model: spec, optimizer: { ...descent, learningRate: 1e-30 } });
      trainer.importParams(countingParams(spec, trainer.exportParams()));
      const row = Int32Array.of(data.labels.indexOf(0));
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
    it.each([
      [
        'a label beyond the classes',
        { features: new Float32Array(8), labels: Int32Array.of(0, 3) },
        'Row 1 has the label 3',
      ],
      ['a negative label', { features: new Float32Array(4), labels: Int32Array.of(-1) }, 'Row 0 has the label -1'],
      ['rows without labels', { features: new Float32Array(8), labels: Int32Array.of(0) }, 'do not make 1 rows of 4'],
      [
        'a feature that is not a number',
        { features: Float32Array.of(0, 0, NaN, 0), labels: Int32Array.of(0) },
        'Feature 2 of row 0',
      ],
    ])('%s is refused', (_, data, message) => {
      expect(() => train({ data })).toThrow(
        expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(message) }),
      );
    });

    it('a model or optimizer out of range is refused', () => {
      const refused = expect.objectContaining({ code: 'invalid_input' });
      expect(() => train({ model: { ...model, dropout: 1 } })).toThrow(refused);
      expect(() => train({ model: { ...model, classes: 1 } })).toThrow(refused);
      expect(() => train({ optimizer: { ...adam, learningRate: 0 } })).toThrow(refused);
    });

    it('is not usable after dispose, which may be called twice', () => {
      const trainer = train();
      trainer.dispose();
      trainer.dispose();
      const refused = expect.objectContaining({ code: 'failed_precondition' });
      expect(() => trainer.step(allRows)).toThrow(refused);
      expect(() => trainer.evaluate(allRows)).toThrow(refused);
      expect(() => trainer.probabilities(allRows)).toThrow(refused);
      expect(() => trainer.exportParams()).toThrow(refused);
      expect(() => trainer.exportWeights()).toThrow(refused);
    });
  });
}

const rowCount = 90;
const model: ModelSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [9, 5], classes: 3, activation: 'relu', dropout: 0.2 };
const adam: OptimizerSpec = { type: 'adam', learningRate: 0.02, weightDecay: 0, gradientClip: 0 };
const descent: OptimizerSpec = { type: 'sgd', learningRate: 1, weightDecay: 0, gradientClip: 0 };
const optimizers: OptimizerSpec[] = (['adam', 'adamw', 'sgd', 'rmsprop'] as const).flatMap((type) => [
  { type, learningRate: 0.01, weightDecay: 0, gradientClip: 0 },
  { type, learningRate: 0.01, weightDecay: 0.1, gradientClip: 0.05 },
]);

const data = separableData();
const firstRows = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row);
const allRows = firstRows(rowCount);

function rowsOf(count: number): { features: number[]; label: number }[] {
  return Array.from({ length: count }, (_, row) => ({
    features: [...data.features.subarray(row * model.inputs, (row + 1) * model.inputs)],
    label: data.labels[row] ?? 0,
  }));
}

/** Three classes along the sum of the first two features. */
function separableData(): Dataset {
  const random = createRandom(2024);
  const features = Float32Array.from({ length: rowCount * model.inputs }, () => random.normal());
  const labels = Int32Array.from({ length: rowCount }, (_, row) => {
    const sum = (features[row * model.inputs] ?? 0) + (features[row * model.inputs + 1] ?? 0);
    return sum < -0.6 ? 0 : sum > 0.6 ? 2 : 1;
  });
  return { features, labels };
}

/** Params with which each unit of the one hidden layer gives 1, and class 0 takes their mean. */
function countingParams(spec: ModelSpec, params: Float32Array): Float32Array {
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

const distance = (a: readonly number[], b: readonly number[]): number => {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
};
