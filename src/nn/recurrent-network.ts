import { addGradient, addSums, type DenseLayer, type LayerArrays, passBack } from './dense-layer.ts';
import { Dropout } from './dropout.ts';
import { createProduct, type Matrix, rowMajor } from './matrix.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';
import { gateColumns } from './recurrent-cell.ts';
import { RecurrentLayer } from './recurrent-layer.ts';
import { recurrentLayersOf, type RecurrentSpec } from './recurrent-model.ts';

const blockRows = 32;

/** A recurrent layer with what it reads and what it passes on. */
interface LayerState {
  readonly layer: RecurrentLayer;
  /** Step after step, each with room for `blockRows` rows. */
  readonly inputs: Float64Array;
  /** Of the states on their way to the next layer. */
  readonly dropped: Dropout;
}

/** A row is read together with the rows before it that make up its sequence, the oldest first. */
export class RecurrentNetwork implements Network {
  readonly blockRows = blockRows;
  readonly firstRow: number;
  readonly outputs: Float64Array;
  readonly slopes: Float64Array;
  readonly gradient: Float64Array;
  readonly #model: RecurrentSpec;
  readonly #arrays: LayerArrays;
  readonly #layers: LayerState[];
  readonly #dense: DenseLayer;
  readonly #inputs: Float64Array;

  constructor(model: RecurrentSpec, parameters: Float64Array) {
    const { inputs, hiddenSize, sequenceLength: steps, outputs, dropout } = model;
    const { recurrent, dense } = recurrentLayersOf(model);
    this.firstRow = steps - 1;
    this.outputs = new Float64Array(blockRows * outputs);
    this.slopes = new Float64Array(blockRows * outputs);
    this.gradient = new Float64Array(parameters.length);
    this.#model = model;
    const deepest = Math.max(blockRows, inputs, gateColumns * hiddenSize, outputs);
    this.#arrays = { parameters, gradient: this.gradient, addProduct: createProduct(deepest) };
    this.#dense = dense;
    this.#inputs = new Float64Array(steps * blockRows * inputs);
    let below = this.#inputs;
    this.#layers = recurrent.map((shape, index) => {
      const layer = new RecurrentLayer(shape, this.#arrays, { steps, rows: blockRows });
      const dropped = new Dropout(index === recurrent.length - 1 ? 0 : dropout, layer.hidden);
      const state = { layer, inputs: below, dropped };
      below = dropped.passed;
      return state;
    });
  }

  load(features: Float32Array, rows: Int32Array): void {
    const { inputs, sequenceLength } = this.#model;
    for (let step = 0; step < sequenceLength; step += 1) {
      for (const [index, row] of rows.entries()) {
        const from = (row - this.firstRow + step) * inputs;
        const to = (step * blockRows + index) * inputs;
        for (let input = 0; input < inputs; input += 1) this.#inputs[to + input] = features[from + input] ?? 0;
      }
    }
  }

  forward(rows: number, dropout?: Random): void {
    for (const { layer, inputs, dropped } of this.#layers) {
      layer.forward(inputs, rows);
      this.#forEachStep(rows, (start, end) => dropped.pass(start, end, dropout));
    }
    this.outputs.fill(0, 0, rows * this.#dense.outputs);
    const sums = rowMajor(this.outputs, this.#dense.outputs);
    addSums(this.#dense, this.#arrays, { from: this.#lastOf('hidden'), sums, rows });
  }

  backward(rows: number): void {
    for (const { layer } of this.#layers) layer.slopes.fill(0);
    const slopes = rowMajor(this.slopes, this.#dense.outputs);
    addGradient(this.#dense, this.#arrays, { from: this.#lastOf('hidden'), slopes, rows });
    passBack(this.#dense, this.#arrays, { slopes, below: this.#lastOf('slopes'), rows });
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      const state = this.#layers[index];
      if (state === undefined) break;
      const { layer, inputs, dropped } = state;
      this.#forEachStep(rows, (start, end) => dropped.passBack(layer.slopes, start, end));
      const below = this.#layers[index - 1]?.layer.slopes;
      layer.backward({ inputs, slopes: below }, rows);
    }
  }

  /** The state of the last layer after the last step, or the derivatives by it. */
  #lastOf(values: 'hidden' | 'slopes'): Matrix {
    const { hiddenSize } = this.#model;
    const last = this.#layers.at(-1)?.layer[values] ?? new Float64Array(0);
    return { ...rowMajor(last, hiddenSize), offset: this.firstRow * blockRows * hiddenSize };
  }

  /** @param act gets from where to where the states of the rows lie. */
  #forEachStep(rows: number, act: (start: number, end: number) => void): void {
    const { hiddenSize, sequenceLength } = this.#model;
    for (let step = 0; step < sequenceLength; step += 1) {
      const start = step * blockRows * hiddenSize;
      act(start, start + rows * hiddenSize);
    }
  }
}
