import { sigmoid, tanh } from '../base/index.ts';
import type { RecurrentSpec } from './recurrent-model.ts';

/**
 * Columns of the block of gates, in units of the hidden size. Those of an LSTM are i, f, g and o. Those of a GRU are r, z,
 * the input's part of n, and the hidden state's part of n, which the reset gate multiplies before the two are added.
 */
export const gateColumns = 4;

/** What a layer keeps of one step of the sequence; each array has so many values for each row. */
export interface CellStep {
  /** `gateColumns` times the hidden size: sums before `forward`, what the gates let through after it. */
  readonly gates: Float64Array;
  /** The hidden state before the step and after it. */
  readonly before: Float64Array;
  readonly hidden: Float64Array;
  /** The memory of an LSTM before the step and after it. */
  readonly memoryBefore: Float64Array;
  readonly memory: Float64Array;
}

/** Derivatives of the loss, for the same rows as a `CellStep`. */
export interface CellSlopes {
  /** By the hidden state after the step; read. */
  readonly hidden: Float64Array;
  /** By the hidden state before the step, as far as it does not go through the gates; added to. */
  readonly before: Float64Array;
  /** By the memory; after `backward` that before the step. */
  readonly memory: Float64Array;
  /** By the sums of the gates; written. */
  readonly gates: Float64Array;
}

/** The arithmetic of one step between the products of matrices. */
export interface Cell {
  /** What of `weightHh` goes to which columns of `gates`, all in hidden sizes. */
  readonly hiddenSums: readonly { readonly column: number; readonly row: number; readonly width: number }[];
  forward(step: CellStep, rows: number, hiddenSize: number): void;
  backward(step: CellStep, slopes: CellSlopes, size: { rows: number; hiddenSize: number }): void;
}

const gru: Cell = {
  hiddenSums: [
    { column: 0, row: 0, width: 2 },
    { column: 3, row: 2, width: 1 },
  ],
  /** n = tanh(x part + r * hidden part), h' = (1 - z) * n + z * h. */
  forward({ gates, before, hidden }, rows, hiddenSize) {
    forEachUnit(rows, hiddenSize, (r, unit) => {
      const [z, n, part] = [r + hiddenSize, r + 2 * hiddenSize, r + 3 * hiddenSize];
      const reset = sigmoid(gates[r] ?? 0);
      const keep = sigmoid(gates[z] ?? 0);
      const fresh = tanh((gates[n] ?? 0) + reset * (gates[part] ?? 0));
      gates[r] = reset;
      gates[z] = keep;
      gates[n] = fresh;
      hidden[unit] = (1 - keep) * fresh + keep * (before[unit] ?? 0);
    });
  },
  backward({ gates, before }, slopes, { rows, hiddenSize }) {
    forEachUnit(rows, hiddenSize, (r, unit) => {
      const [z, n, part] = [r + hiddenSize, r + 2 * hiddenSize, r + 3 * hiddenSize];
      const [reset, keep, fresh] = [gates[r] ?? 0, gates[z] ?? 0, gates[n] ?? 0];
      const slope = slopes.hidden[unit] ?? 0;
      const byFresh = slope * (1 - keep) * (1 - fresh * fresh);
      slopes.gates[r] = byFresh * (gates[part] ?? 0) * reset * (1 - reset);
      slopes.gates[z] = slope * ((before[unit] ?? 0) - fresh) * keep * (1 - keep);
      slopes.gates[n] = byFresh;
      slopes.gates[part] = byFresh * reset;
      slopes.before[unit] = (slopes.before[unit] ?? 0) + slope * keep;
    });
  },
};

const lstm: Cell = {
  hiddenSums: [{ column: 0, row: 0, width: 4 }],
  /** c' = f * c + i * g, h' = o * tanh(c'). */
  forward({ gates, hidden, memoryBefore, memory }, rows, hiddenSize) {
    forEachUnit(rows, hiddenSize, (i, unit) => {
      const [f, g, o] = [i + hiddenSize, i + 2 * hiddenSize, i + 3 * hiddenSize];
      const input = sigmoid(gates[i] ?? 0);
      const forget = sigmoid(gates[f] ?? 0);
      const fresh = tanh(gates[g] ?? 0);
      const output = sigmoid(gates[o] ?? 0);
      const kept = forget * (memoryBefore[unit] ?? 0) + input * fresh;
      gates[i] = input;
      gates[f] = forget;
      gates[g] = fresh;
      gates[o] = output;
      memory[unit] = kept;
      hidden[unit] = output * tanh(kept);
    });
  },
  backward({ gates, memoryBefore, memory }, slopes, { rows, hiddenSize }) {
    forEachUnit(rows, hiddenSize, (i, unit) => {
      const [f, g, o] = [i + hiddenSize, i + 2 * hiddenSize, i + 3 * hiddenSize];
      const [input, forget, fresh, output] = [gates[i] ?? 0, gates[f] ?? 0, gates[g] ?? 0, gates[o] ?? 0];
      const shown = tanh(memory[unit] ?? 0);
      const slope = slopes.hidden[unit] ?? 0;
      const byMemory = (slopes.memory[unit] ?? 0) + slope * output * (1 - shown * shown);
      slopes.gates[i] = byMemory * fresh * input * (1 - input);
      slopes.gates[f] = byMemory * (memoryBefore[unit] ?? 0) * forget * (1 - forget);
      slopes.gates[g] = byMemory * input * (1 - fresh * fresh);
      slopes.gates[o] = slope * shown * output * (1 - output);
      slopes.memory[unit] = byMemory * forget;
    });
  },
};

export const cells: Readonly<Record<RecurrentSpec['kind'], Cell>> = { gru, lstm };

/** @param act gets the index of the unit's first gate, and that of the unit. */
function forEachUnit(rows: number, hiddenSize: number, act: (gate: number, unit: number) => void): void {
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < hiddenSize; column += 1) {
      act(row * gateColumns * hiddenSize + column, row * hiddenSize + column);
    }
  }
}
