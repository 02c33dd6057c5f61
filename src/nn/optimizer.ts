import { wholePower } from '../base/index.ts';
import type { OptimizerSpec } from './trainer.ts';

const optimizerConstants = {
  momentum: 0.9,
  adamDecay: { first: 0.9, second: 0.999 },
  rmsDecay: 0.99,
  epsilon: 1e-8,
} as const;

const { momentum, adamDecay, rmsDecay, epsilon } = optimizerConstants;

/** The moments are kept by the optimizer, as long as the parameters; one that needs fewer leaves the others at 0. */
export interface Optimizer {
  readonly first: Float64Array;
  readonly second: Float64Array;
  /**
   * Moves the parameters against the gradient, both changed in place.
   * @param step counts from 1.
   */
  apply(parameters: Float64Array, gradient: Float64Array, options: { step: number; learningRate: number }): void;
}

/**
 * Formulas and constants as in PyTorch: Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) with betas .9
 * and .999, gradient descent with momentum .9, RMSprop with alpha .99, all with epsilon 1e-8 where one is needed. The
 * gradient is clipped by its global norm before the weight decay is added; the decay holds for biases, too.
 *
 * Moments and parameters are rounded to float32 at each step, the exactness in which they are exported; the arithmetic
 * between is in float64.
 */
export function createOptimizer({ type, weightDecay, gradientClip }: OptimizerSpec, count: number): Optimizer {
  const first = new Float64Array(count);
  const second = new Float64Array(count);
  const update = { adam, adamw: adam, sgd, rmsprop }[type];
  return {
    first,
    second,
    apply(parameters, gradient, { step, learningRate }) {
      if (gradientClip > 0) clip(gradient, gradientClip);
      if (type === 'adamw') shrink(parameters, 1 - learningRate * weightDecay);
      else if (weightDecay > 0) addScaled(gradient, parameters, weightDecay);
      update({ parameters, gradient, first, second, ...paceOf(type, { step, learningRate }) });
    },
  };
}

/** What a step multiplies its direction by, and what it adds to the root of the second moment before it divides by it. */
export function paceOf(
  type: OptimizerSpec['type'],
  { step, learningRate }: { step: number; learningRate: number },
): { stride: number; floor: number } {
  if (type === 'sgd' || type === 'rmsprop') return { stride: learningRate, floor: epsilon };
  // The corrections of both moments, which begin at 0.
  const secondBias = Math.sqrt(1 - wholePower(adamDecay.second, step));
  return {
    stride: (learningRate * secondBias) / (1 - wholePower(adamDecay.first, step)),
    floor: epsilon * secondBias,
  };
}

interface Update {
  readonly parameters: Float64Array;
  readonly gradient: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly stride: number;
  readonly floor: number;
}

function adam({ parameters, gradient, first, second, stride, floor }: Update): void {
  for (let index = 0; index < parameters.length; index += 1) {
    const slope = gradient[index] ?? 0;
    const mean = Math.fround(adamDecay.first * (first[index] ?? 0) + (1 - adamDecay.first) * slope);
    const square = Math.fround(adamDecay.second * (second[index] ?? 0) + (1 - adamDecay.second) * slope * slope);
    first[index] = mean;
    second[index] = square;
    parameters[index] = Math.fround((parameters[index] ?? 0) - (stride * mean) / (Math.sqrt(square) + floor));
  }
}

function sgd({ parameters, gradient, first, stride }: Update): void {
  for (let index = 0; index < parameters.length; index += 1) {
    const velocity = Math.fround(momentum * (first[index] ?? 0) + (gradient[index] ?? 0));
    first[index] = velocity;
    parameters[index] = Math.fround((parameters[index] ?? 0) - stride * velocity);
  }
}

function rmsprop({ parameters, gradient, second, stride, floor }: Update): void {
  for (let index = 0; index < parameters.length; index += 1) {
    const slope = gradient[index] ?? 0;
    const square = Math.fround(rmsDecay * (second[index] ?? 0) + (1 - rmsDecay) * slope * slope);
    second[index] = square;
    const scale = Math.sqrt(square) + floor;
    parameters[index] = Math.fround((parameters[index] ?? 0) - (stride * slope) / scale);
  }
}

function clip(gradient: Float64Array, longest: number): void {
  let squares = 0;
  for (let index = 0; index < gradient.length; index += 1) squares += (gradient[index] ?? 0) ** 2;
  const length = Math.sqrt(squares);
  if (length > longest) shrink(gradient, longest / length);
}

function shrink(values: Float64Array, factor: number): void {
  for (let index = 0; index < values.length; index += 1) values[index] = (values[index] ?? 0) * factor;
}

function addScaled(target: Float64Array, summand: Float64Array, factor: number): void {
  for (let index = 0; index < target.length; index += 1) {
    target[index] = (target[index] ?? 0) + factor * (summand[index] ?? 0);
  }
}
