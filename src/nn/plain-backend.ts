import { KtrdrError, parse } from '../base/index.ts';
import { blockRows, MlpNetwork } from './mlp-network.ts';
import { initialWeights, mlpSchema, type ModelSpec } from './model.ts';
import { createOptimizer, type Optimizer } from './optimizer.ts';
import { createRandom, type Random } from './random.ts';
import { type Dataset, type Evaluation, optimizerSchema, type Trainer, type TrainerBackend } from './trainer.ts';

/** Streams of one seed: 0 is that of the starting weights. */
const dropoutStream = 1;
const stateHalves = 8;
const counterHalves = 2;

/**
 * Training in plain loops on one thread, without dependencies: the reference that other backends are checked against,
 * and the one that always works. Bit for bit the same on every machine.
 */
export const plainBackend: TrainerBackend = {
  name: 'plain',
  capabilities: { models: ['mlp'], device: 'cpu', reproducible: true },
  create({ model, optimizer, data, seed }) {
    const spec = parse(mlpSchema, model, 'The model');
    const optimizerSpec = parse(optimizerSchema, optimizer, 'The optimizer');
    checkData(data, spec);
    const weights = Float64Array.from(initialWeights(spec, seed));
    return new PlainTrainer({
      model: spec,
      data,
      weights,
      learningRate: optimizerSpec.learningRate,
      optimizer: createOptimizer(optimizerSpec, weights.length),
      random: createRandom(seed, dropoutStream),
    });
  },
};

interface TrainerParts {
  readonly model: ModelSpec;
  readonly data: Dataset;
  /** Every value is a float32 number; float64 only spares the conversion in each product. */
  readonly weights: Float64Array;
  readonly learningRate: number;
  readonly optimizer: Optimizer;
  readonly random: Random;
}

class PlainTrainer implements Trainer {
  learningRate: number;
  readonly #model: ModelSpec;
  readonly #weights: Float64Array;
  readonly #optimizer: Optimizer;
  readonly #random: Random;
  readonly #network: MlpNetwork;
  readonly #labels = new Int32Array(blockRows);
  #data: Dataset | undefined;
  #steps = 0;

  constructor({ model, data, weights, learningRate, optimizer, random }: TrainerParts) {
    this.#model = model;
    this.#data = data;
    this.#weights = weights;
    this.learningRate = learningRate;
    this.#optimizer = optimizer;
    this.#random = random;
    this.#network = new MlpNetwork(model, weights);
  }

  step(rows: Int32Array): number {
    if (rows.length === 0)
      throw new KtrdrError('invalid_input', 'A training step needs at least one row; it got none.');
    const network = this.#network;
    network.gradient.fill(0);
    let loss = 0;
    for (let start = 0; start < rows.length; start += blockRows) {
      const count = this.#load(rows, start);
      network.forward(count, this.#random);
      loss += network.loss(this.#labels, count);
      network.backward(this.#labels, { rows: count, scale: 1 / rows.length });
    }
    this.#steps += 1;
    this.#optimizer.apply(this.#weights, network.gradient, { step: this.#steps, learningRate: this.learningRate });
    return loss / rows.length;
  }

  evaluate(rows: Int32Array): Evaluation {
    const { classes } = this.#model;
    const confusion = new Int32Array(classes * classes);
    let loss = 0;
    let hits = 0;
    for (let start = 0; start < rows.length; start += blockRows) {
      const count = this.#load(rows, start);
      this.#network.forward(count);
      loss += this.#network.loss(this.#labels, count);
      for (let row = 0; row < count; row += 1) {
        const actual = this.#labels[row] ?? 0;
        const predicted = likeliest(this.#network.probabilities, row * classes, classes);
        const cell = actual * classes + predicted;
        confusion[cell] = (confusion[cell] ?? 0) + 1;
        if (predicted === actual) hits += 1;
      }
    }
    return { loss: loss / rows.length, accuracy: hits / rows.length, confusion };
  }

  probabilities(rows: Int32Array): Float32Array {
    const { classes } = this.#model;
    const result = new Float32Array(rows.length * classes);
    for (let start = 0; start < rows.length; start += blockRows) {
      const count = this.#load(rows, start);
      this.#network.forward(count);
      result.set(this.#network.probabilities.subarray(0, count * classes), start * classes);
    }
    return result;
  }

  exportWeights(): Float32Array {
    this.#requireData();
    return Float32Array.from(this.#weights);
  }

  exportParams(): Float32Array {
    this.#requireData();
    const count = this.#weights.length;
    const { first, second } = this.#optimizer;
    const params = new Float32Array(3 * count + counterHalves + stateHalves);
    params.set(this.#weights);
    params.set(first, count);
    params.set(second, 2 * count);
    params.set([this.#steps, ...this.#random.exportState()].flatMap(halves), 3 * count);
    return params;
  }

  importParams(params: Float32Array): void {
    this.#requireData();
    const count = this.#weights.length;
    const length = 3 * count + counterHalves + stateHalves;
    if (params.length !== length) {
      throw new KtrdrError(
        'invalid_input',
        `Cannot take ${params.length} numbers as the state of a training whose state has ${length}; ` +
          'it was exported from another model.',
      );
    }
    this.#weights.set(params.subarray(0, count));
    this.#optimizer.first.set(params.subarray(count, 2 * count));
    this.#optimizer.second.set(params.subarray(2 * count, 3 * count));
    const word = (index: number): number => joined(params, 3 * count + 2 * index);
    this.#steps = word(0);
    this.#random.importState([word(1), word(2), word(3), word(4)]);
  }

  dispose(): void {
    this.#data = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Brings the next rows into the network's inputs and their labels beside them; returns how many. */
  #load(rows: Int32Array, start: number): number {
    const { features, labels } = this.#requireData();
    const { inputs } = this.#model;
    const count = Math.min(blockRows, rows.length - start);
    for (let index = 0; index < count; index += 1) {
      const row = rows[start + index] ?? -1;
      const label = labels[row];
      if (label === undefined) {
        throw new KtrdrError('invalid_input', `There is no row ${row} in data of ${labels.length} rows.`);
      }
      this.#labels[index] = label;
      const from = row * inputs;
      const to = index * inputs;
      for (let input = 0; input < inputs; input += 1) this.#network.inputs[to + input] = features[from + input] ?? 0;
    }
    return count;
  }

  #requireData(): Dataset {
    if (this.#data === undefined) {
      throw new KtrdrError('failed_precondition', 'This trainer has been disposed of; create another one.');
    }
    return this.#data;
  }
}

function checkData({ features, labels }: Dataset, { inputs, classes }: ModelSpec): void {
  if (features.length !== labels.length * inputs) {
    throw new KtrdrError(
      'invalid_input',
      `${features.length} features do not make ${labels.length} rows of ${inputs}; give every label its row.`,
    );
  }
  const badLabel = labels.findIndex((label) => label < 0 || label >= classes);
  if (badLabel !== -1) {
    throw new KtrdrError(
      'invalid_input',
      `Row ${badLabel} has the label ${labels[badLabel]}; a model of ${classes} classes knows 0 to ${classes - 1}.`,
    );
  }
  const badFeature = features.findIndex((value) => !Number.isFinite(value));
  if (badFeature !== -1) {
    const row = Math.floor(badFeature / inputs);
    throw new KtrdrError(
      'invalid_input',
      `Feature ${badFeature % inputs} of row ${row} is ${features[badFeature]}; leave out rows that are not complete.`,
    );
  }
}

/** The first of equals. */
function likeliest(probabilities: Float64Array, start: number, classes: number): number {
  let best = 0;
  for (let index = 1; index < classes; index += 1) {
    if ((probabilities[start + index] ?? 0) > (probabilities[start + best] ?? 0)) best = index;
  }
  return best;
}

/** A float32 holds 16 bits exactly, 32 not. */
const halves = (word: number): number[] => [word & 0xffff, word >>> 16];

const joined = (params: Float32Array, index: number): number =>
  (params[index] ?? 0) + 2 ** 16 * (params[index + 1] ?? 0);
