import { KtrdrError } from '../base/index.ts';
import { type Dataset, weightOf } from './dataset.ts';
import { buildNetwork } from './kernel/build-network.ts';
import { Chunk } from './kernel/chunk.ts';
import type { Kernel } from './kernel/kernel.ts';
import { initialWeights, parameterCount, sequenceLengthOf } from './model.ts';
import { paceOf } from './optimizer.ts';
import { createRandom, dropoutStream, type Random } from './random.ts';
import { checkedOptions } from './trainer-options.ts';
import { packParams, unpackParams } from './trainer-params.ts';
import { noRows, stepByStep } from './trainer-steps.ts';
import type { Evaluation, OptimizerSpec, Trainer, TrainerBackend, TrainerOptions } from './trainer.ts';

/**
 * Training in a WebAssembly kernel of our own, on one thread: forward, backward and optimizer fused, four numbers at a
 * time in float32. Its functions are made of operations that IEEE 754 fixes, without relaxed SIMD, so the same seed, data
 * and steps give the same weights to the last bit on every processor. The numbers are not those of the plain backend, which
 * sums in float64; the two follow each other closely.
 */
export const wasmBackend: TrainerBackend = {
  name: 'wasm',
  capabilities: { models: ['mlp', 'gru', 'lstm'], device: 'cpu', reproducible: 'everywhere' },
  create: (options) => new WasmTrainer(checkedOptions(options)),
  [Symbol.dispose]() {},
};

/** What there is until a trainer is disposed of. */
interface Resources {
  readonly kernel: Kernel;
  readonly chunk: Chunk;
  /** Where parameters are exchanged in the flat layout. */
  readonly exchange: Float32Array;
  readonly data: Dataset;
}

/** The kernel's names for what is exchanged. */
const numbers = { weights: 0, first: 1, second: 2 } as const;

class WasmTrainer implements Trainer {
  learningRate: number;
  readonly #optimizer: OptimizerSpec['type'];
  readonly #outputs: number;
  /** That can be named: before it there are too few to read with it. */
  readonly #firstRow: number;
  readonly #dropsOut: boolean;
  readonly #random: Random;
  #resources: Resources | undefined;
  #steps = 0;

  constructor({ model, objective, optimizer, data, seed }: TrainerOptions) {
    const kernel = buildNetwork({ model, objective, optimizer });
    const exchange = new Float32Array(kernel.memory.buffer, kernel.exchangeAt(), parameterCount(model));
    this.learningRate = optimizer.learningRate;
    this.#optimizer = optimizer.type;
    this.#outputs = model.outputs;
    this.#firstRow = sequenceLengthOf(model) - 1;
    this.#dropsOut = model.dropout > 0;
    this.#random = createRandom(seed, dropoutStream);
    this.#resources = { kernel, chunk: new Chunk(kernel, model), exchange, data };
    this.#import('weights', initialWeights(model, seed));
  }

  step(rows: Int32Array): number {
    const { kernel, chunk, data } = this.#held();
    if (rows.length === 0) throw noRows();
    const weight = weightOf(data, rows, this.#firstRow);
    const scale = weight === 0 ? 0 : 1 / weight;
    if (this.#dropsOut) kernel.seedStep(this.#random.uint32(), this.#random.uint32());
    let loss = 0;
    for (let start = 0; start < rows.length; start += chunk.rows) {
      loss += kernel.learn(chunk.load(data, rows, { start, scale }));
    }
    this.#steps += 1;
    const { stride, floor } = paceOf(this.#optimizer, { step: this.#steps, learningRate: this.learningRate });
    kernel.apply(this.learningRate, stride, floor);
    return loss;
  }

  steps(rows: Int32Array, batchSize: number): Float64Array {
    return stepByStep(rows, batchSize, (batch) => this.step(batch));
  }

  evaluate(rows: Int32Array): Evaluation {
    const { kernel, chunk, data } = this.#held();
    const weight = weightOf(data, rows, this.#firstRow);
    const outputs = new Float32Array(rows.length * this.#outputs);
    let loss = 0;
    for (let start = 0; start < rows.length; start += chunk.rows) {
      const count = chunk.load(data, rows, { start, scale: 1 });
      loss += kernel.evaluate(count);
      chunk.read(outputs, { start, count });
    }
    return { loss: loss / weight, weight, outputs };
  }

  exportWeights(): Float32Array {
    return this.#export('weights');
  }

  exportParams(): Float32Array {
    return packParams({
      weights: this.#export('weights'),
      first: this.#export('first'),
      second: this.#export('second'),
      steps: this.#steps,
      random: this.#random.exportState(),
    });
  }

  importParams(params: Float32Array): void {
    const { exchange } = this.#held();
    const { weights, first, second, steps, random } = unpackParams(params, exchange.length);
    this.#import('weights', weights);
    this.#import('first', first);
    this.#import('second', second);
    this.#steps = steps;
    this.#random.importState(random);
  }

  /** Lets go of the data and of the kernel, with which its memory goes. */
  dispose(): void {
    this.#resources = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #import(what: keyof typeof numbers, values: Float32Array): void {
    const { kernel, exchange } = this.#held();
    exchange.set(values);
    kernel.importNumbers(numbers[what]);
  }

  #export(what: keyof typeof numbers): Float32Array {
    const { kernel, exchange } = this.#held();
    kernel.exportNumbers(numbers[what]);
    return exchange.slice();
  }

  #held(): Resources {
    if (this.#resources === undefined) {
      throw new KtrdrError('failed_precondition', 'This trainer has been disposed of; create another one.');
    }
    return this.#resources;
  }
}
