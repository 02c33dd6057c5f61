import { z } from 'zod';
import type { DenseLayer } from './dense-layer.ts';
import type { Random } from './random.ts';

const size = z.number().int().positive();

const shape = {
  /** Numbers in a row. */
  inputs: size,
  /** Rows that are read one after the other before the network answers: the one that it answers for is the last. */
  sequenceLength: size,
  hiddenSize: size,
  /** Recurrent layers, each of which reads the hidden states of the one below. */
  layers: size,
  outputs: size,
  /** Share of the states passed on to the next layer that is left out at random in each training step; none is behind the last. */
  dropout: z.number().min(0).lt(1),
};

/** Gated recurrent units (Cho et al. 2014, with the reset gate behind the product, as PyTorch and cuDNN have it). */
export const gruSchema = z.strictObject({ kind: z.literal('gru'), ...shape });

/** Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000). */
export const lstmSchema = z.strictObject({ kind: z.literal('lstm'), ...shape });

/** The hidden state of the last layer after the last row goes through a dense layer. */
export type RecurrentSpec = z.infer<typeof gruSchema> | z.infer<typeof lstmSchema>;

/** A recurrent layer; `weightIh`, `weightHh`, `biasIh` and `biasHh` say where its parameters begin in the flat array. */
export interface RecurrentShape {
  readonly kind: RecurrentSpec['kind'];
  readonly inputs: number;
  readonly hiddenSize: number;
  /** The rows of each weight, gate after gate in PyTorch's order: r, z, n of a GRU, i, f, g, o of an LSTM. */
  readonly gates: number;
  readonly weightIh: number;
  readonly weightHh: number;
  readonly biasIh: number;
  readonly biasHh: number;
}

/** The recurrent layers from the input on, and behind them the dense one. The flat layout is in this order. */
export function recurrentLayersOf(model: RecurrentSpec): { recurrent: RecurrentShape[]; dense: DenseLayer } {
  const { kind, inputs, hiddenSize, layers, outputs } = model;
  const gates = { gru: 3, lstm: 4 }[kind] * hiddenSize;
  let offset = 0;
  const recurrent = Array.from({ length: layers }, (_, index): RecurrentShape => {
    const width = index === 0 ? inputs : hiddenSize;
    const weightIh = offset;
    const weightHh = weightIh + gates * width;
    const biasIh = weightHh + gates * hiddenSize;
    const biasHh = biasIh + gates;
    offset = biasHh + gates;
    return { kind, inputs: width, hiddenSize, gates, weightIh, weightHh, biasIh, biasHh };
  });
  return {
    recurrent,
    dense: { inputs: hiddenSize, outputs, weights: offset, biases: offset + hiddenSize * outputs },
  };
}

/**
 * Sets the starting weights. Those of the recurrent layers, biases included, are uniform within 1 / sqrt(hiddenSize), as
 * PyTorch has them; those of the dense layer uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), its
 * biases 0.
 *
 * The biases of an LSTM's forget gate are 1 and 0 instead: a gate that begins half closed forgets what lies twenty rows
 * back before it can learn to keep it (Gers et al. 2000, Jozefowicz et al. 2015). A GRU keeps about half of its state from
 * the start, in sums that it learns to shift, and needs no such help.
 */
export function initializeRecurrent(model: RecurrentSpec, weights: Float32Array, random: Random): void {
  const { recurrent, dense } = recurrentLayersOf(model);
  const fill = (start: number, end: number, bound: number): void => {
    for (let index = start; index < end; index += 1) weights[index] = (2 * random.float() - 1) * bound;
  };
  for (const { kind, hiddenSize, gates, weightIh, biasIh, biasHh } of recurrent) {
    fill(weightIh, biasHh + gates, 1 / Math.sqrt(hiddenSize));
    if (kind === 'lstm') {
      weights.fill(1, biasIh + hiddenSize, biasIh + 2 * hiddenSize);
      weights.fill(0, biasHh + hiddenSize, biasHh + 2 * hiddenSize);
    }
  }
  fill(dense.weights, dense.biases, Math.sqrt(6 / (dense.inputs + dense.outputs)));
}
