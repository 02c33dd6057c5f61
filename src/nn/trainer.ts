import { z } from 'zod';
import type { Dataset } from './dataset.ts';
import type { ModelSpec } from './model.ts';
import type { Objective } from './objective.ts';

/** How the weights follow the gradient. Parameters are those of the usual frameworks; see `createOptimizer`. */
export const optimizerSchema = z.strictObject({
  type: z.enum(['adam', 'adamw', 'sgd', 'rmsprop']),
  learningRate: z.number().positive(),
  /** `adamw` shrinks the weights by it directly; the others add it times the weight to the gradient. */
  weightDecay: z.number().min(0),
  /** The gradient is scaled down to this length where it is longer; 0 leaves it as it is. */
  gradientClip: z.number().min(0),
});

export type OptimizerSpec = z.infer<typeof optimizerSchema>;

export interface TrainerOptions {
  readonly model: ModelSpec;
  readonly objective: Objective;
  readonly optimizer: OptimizerSpec;
  /** Bound to the trainer, not copied; may lie in memory shared between threads. Must not change meanwhile. */
  readonly data: Dataset;
  readonly seed: number;
}

export interface Evaluation {
  /** Mean over the rows by their weights, cross entropy and focal loss in nats; NaN where the rows weigh nothing. */
  readonly loss: number;
  /** The sum of the rows' weights: what the losses of several evaluations are to be averaged by. */
  readonly weight: number;
  /** Row after row the probability of each class, or the value. */
  readonly outputs: Float32Array;
}

/** Where a model is trained: one interface for every engine, so that a caller does not know which one it has. */
export interface TrainerBackend extends Disposable {
  readonly name: string;
  /** The package that computes for it and its version, where that is no part of this program. */
  readonly computesWith?: string;
  readonly capabilities: Capabilities;
  /** @throws KtrdrError `invalid_input` for a model this backend does not know, or data that does not fit the model. */
  create(options: TrainerOptions): Trainer;
  /** Ends what the backend may have begun for its trainers, which are of no use then. */
  [Symbol.dispose](): void;
}

interface Capabilities {
  readonly models: readonly ModelSpec['kind'][];
  readonly device: 'cpu' | 'gpu';
  /** Where the same seed, data and steps give the same weights to the last bit. */
  readonly reproducible: 'everywhere' | 'on_one_machine';
}

/**
 * A model in training. Rows are named by their index in the data; a step may have any number of them, so a last batch
 * that is smaller needs no care. A recurrent model reads a row together with the `sequenceLength - 1` before it. After
 * `dispose` every call fails with `failed_precondition`.
 */
export interface Trainer extends Disposable {
  /** Of the next step; a schedule sets it between steps. It is not part of `exportParams`. */
  learningRate: number;
  /**
   * One step of forward, backward and optimizer; returns the mean loss of the rows by their weights before the step,
   * dropout included. Rows that weigh nothing have the loss 0 and no gradient.
   * @throws KtrdrError `invalid_input` for no rows, or one that does not exist.
   */
  step(rows: Int32Array): number;
  /**
   * One step for each batch of the rows, in their order, of which the last may be smaller; returns the loss of each. The
   * same as as many calls of `step`, and cheaper where a call has a long way to go.
   */
  steps(rows: Int32Array, batchSize: number): Float64Array;
  /** Loss and outputs without dropout; changes nothing. */
  evaluate(rows: Int32Array): Evaluation;
  /** The weights and biases alone, in the flat layout of `parametersOf`. */
  exportWeights(): Float32Array;
  /**
   * All that a continued training needs, in one flat layout for every backend: weights, the optimizer's two moments in
   * the same order, the step counter and the state of the dropout's randomness, each 32-bit word as two 16-bit halves.
   */
  exportParams(): Float32Array;
  /** @throws KtrdrError `invalid_input` when the length does not fit the model. */
  importParams(params: Float32Array): void;
  dispose(): void;
}
