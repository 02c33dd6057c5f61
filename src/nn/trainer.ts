import { z } from 'zod';
import type { ModelSpec } from './model.ts';

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

/** Rows to learn from. `features` holds row after row; `labels` holds the class of each row, from 0. */
export interface Dataset {
  readonly features: Float32Array;
  readonly labels: Int32Array;
}

export interface TrainerOptions {
  readonly model: ModelSpec;
  readonly optimizer: OptimizerSpec;
  /** Bound to the trainer, not copied; may lie in memory shared between threads. Must not change meanwhile. */
  readonly data: Dataset;
  readonly seed: number;
}

export interface Evaluation {
  /** Mean cross entropy over the rows, in nats. */
  readonly loss: number;
  /** Share of rows whose likeliest class is their label. */
  readonly accuracy: number;
  /** How many rows of class `actual` were taken for class `predicted`, at `actual * classes + predicted`. */
  readonly confusion: Int32Array;
}

/** Where a model is trained: one interface for every engine, so that a caller does not know which one it has. */
export interface TrainerBackend {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** @throws KtrdrError `invalid_input` for a model this backend does not know, or data that does not fit the model. */
  create(options: TrainerOptions): Trainer;
}

interface Capabilities {
  readonly models: readonly ModelSpec['kind'][];
  readonly device: 'cpu' | 'gpu';
  /** True when the same seed, data and steps give the same weights to the last bit on every machine. */
  readonly reproducible: boolean;
}

/**
 * A model in training. Rows are named by their index in the data; a step may have any number of them, so a last batch
 * that is smaller needs no care. After `dispose` every call fails with `failed_precondition`.
 */
export interface Trainer extends Disposable {
  /** Of the next step; a schedule sets it between steps. It is not part of `exportParams`. */
  learningRate: number;
  /** One step of forward, backward and optimizer; returns the mean loss of the rows before the step, dropout included. */
  step(rows: Int32Array): number;
  /** Loss and accuracy without dropout; changes nothing. NaN for no rows. */
  evaluate(rows: Int32Array): Evaluation;
  /** The probability of each class, row after row, without dropout. */
  probabilities(rows: Int32Array): Float32Array;
  /** The weights and biases alone, in the flat layout of `layersOf`. */
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
