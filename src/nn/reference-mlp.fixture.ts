import type { ModelSpec } from './model.ts';

/**
 * A network by the book, without dropout: one row at a time, one sum at a time, the platform's functions, float64.
 * @param weights in the flat layout: each layer's weights output by output, then its biases.
 * @returns the probability of each class.
 */
export function referenceProbabilities(model: ModelSpec, weights: readonly number[], row: readonly number[]): number[] {
  let offset = 0;
  let values = [...row];
  const widths = [...model.hiddenLayers, model.classes];
  for (const [index, width] of widths.entries()) {
    const inputs = values;
    const biases = offset + inputs.length * width;
    const sums = Array.from({ length: width }, (_, output) =>
      inputs.reduce(
        (sum, value, input) => sum + value * (weights[offset + output * inputs.length + input] ?? Number.NaN),
        weights[biases + output] ?? Number.NaN,
      ),
    );
    values = index === widths.length - 1 ? softmax(sums) : sums.map(activationOf(model));
    offset = biases + width;
  }
  return values;
}

/** The mean cross entropy of rows. */
export function referenceLoss(
  model: ModelSpec,
  weights: readonly number[],
  rows: readonly { features: readonly number[]; label: number }[],
): number {
  const losses = rows.map(
    ({ features, label }) => -Math.log(referenceProbabilities(model, weights, features)[label] ?? 0),
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / rows.length;
}

/** The gradient of the mean loss by central differences. */
export function referenceGradient(
  model: ModelSpec,
  weights: readonly number[],
  rows: readonly { features: readonly number[]; label: number }[],
): number[] {
  const width = 1e-5;
  return weights.map((weight, index) => {
    const above = referenceLoss(model, weights.with(index, weight + width), rows);
    const below = referenceLoss(model, weights.with(index, weight - width), rows);
    return (above - below) / (2 * width);
  });
}

function activationOf({ activation }: ModelSpec): (sum: number) => number {
  return {
    relu: (sum: number) => Math.max(0, sum),
    leaky_relu: (sum: number) => (sum > 0 ? sum : 0.01 * sum),
    tanh: Math.tanh,
    sigmoid: (sum: number) => 1 / (1 + Math.exp(-sum)),
  }[activation];
}

function softmax(sums: readonly number[]): number[] {
  const weights = sums.map((sum) => Math.exp(sum - Math.max(...sums)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
