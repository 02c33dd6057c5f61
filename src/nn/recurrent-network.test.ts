import { describe, expect, it } from 'vitest';
import { createLoss, toOutputs } from './loss.ts';
import { parameterCount } from './model.ts';
import { RecurrentNetwork } from './recurrent-network.ts';
import { fromTorch } from './recurrent-torch.fixture.ts';
import { referenceRecurrent } from './reference-recurrent.fixture.ts';

const { shape, targets } = fromTorch;
const rows = targets.length;

/** As in the script that made the fixture. */
const spread = (count: number, { step, modulus, width }: { step: number; modulus: number; width: number }): number[] =>
  Array.from({ length: count }, (_, index) => (((index * step + 31) % modulus) / modulus) * 2 * width - width);

const features = spread(rows * shape.sequenceLength * shape.inputs, { step: 577, modulus: 2003, width: 1.5 });

describe.each(['gru', 'lstm'] as const)('%s', (kind) => {
  const model = { kind, ...shape, dropout: 0 } as const;
  const expected = fromTorch[kind];
  const parameters = spread(parameterCount(model), { step: 7919, modulus: 1009, width: 0.9 });

  it('gives the sums, the loss and the gradient of PyTorch in float64', () => {
    const network = new RecurrentNetwork(model, Float64Array.from(parameters));
    // Each window of the fixture has rows of its own.
    const last = Int32Array.from({ length: rows }, (_, row) => (row + 1) * shape.sequenceLength - 1);
    // The features go through float32, as a trainer's do.
    network.load(Float32Array.from(features), last);
    network.forward(rows);
    expect(distance(network.outputs.subarray(0, rows * shape.outputs), expected.sums)).toBeLessThan(1e-7);
    toOutputs('cross_entropy', network.outputs, { rows, width: shape.outputs });
    const loss = createLoss({ kind: 'cross_entropy' }, shape.outputs);
    const block = {
      rows,
      outputs: network.outputs,
      targets: Float64Array.from(targets),
      weights: new Float64Array(rows).fill(1),
    };
    expect(loss.sum(block) / rows).toBeCloseTo(expected.loss, 7);
    loss.differentiate(block, { slopes: network.slopes, scale: 1 / rows });
    network.backward(rows);
    expect(distance(network.gradient, expected.gradient)).toBeLessThan(1e-7);
  });

  it('by the book gives what PyTorch gives', () => {
    const width = shape.inputs;
    const all = Array.from({ length: rows * shape.sequenceLength }, (_, row) =>
      features.slice(row * width, (row + 1) * width),
    );
    const sums = targets.flatMap((_, row) =>
      referenceRecurrent(model, parameters, all.slice(row * shape.sequenceLength, (row + 1) * shape.sequenceLength)),
    );
    expect(distance(sums, expected.sums)).toBeLessThan(1e-14);
  });
});

function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] ?? Number.NaN))));
}
