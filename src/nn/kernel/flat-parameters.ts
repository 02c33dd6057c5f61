import { parameterCount } from '../model.ts';
import type { ModelSpec } from '../model.ts';
import { paceOf } from '../optimizer.ts';
import type { OptimizerSpec } from '../trainer.ts';
import { buildOptimizer } from './build-network.ts';
import type { Kernel } from './kernel.ts';

/** The parameters of a model whose gradient something else computes; the kernel's optimizer moves them. */
export class FlatParameters {
  /** In the flat layout of `parametersOf`, as all of them; at first 0. Each is a view of the kernel's memory, which stays where it is. */
  readonly weights: Float32Array<ArrayBuffer>;
  /** Of the next step. */
  readonly gradient: Float32Array<ArrayBuffer>;
  readonly first: Float32Array<ArrayBuffer>;
  readonly second: Float32Array<ArrayBuffer>;
  /** That were applied. */
  steps = 0;
  readonly #kernel: Kernel;
  readonly #type: OptimizerSpec['type'];

  constructor(model: ModelSpec, optimizer: OptimizerSpec) {
    const count = parameterCount(model);
    const kernel = buildOptimizer(optimizer, count);
    const { buffer } = kernel.memory;
    this.weights = new Float32Array(buffer, kernel.parametersAt(), count);
    this.gradient = new Float32Array(buffer, kernel.gradientAt(), count);
    this.first = new Float32Array(buffer, kernel.firstMomentsAt(), count);
    this.second = new Float32Array(buffer, kernel.secondMomentsAt(), count);
    this.#kernel = kernel;
    this.#type = optimizer.type;
  }

  /** A step against the gradient. */
  apply(learningRate: number): void {
    this.steps += 1;
    const { stride, floor } = paceOf(this.#type, { step: this.steps, learningRate });
    this.#kernel.apply(learningRate, stride, floor);
  }
}
