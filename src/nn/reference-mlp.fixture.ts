import type { MlpSpec } from './mlp-model.ts';
import type { Objective } from './objective.ts';

/** A model by the book and what it is trained for. */
export interface ReferenceTask {
  readonly model: MlpSpec;
  readonly objective: Objective;
}

export interface ReferenceRow {
  readonly features: readonly number[];
  readonly target: number;
  readonly weight: number;
}

/**
 * A network by the book, without dropout: one row at a time, one sum at a time, the platform's functions, float64.
 * @param weights in the flat layout: each layer's weights output by output, then its biases.
 * @returns the probability of each class, or the value.
 */
export function referenceOutputs(
  { model, objective }: ReferenceTask,
  weights: readonly number[],
  row: readonly number[],
): number[] {
  let offset = 0;
  let values = [...row];
  const widths = [...model.hiddenLayers, model.outputs];
  for (const [index, width] of widths.entries()) {
    const inputs = values;
    const biases = offset + inputs.length * width;
    const sums = Array.from({ length: width }, (_, output) =>
      inputs.reduce(
        (sum, value, input) => sum + value * (weights[offset + output * inputs.length + input] ?? Number.NaN),
        weights[biases + output] ?? Number.NaN,
      ),
    );
    values = index === widths.length - 1 ? sums : sums.map(activationOf(model));
    offset = biases + width;
  }
  return objective.kind === 'cross_entropy' || objective.kind === 'focal' ? softmax(values) : values;
}

/** The mean loss of rows by their weights. */
export function referenceLoss(task: ReferenceTask, weights: readonly number[], rows: readonly ReferenceRow[]): number {
  const losses = rows.map(
    ({ features, target, weight }) =>
      weight * lossOf(task.objective, referenceOutputs(task, weights, features), target),
  );
  return sumOf(losses) / sumOf(rows.map(({ weight }) => weight));
}

/** The gradient of the mean loss by central differences. */
export function referenceGradient(
  task: ReferenceTask,
  weights: readonly number[],
  rows: readonly ReferenceRow[],
): number[] {
  const width = 1e-5;
  return weights.map((weight, index) => {
    const above = referenceLoss(task, weights.with(index, weight + width), rows);
    const below = referenceLoss(task, weights.with(index, weight - width), rows);
    return (above - below) / (2 * width);
  });
}

function lossOf(objective: Objective, outputs: readonly number[], target: number): number {
  const likelihood = outputs[target] ?? Number.NaN;
  const error = (outputs[0] ?? Number.NaN) - target;
  switch (objective.kind) {
    case 'cross_entropy':
      return -Math.log(likelihood);
    case 'focal':
      return -((1 - likelihood) ** objective.gamma) * Math.log(likelihood);
    case 'mse':
      return error ** 2;
    case 'huber': {
      const { delta } = objective;
      return Math.abs(error) <= delta ? error ** 2 / 2 : delta * (Math.abs(error) - delta / 2);
    }
    default:
      return objective satisfies never;
  }
}

function activationOf({ activation }: MlpSpec): (sum: number) => number {
  return {
    relu: (sum: number) => Math.max(0, sum),
    leaky_relu: (sum: number) => (sum > 0 ? sum : 0.01 * sum),
    tanh: Math.tanh,
    sigmoid: (sum: number) => 1 / (1 + Math.exp(-sum)),
  }[activation];
}

function softmax(sums: readonly number[]): number[] {
  const weights = sums.map((sum) => Math.exp(sum - Math.max(...sums)));
  return weights.map((weight) => weight / sumOf(weights));
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
