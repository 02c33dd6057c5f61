import { sigmoid, tanh } from '../base/index.ts';
import type { Activation } from './mlp-model.ts';

/** The slope of a leaky rectifier below 0. */
export const leak = 0.01;

/** Applies an activation in place to the first `count` values. */
export function activate(activation: Activation, values: Float64Array, count: number): void {
  switch (activation) {
    case 'relu':
      return update(values, count, (value) => Math.max(value, 0));
    case 'leaky_relu':
      return update(values, count, (value) => Math.max(value, leak * value));
    case 'tanh':
      return update(values, count, tanh);
    case 'sigmoid':
      return update(values, count, sigmoid);
    default:
      return activation satisfies never;
  }
}

/** Multiplies the first `count` of `slopes` by the derivative at the points where the activation gave `outputs`. */
export function chainSlopes(
  activation: Activation,
  slopes: Float64Array,
  { outputs, count }: { outputs: Float64Array; count: number },
): void {
  const derivative = derivatives[activation];
  for (let index = 0; index < count; index += 1) {
    slopes[index] = (slopes[index] ?? 0) * derivative(outputs[index] ?? 0);
  }
}

/** Rectifiers without a branch: the sign of a unit is as good as random, and a processor guesses it wrong half the time. */
const derivatives: Readonly<Record<Activation, (output: number) => number>> = {
  relu: (output) => Number(output > 0),
  leaky_relu: (output) => Math.max(Math.sign(output), leak),
  tanh: (output) => 1 - output * output,
  sigmoid: (output) => output * (1 - output),
};

function update(values: Float64Array, count: number, change: (value: number) => number): void {
  for (let index = 0; index < count; index += 1) values[index] = change(values[index] ?? 0);
}
