import type { RecurrentSpec } from './recurrent-model.ts';

/**
 * The sums of a recurrent network's dense layer for one window, by the book: one unit at a time, the platform's
 * functions, float64.
 * @param weights in the flat layout.
 * @param window rows of features, the oldest first.
 */
export function referenceRecurrent(
  model: RecurrentSpec,
  weights: readonly number[],
  window: readonly (readonly number[])[],
): number[] {
  const { kind, hiddenSize, outputs } = model;
  let sequence = window;
  let offset = 0;
  for (let layer = 0; layer < model.layers; layer += 1) {
    const inputs = layer === 0 ? model.inputs : hiddenSize;
    const gates = { gru: 3, lstm: 4 }[kind] * hiddenSize;
    const take = (count: number): readonly number[] => weights.slice(offset, (offset += count));
    const [weightIh, weightHh, biasIh, biasHh] = [
      take(gates * inputs),
      take(gates * hiddenSize),
      take(gates),
      take(gates),
    ];
    const step = { gru: gruStep, lstm: lstmStep }[kind];
    let state: State = { hidden: Array.from({ length: hiddenSize }, () => 0), memory: [] };
    if (kind === 'lstm') state = { ...state, memory: state.hidden };
    sequence = sequence.map((row) => {
      const fromRow = affine(weightIh, row, biasIh);
      const fromState = affine(weightHh, state.hidden, biasHh);
      state = step(fromRow, fromState, state);
      return state.hidden;
    });
  }
  const last = sequence.at(-1) ?? [];
  return affine(
    weights.slice(offset, offset + outputs * hiddenSize),
    last,
    weights.slice(offset + outputs * hiddenSize),
  );
}

interface State {
  readonly hidden: readonly number[];
  readonly memory: readonly number[];
}

/** The formulas that PyTorch's documentation gives for `GRU`. */
function gruStep(fromRow: readonly number[], fromState: readonly number[], { hidden }: State): State {
  const size = hidden.length;
  return {
    memory: [],
    hidden: hidden.map((before, unit) => {
      const r = sigmoid(at(fromRow, unit) + at(fromState, unit));
      const z = sigmoid(at(fromRow, size + unit) + at(fromState, size + unit));
      const n = Math.tanh(at(fromRow, 2 * size + unit) + r * at(fromState, 2 * size + unit));
      return (1 - z) * n + z * before;
    }),
  };
}

/** The formulas that PyTorch's documentation gives for `LSTM`. */
function lstmStep(fromRow: readonly number[], fromState: readonly number[], { hidden, memory }: State): State {
  const size = hidden.length;
  const sum = (gate: number, unit: number): number =>
    at(fromRow, gate * size + unit) + at(fromState, gate * size + unit);
  const next = memory.map(
    (before, unit) => sigmoid(sum(1, unit)) * before + sigmoid(sum(0, unit)) * Math.tanh(sum(2, unit)),
  );
  return { memory: next, hidden: next.map((value, unit) => sigmoid(sum(3, unit)) * Math.tanh(value)) };
}

const at = (values: readonly number[], index: number): number => values[index] ?? Number.NaN;

const sigmoid = (sum: number): number => 1 / (1 + Math.exp(-sum));

/** Weights output by output. */
function affine(weights: readonly number[], values: readonly number[], biases: readonly number[]): number[] {
  return biases.map((bias, output) =>
    values.reduce((sum, value, input) => sum + value * at(weights, output * values.length + input), bias),
  );
}
