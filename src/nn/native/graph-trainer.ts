import { FlatParameters } from '../kernel/flat-parameters.ts';
import { layersOf, type MlpSpec } from '../mlp-model.ts';
import { initialWeights } from '../model.ts';
import type { Objective } from '../objective.ts';
import { createRandom, dropoutStream, type Random } from '../random.ts';
import { packParams, unpackParams } from '../trainer-params.ts';
import type { OptimizerSpec } from '../trainer.ts';
import { type BatchColumns, BatchReader } from './batch-columns.ts';
import { DropoutMasks } from './dropout-masks.ts';
import { evaluationGraph, stepGraph } from './mlp-graphs.ts';
import { fromGraph, toGraph } from './parameter-layout.ts';
import { numbersOf, type Computation, type Runtime, type Tensor } from './runtime.ts';
import type { TrainingData } from './training-data.ts';

/** What is trained, and on what; checked before. */
export interface GraphTraining {
  readonly model: MlpSpec;
  readonly objective: Objective;
  readonly optimizer: OptimizerSpec;
  readonly seed: number;
  readonly data: TrainingData;
}

/**
 * Steps of training whose forward and backward are graphs. A graph reads the weights where the optimizer has them, so between
 * two steps only the gradient is copied.
 */
export class GraphTrainer {
  readonly #model: MlpSpec;
  readonly #runtime: Runtime;
  readonly #step: Computation;
  readonly #evaluation: Computation;
  readonly #batches: BatchReader;
  readonly #random: Random;
  readonly #masks: DropoutMasks;
  readonly #parameters: FlatParameters;
  /** What every run is given: all features, and each layer's weights and biases. */
  readonly #inputs: Readonly<Record<string, Tensor>>;
  /** By their names in the graph, where the derivatives by them belong. */
  readonly #slopes: Readonly<Record<string, Float32Array>>;

  static async create(training: GraphTraining, runtime: Runtime): Promise<GraphTrainer> {
    const step = await runtime.compile(stepGraph(training));
    const evaluation = await runtime.compile(evaluationGraph(training));
    return new GraphTrainer(training, { runtime, step, evaluation });
  }

  private constructor(
    { model, optimizer, seed, data }: GraphTraining,
    { runtime, step, evaluation }: { runtime: Runtime; step: Computation; evaluation: Computation },
  ) {
    const parameters = new FlatParameters(model, optimizer);
    const inputs: Record<string, Tensor> = {
      features: runtime.tensor(data.features, [data.targets.length, model.inputs + 1]),
    };
    const slopes: Record<string, Float32Array> = {};
    const add = (name: string, from: number, shape: readonly number[]): void => {
      const end = from + shape.reduce((size, side) => size * side);
      inputs[name] = runtime.tensor(parameters.weights.subarray(from, end), shape);
      slopes[`${name}.slopes`] = parameters.gradient.subarray(from, end);
    };
    for (const [index, { inputs: width, outputs, weights, biases }] of layersOf(model).entries()) {
      if (index === 0) {
        add('weights.0', weights, [width + 1, outputs]);
        continue;
      }
      add(`weights.${index}`, weights, [outputs, width]);
      add(`biases.${index}`, biases, [outputs]);
    }
    parameters.weights.set(toGraph(initialWeights(model, seed), model));
    this.#model = model;
    this.#runtime = runtime;
    this.#step = step;
    this.#evaluation = evaluation;
    this.#batches = new BatchReader(data, model.outputs);
    this.#random = createRandom(seed, dropoutStream);
    this.#masks = new DropoutMasks(model.dropout);
    this.#parameters = parameters;
    this.#inputs = inputs;
    this.#slopes = slopes;
  }

  /** One step for each batch of the rows, in their order; returns the mean loss of each. */
  async steps(rows: Int32Array, batchSize: number, learningRate: number): Promise<Float64Array> {
    const losses = new Float64Array(Math.ceil(rows.length / batchSize));
    for (const batch of losses.keys()) {
      losses[batch] = await this.#stepOver(rows.subarray(batch * batchSize, (batch + 1) * batchSize), learningRate);
    }
    return losses;
  }

  /** The outputs, row after row, and the sum of the rows' losses, each times its weight. */
  async evaluate(rows: Int32Array): Promise<{ outputs: Float32Array; lossSum: number }> {
    const batch = this.#batchOf(rows, this.#batches.readForSum(rows));
    const { outputs, losses } = await this.#evaluation.run({ ...this.#inputs, ...batch });
    return { outputs: numbersOf(outputs), lossSum: sumOf(losses) };
  }

  exportWeights(): Float32Array {
    return fromGraph(this.#parameters.weights, this.#model);
  }

  exportParams(): Float32Array {
    const { weights, first, second, steps } = this.#parameters;
    const [model, random] = [this.#model, this.#random.exportState()];
    return packParams({
      weights: fromGraph(weights, model),
      first: fromGraph(first, model),
      second: fromGraph(second, model),
      steps,
      random,
    });
  }

  importParams(params: Float32Array): void {
    const [parameters, model] = [this.#parameters, this.#model];
    const { weights, first, second, steps, random } = unpackParams(params, parameters.weights.length);
    parameters.weights.set(toGraph(weights, model));
    parameters.first.set(toGraph(first, model));
    parameters.second.set(toGraph(second, model));
    parameters.steps = steps;
    this.#random.importState(random);
  }

  async release(): Promise<void> {
    await this.#step.release();
    await this.#evaluation.release();
  }

  async #stepOver(rows: Int32Array, learningRate: number): Promise<number> {
    const batch = this.#batchOf(rows, this.#batches.readForMean(rows));
    const results = await this.#step.run({ ...this.#inputs, ...batch, ...this.#drawMasks(rows.length) });
    for (const [name, slopes] of Object.entries(this.#slopes)) slopes.set(numbersOf(results[name]));
    this.#parameters.apply(learningRate);
    return sumOf(results['losses']);
  }

  #batchOf(rows: Int32Array, { targets, shares }: BatchColumns): Record<string, Tensor> {
    const shape = [rows.length, this.#model.outputs];
    return {
      rows: this.#runtime.tensor(rows),
      targets: this.#runtime.tensor(targets, shape),
      shares: this.#runtime.tensor(shares, shape),
    };
  }

  #drawMasks(rows: number): Record<string, Tensor> {
    const { dropout, hiddenLayers } = this.#model;
    if (dropout === 0) return {};
    return Object.fromEntries(
      hiddenLayers.map((width, layer) => {
        const mask = this.#masks.draw(layer, rows * width, this.#random);
        return [`mask.${layer}`, this.#runtime.tensor(mask, [rows, width])];
      }),
    );
  }
}

function sumOf(tensor: Tensor | undefined): number {
  const values = numbersOf(tensor);
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index] ?? 0;
  return sum;
}
