import type { MlpSpec } from './mlp-model.ts';

/** The sums of an MLP's last layer for one row, by the book: one sum at a time, the platform's functions, float64. */
export function referenceMlp(model: MlpSpec, weights: readonly number[], row: readonly number[]): number[] {
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
  return values;
}

function activationOf({ activation }: MlpSpec): (sum: number) => number {
  return {
    relu: (sum: number) => Math.max(0, sum),
    leaky_relu: (sum: number) => (sum > 0 ? sum : 0.01 * sum),
    tanh: Math.tanh,
    sigmoid: (sum: number) => 1 / (1 + Math.exp(-sum)),
  }[activation];
}
