import type { Dataset } from '../dataset.ts';
import type { MlpSpec } from '../mlp-model.ts';
import { initialWeights, parameterCount } from '../model.ts';
import type { Objective } from '../objective.ts';
import { paceOf } from '../optimizer.ts';
import { createRandom, dropoutStream, type Random } from '../random.ts';
import { packParams, unpackParams } from '../trainer-params.ts';
import type { OptimizerSpec } from '../trainer.ts';
import { DropoutMasks } from './dropout-masks.ts';
import { evaluationGraph, stepGraph } from './mlp-graphs.ts';
import { momentsOf } from './optimizer-nodes.ts';
import { numbersOf, type Computation, type Runtime, type Tensor } from './runtime.ts';

/** What is trained, and on what; checked before. */
export interface GraphTraining {
  readonly model: MlpSpec;
  readonly objective: Objective;
  readonly optimizer: OptimizerSpec;
  readonly seed: number;
  readonly data: Required<Dataset>;
}

type Moment = ReturnType<typeof momentsOf>[number];

/** Steps of training by computations that are graphs: what goes in and comes out of them, and what is kept between. */
export class GraphTrainer {
  readonly #model: MlpSpec;
  readonly #optimizer: OptimizerSpec;
  readonly #runtime: Runtime;
  readonly #step: Computation;
  readonly #evaluation: Computation;
  readonly #data: Readonly<Record<'features' | 'targets' | 'rowWeights', Tensor>>;
  readonly #random: Random;
  readonly #masks: DropoutMasks;
  readonly #state: Record<'weights' | Moment, Tensor>;
  #steps = 0;

  static async create(training: GraphTraining, runtime: Runtime): Promise<GraphTrainer> {
    const step = await runtime.compile(stepGraph(training));
    const evaluation = await runtime.compile(evaluationGraph(training));
    return new GraphTrainer(training, { runtime, step, evaluation });
  }

  private constructor(
    { model, optimizer, seed, data: { features, targets, weights } }: GraphTraining,
    { runtime, step, evaluation }: { runtime: Runtime; step: Computation; evaluation: Computation },
  ) {
    const { length } = targets;
    const moment = (): Tensor => runtime.tensor(new Float32Array(parameterCount(model)));
    this.#model = model;
    this.#optimizer = optimizer;
    this.#runtime = runtime;
    this.#step = step;
    this.#evaluation = evaluation;
    this.#data = {
      features: runtime.tensor(features, [length, model.inputs]),
      targets: runtime.tensor(targets, [length, 1]),
      rowWeights: runtime.tensor(weights, [length, 1]),
    };
    this.#random = createRandom(seed, dropoutStream);
    this.#masks = new DropoutMasks(model.dropout);
    this.#state = { weights: runtime.tensor(initialWeights(model, seed)), first: moment(), second: moment() };
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
    const { weights } = this.#state;
    const { outputs, losses } = await this.#evaluation.run({
      ...this.#data,
      rows: this.#runtime.tensor(rows),
      weights,
    });
    return { outputs: numbersOf(outputs), lossSum: sumOf(losses) };
  }

  exportWeights(): Float32Array {
    return numbersOf(this.#state.weights);
  }

  exportParams(): Float32Array {
    const { weights, first, second } = this.#state;
    return packParams({
      weights: numbersOf(weights),
      first: numbersOf(first),
      second: numbersOf(second),
      steps: this.#steps,
      random: this.#random.exportState(),
    });
  }

  importParams(params: Float32Array): void {
    const { weights, first, second, steps, random } = unpackParams(params, numbersOf(this.#state.weights).length);
    for (const [name, values] of Object.entries({ weights, first, second })) {
      Object.assign(this.#state, { [name]: this.#runtime.tensor(values) });
    }
    this.#steps = steps;
    this.#random.importState(random);
  }

  async release(): Promise<void> {
    await this.#step.release();
    await this.#evaluation.release();
  }

  async #stepOver(rows: Int32Array, learningRate: number): Promise<number> {
    const moments = momentsOf(this.#optimizer.type);
    this.#steps += 1;
    const results = await this.#step.run({
      ...this.#data,
      rows: this.#runtime.tensor(rows),
      weights: this.#state.weights,
      ...Object.fromEntries(moments.map((moment) => [moment, this.#state[moment]])),
      ...this.#pace(learningRate),
      ...this.#drawMasks(rows.length),
    });
    for (const kept of ['weights', ...moments] as const) {
      const next = results[`${kept}.next`];
      if (next !== undefined) this.#state[kept] = next;
    }
    return sumOf(results['losses']);
  }

  #pace(learningRate: number): Record<string, Tensor> {
    const { type, weightDecay } = this.#optimizer;
    const number = (value: number): Tensor => this.#runtime.tensor(Float32Array.of(value));
    const { stride, floor } = paceOf(type, { step: this.#steps, learningRate });
    return {
      stride: number(stride),
      ...(type === 'sgd' ? {} : { floor: number(floor) }),
      ...(type === 'adamw' ? { kept: number(1 - learningRate * weightDecay) } : {}),
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
