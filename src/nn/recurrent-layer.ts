import { addGradient, addSums, type DenseLayer, type LayerArrays, passBack } from './dense-layer.ts';
import { type Matrix, rowMajor } from './matrix.ts';
import { type Cell, cells, type CellStep, gateColumns } from './recurrent-cell.ts';
import type { RecurrentShape } from './recurrent-model.ts';

/** A part of a layer's weights, and the column of the gates' sums that its first output goes to. */
type GateSums = DenseLayer & { readonly column: number };

/**
 * One recurrent layer for a block of rows: the whole sequence forward, and the whole sequence back. States lie step after
 * step, each with room for `blockRows` rows, of which a smaller block fills the first.
 */
export class RecurrentLayer {
  /** The hidden state after each step. */
  readonly hidden: Float64Array;
  /** The derivatives of the loss by `hidden`. Who reads the states adds to them before `backward`, which adds more. */
  readonly slopes: Float64Array;
  readonly #shape: RecurrentShape;
  readonly #blockRows: number;
  readonly #arrays: LayerArrays;
  readonly #cell: Cell;
  readonly #steps: CellStep[];
  readonly #fromBelow: GateSums;
  readonly #fromBefore: GateSums[];
  readonly #gateSlopes: Float64Array;
  readonly #memorySlopes: Float64Array;
  /** By the state before the first step, which nobody asks for. */
  readonly #firstSlopes: Float64Array;

  constructor(shape: RecurrentShape, arrays: LayerArrays, block: { steps: number; rows: number }) {
    const { kind, inputs, hiddenSize } = shape;
    const width = block.rows * hiddenSize;
    const memoryWidth = kind === 'lstm' ? width : 0;
    const states = new Float64Array((block.steps + 1) * width);
    const memories = new Float64Array((block.steps + 1) * memoryWidth);
    const gates = new Float64Array(block.steps * gateColumns * width);
    this.#shape = shape;
    this.#blockRows = block.rows;
    this.#arrays = arrays;
    this.#cell = cells[kind];
    this.hidden = states.subarray(width);
    this.slopes = new Float64Array(block.steps * width);
    this.#steps = Array.from({ length: block.steps }, (_, step) => ({
      gates: part(gates, step, gateColumns * width),
      before: part(states, step, width),
      hidden: part(states, step + 1, width),
      memoryBefore: part(memories, step, memoryWidth),
      memory: part(memories, step + 1, memoryWidth),
    }));
    this.#fromBelow = { inputs, outputs: shape.gates, weights: shape.weightIh, biases: shape.biasIh, column: 0 };
    this.#fromBefore = this.#cell.hiddenSums.map(({ column, row, width: sizes }) => ({
      inputs: hiddenSize,
      outputs: sizes * hiddenSize,
      weights: shape.weightHh + row * hiddenSize * hiddenSize,
      biases: shape.biasHh + row * hiddenSize,
      column: column * hiddenSize,
    }));
    this.#gateSlopes = new Float64Array(gateColumns * width);
    this.#memorySlopes = new Float64Array(memoryWidth);
    this.#firstSlopes = new Float64Array(width);
  }

  /** @param below the layer's inputs, step after step as the states are. */
  forward(below: Float64Array, rows: number): void {
    const { hiddenSize } = this.#shape;
    for (const [index, step] of this.#steps.entries()) {
      step.gates.fill(0, 0, rows * gateColumns * hiddenSize);
      const sums = (layer: GateSums): Matrix => this.#columns(step.gates, layer);
      const inputs = this.#inputsOf(below, index);
      addSums(this.#fromBelow, this.#arrays, { from: inputs, sums: sums(this.#fromBelow), rows });
      const before = rowMajor(step.before, hiddenSize);
      for (const layer of this.#fromBefore) addSums(layer, this.#arrays, { from: before, sums: sums(layer), rows });
      this.#cell.forward(step, rows, hiddenSize);
    }
  }

  /**
   * Adds to the gradient; follows a `forward` of the same rows.
   * @param below the layer's inputs, and where anybody wants them the derivatives by them, which are added to.
   */
  backward(below: { inputs: Float64Array; slopes: Float64Array | undefined }, rows: number): void {
    this.#memorySlopes.fill(0);
    for (let index = this.#steps.length - 1; index >= 0; index -= 1) {
      const step = this.#steps[index];
      if (step === undefined) break;
      const before = this.#backThroughCell(step, index, rows);
      this.#backThroughSums(this.#fromBelow, rows, {
        from: this.#inputsOf(below.inputs, index),
        below: below.slopes && this.#inputsOf(below.slopes, index),
      });
      for (const layer of this.#fromBefore) {
        this.#backThroughSums(layer, rows, { from: rowMajor(step.before, this.#shape.hiddenSize), below: before });
      }
    }
  }

  /** Sets the derivatives by the sums of the gates; returns those by the state before, to be added to. */
  #backThroughCell(step: CellStep, index: number, rows: number): Matrix {
    const { hiddenSize } = this.#shape;
    const width = this.#blockRows * hiddenSize;
    const hidden = part(this.slopes, index, width);
    const before = index === 0 ? this.#firstSlopes : part(this.slopes, index - 1, width);
    const slopes = { hidden, before, memory: this.#memorySlopes, gates: this.#gateSlopes };
    this.#cell.backward(step, slopes, { rows, hiddenSize });
    return rowMajor(before, hiddenSize);
  }

  #backThroughSums(layer: GateSums, rows: number, { from, below }: { from: Matrix; below: Matrix | undefined }): void {
    const slopes = this.#columns(this.#gateSlopes, layer);
    addGradient(layer, this.#arrays, { from, slopes, rows });
    if (below !== undefined) passBack(layer, this.#arrays, { slopes, below, rows });
  }

  #columns(gates: Float64Array, { column }: GateSums): Matrix {
    return { ...rowMajor(gates, gateColumns * this.#shape.hiddenSize), offset: column };
  }

  #inputsOf(below: Float64Array, step: number): Matrix {
    const { inputs } = this.#shape;
    return rowMajor(part(below, step, this.#blockRows * inputs), inputs);
  }
}

const part = (values: Float64Array, index: number, width: number): Float64Array =>
  values.subarray(index * width, (index + 1) * width);
