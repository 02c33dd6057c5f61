import { sigmoid, tanh } from './deterministic-math.ts';
import type { Activation } from './model.ts';

const leak = 0.01;

/** Applies an activation in place to the first `count` values. */
export function activate(activation: Activation, values: Float64Array, count: number): void {
  switch (activation) {
    case 'relu':
      return update(values, count, (value) => (value > 0 ? value : 0));
    case 'leaky_relu':
      return update(values, count, (value) => (value > 0 ? value : leak * value));
    case 'tanh':
      return update(values, count, tanh);
    case 'sigmoid':
      return update(values, count, sigmoid);
    default:
      return activation satisfies never;
  }
}

/** The derivative at the point where the activation gave `output`. */
export function slopeAt(activation: Activation, output: number): number {
  switch (activation) {
    case 'relu':
      return output > 0 ? 1 : 0;
    case 'leaky_relu':
      return output > 0 ? 1 : leak;
    case 'tanh':
      return 1 - output * output;
    case 'sigmoid':
      return output * (1 - output);
    default:
      return activation satisfies never;
  }
}

function update(values: Float64Array, count: number, change: (value: number) => number): void {
  for (let index = 0; index < count; index += 1) values[index] = change(values[index] ?? 0);
}
