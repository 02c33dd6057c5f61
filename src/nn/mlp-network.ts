import { activate, chainSlopes } from './activation.ts';
import { addGradient, addSums, type DenseLayer, type LayerArrays, passBack } from './dense-layer.ts';
import { Dropout } from './dropout.ts';
import { createProduct, type Matrix, rowMajor } from './matrix.ts';
import { layersOf, type MlpSpec } from './mlp-model.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/** Few enough that the values of a block stay in the processor's cache. */
const blockRows = 32;

/** What a layer keeps of a block between forward and backward, each array `blockRows` x the layer's outputs. */
interface LayerState extends DenseLayer {
  /** After the activation; for the last layer the sums. */
  readonly activated: Float64Array;
  readonly dropped: Dropout;
  /** The derivative of the loss by the layer's sums. */
  readonly delta: Float64Array;
}

export class MlpNetwork implements Network {
  readonly blockRows = blockRows;
  readonly firstRow = 0;
  readonly outputs: Float64Array;
  readonly slopes: Float64Array;
  readonly gradient: Float64Array;
  readonly #inputs: Float64Array;
  readonly #model: MlpSpec;
  readonly #hidden: LayerState[];
  readonly #last: LayerState;
  readonly #arrays: LayerArrays;

  constructor(model: MlpSpec, parameters: Float64Array) {
    const states = layersOf(model).map((layer) => layerState(layer, model.dropout));
    const last = states.pop();
    if (last === undefined) throw new TypeError('A network has at least one layer.');
    this.#model = model;
    this.#hidden = states;
    this.#last = last;
    this.#inputs = new Float64Array(blockRows * model.inputs);
    this.outputs = last.activated;
    this.slopes = last.delta;
    this.gradient = new Float64Array(parameters.length);
    const deepest = Math.max(blockRows, model.inputs, ...model.hiddenLayers, model.outputs);
    this.#arrays = { parameters, gradient: this.gradient, addProduct: createProduct(deepest) };
  }

  load(features: Float32Array, rows: Int32Array): void {
    const { inputs } = this.#model;
    for (const [index, row] of rows.entries()) {
      const from = row * inputs;
      const to = index * inputs;
      for (let input = 0; input < inputs; input += 1) this.#inputs[to + input] = features[from + input] ?? 0;
    }
  }

  forward(rows: number, dropout?: Random): void {
    let below = rowMajor(this.#inputs, this.#model.inputs);
    for (const layer of this.#hidden) {
      const { outputs, activated, dropped } = layer;
      this.#weigh(layer, below, rows);
      activate(this.#model.activation, activated, rows * outputs);
      dropped.pass(0, rows * outputs, dropout);
      below = rowMajor(dropped.passed, outputs);
    }
    this.#weigh(this.#last, below, rows);
  }

  backward(rows: number): void {
    let above = this.#last;
    for (let index = this.#hidden.length - 1; index >= 0; index -= 1) {
      const layer = this.#hidden[index];
      if (layer === undefined) break;
      const from = rowMajor(layer.dropped.passed, layer.outputs);
      addGradient(above, this.#arrays, { from, slopes: rowMajor(above.delta, above.outputs), rows });
      this.#passBack(above, layer, rows);
      above = layer;
    }
    const from = rowMajor(this.#inputs, this.#model.inputs);
    addGradient(above, this.#arrays, { from, slopes: rowMajor(above.delta, above.outputs), rows });
  }

  #weigh(layer: LayerState, from: Matrix, rows: number): void {
    layer.activated.fill(0, 0, rows * layer.outputs);
    addSums(layer, this.#arrays, { from, sums: rowMajor(layer.activated, layer.outputs), rows });
  }

  #passBack(from: LayerState, to: LayerState, rows: number): void {
    const { delta, activated, dropped, outputs } = to;
    const count = rows * outputs;
    delta.fill(0, 0, count);
    const slopes = rowMajor(from.delta, from.outputs);
    passBack(from, this.#arrays, { slopes, below: rowMajor(delta, outputs), rows });
    dropped.passBack(delta, 0, count);
    chainSlopes(this.#model.activation, delta, { outputs: activated, count });
  }
}

function layerState(layer: DenseLayer, dropout: number): LayerState {
  const buffer = (): Float64Array => new Float64Array(blockRows * layer.outputs);
  const activated = buffer();
  return { ...layer, activated, dropped: new Dropout(dropout, activated), delta: buffer() };
}
