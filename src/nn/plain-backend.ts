import { KtrdrError } from '../base/index.ts';
import { createNetwork } from './create-network.ts';
import { type Dataset, weightOf } from './dataset.ts';
import { type Block, createLoss, type Loss, toOutputs } from './loss.ts';
import { initialWeights, type ModelSpec } from './model.ts';
import type { Network } from './network.ts';
import type { Objective } from './objective.ts';
import { createOptimizer, type Optimizer } from './optimizer.ts';
import { createRandom, dropoutStream, type Random } from './random.ts';
import { checkedOptions } from './trainer-options.ts';
import { packParams, unpackParams } from './trainer-params.ts';
import { noRows, stepByStep } from './trainer-steps.ts';
import type { Evaluation, Trainer, TrainerBackend } from './trainer.ts';

/**
 * Training in plain loops on one thread, without dependencies: the reference that other backends are checked against,
 * and the one that always works. Bit for bit the same on every machine.
 */
export const plainBackend: TrainerBackend = {
  name: 'plain',
  capabilities: { models: ['mlp', 'gru', 'lstm'], device: 'cpu', reproducible: 'everywhere' },
  create(options) {
    const { model, objective, optimizer, data, seed } = checkedOptions(options);
    const weights = Float64Array.from(initialWeights(model, seed));
    return new PlainTrainer({
      model,
      objective,
      data,
      weights,
      learningRate: optimizer.learningRate,
      optimizer: createOptimizer(optimizer, weights.length),
      random: createRandom(seed, dropoutStream),
    });
  },
  [Symbol.dispose]() {},
};

interface TrainerParts {
  readonly model: ModelSpec;
  readonly objective: Objective;
  readonly data: Dataset;
  /** Every value is a float32 number; float64 only spares the conversion in each product. */
  readonly weights: Float64Array;
  readonly learningRate: number;
  readonly optimizer: Optimizer;
  readonly random: Random;
}

class PlainTrainer implements Trainer {
  learningRate: number;
  readonly #objective: Objective;
  readonly #width: number;
  readonly #weights: Float64Array;
  readonly #optimizer: Optimizer;
  readonly #random: Random;
  readonly #network: Network;
  readonly #loss: Loss;
  readonly #targets: Float64Array;
  readonly #rowWeights: Float64Array;
  #data: Dataset | undefined;
  #steps = 0;

  constructor({ model, objective, data, weights, learningRate, optimizer, random }: TrainerParts) {
    this.#objective = objective;
    this.#width = model.outputs;
    this.#data = data;
    this.#weights = weights;
    this.learningRate = learningRate;
    this.#optimizer = optimizer;
    this.#random = random;
    this.#network = createNetwork(model, weights);
    this.#loss = createLoss(objective, model.outputs);
    this.#targets = new Float64Array(this.#network.blockRows);
    this.#rowWeights = new Float64Array(this.#network.blockRows);
  }

  step(rows: Int32Array): number {
    const data = this.#requireData();
    if (rows.length === 0) throw noRows();
    const network = this.#network;
    const weight = weightOf(data, rows, network.firstRow);
    const scale = weight === 0 ? 0 : 1 / weight;
    network.gradient.fill(0);
    let loss = 0;
    for (let start = 0; start < rows.length; start += network.blockRows) {
      const block = this.#forward(rows.subarray(start, start + network.blockRows), this.#random);
      loss += this.#loss.sum(block);
      this.#loss.differentiate(block, { slopes: network.slopes, scale });
      network.backward(block.rows);
    }
    this.#steps += 1;
    this.#optimizer.apply(this.#weights, network.gradient, { step: this.#steps, learningRate: this.learningRate });
    return weight === 0 ? 0 : loss / weight;
  }

  steps(rows: Int32Array, batchSize: number): Float64Array {
    return stepByStep(rows, batchSize, (batch) => this.step(batch));
  }

  evaluate(rows: Int32Array): Evaluation {
    const { blockRows, firstRow } = this.#network;
    const weight = weightOf(this.#requireData(), rows, firstRow);
    const outputs = new Float32Array(rows.length * this.#width);
    let loss = 0;
    for (let start = 0; start < rows.length; start += blockRows) {
      const block = this.#forward(rows.subarray(start, start + blockRows));
      loss += this.#loss.sum(block);
      outputs.set(block.outputs.subarray(0, block.rows * this.#width), start * this.#width);
    }
    return { loss: loss / weight, weight, outputs };
  }

  exportWeights(): Float32Array {
    this.#requireData();
    return Float32Array.from(this.#weights);
  }

  exportParams(): Float32Array {
    return packParams({
      weights: this.exportWeights(),
      first: Float32Array.from(this.#optimizer.first),
      second: Float32Array.from(this.#optimizer.second),
      steps: this.#steps,
      random: this.#random.exportState(),
    });
  }

  importParams(params: Float32Array): void {
    this.#requireData();
    const state = unpackParams(params, this.#weights.length);
    this.#weights.set(state.weights);
    this.#optimizer.first.set(state.first);
    this.#optimizer.second.set(state.second);
    this.#steps = state.steps;
    this.#random.importState(state.random);
  }

  dispose(): void {
    this.#data = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Sends rows that exist through the network. */
  #forward(rows: Int32Array, dropout?: Random): Block {
    const { features, targets, weights } = this.#requireData();
    for (const [index, row] of rows.entries()) {
      this.#targets[index] = targets[row] ?? 0;
      this.#rowWeights[index] = weights === undefined ? 1 : (weights[row] ?? 0);
    }
    const { outputs } = this.#network;
    this.#network.load(features, rows);
    this.#network.forward(rows.length, dropout);
    toOutputs(this.#objective.kind, outputs, { rows: rows.length, width: this.#width });
    return { rows: rows.length, outputs, targets: this.#targets, weights: this.#rowWeights };
  }

  #requireData(): Dataset {
    if (this.#data === undefined) {
      throw new KtrdrError('failed_precondition', 'This trainer has been disposed of; create another one.');
    }
    return this.#data;
  }
}
