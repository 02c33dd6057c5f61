import type { Dataset } from '../dataset.ts';
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
import { numbersOf, type Computation, type Runtime, type Tensor } from './runtime.ts';

/** What is trained, and on what; checked before. */
export interface GraphTraining {
  readonly model: MlpSpec;
  readonly objective: Objective;
  readonly optimizer: OptimizerSpec;
  readonly seed: number;
  readonly data: Required<Dataset>;
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
      features: runtime.tensor(data.features, [data.targets.length, model.inputs]),
    };
    const slopes: Record<string, Float32Array> = {};
    for (const [index, { inputs: width, outputs, weights, biases }] of layersOf(model).entries()) {
      const end = biases + outputs;
      inputs[`weights.${index}`] = runtime.tensor(parameters.weights.subarray(weights, biases), [outputs, width]);
      inputs[`biases.${index}`] = runtime.tensor(parameters.weights.subarray(biases, end));
      slopes[`weights.${index}.slopes`] = parameters.gradient.subarray(weights, biases);
      slopes[`biases.${index}.slopes`] = parameters.gradient.subarray(biases, end);
    }
    parameters.weights.set(initialWeights(model, seed));
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
    return this.#parameters.weights.slice();
  }

  exportParams(): Float32Array {
    const { weights, first, second, steps } = this.#parameters;
    return packParams({ weights, first, second, steps, random: this.#random.exportState() });
  }

  importParams(params: Float32Array): void {
    const parameters = this.#parameters;
    const { weights, first, second, steps, random } = unpackParams(params, parameters.weights.length);
    parameters.weights.set(weights);
    parameters.first.set(first);
    parameters.second.set(second);
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
  let sum = 0;
  for (const value of numbersOf(tensor)) sum += value;
  return sum;
}
