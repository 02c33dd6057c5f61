import { activate, chainSlopes } from './activation.ts';
import { type AddProduct, createProduct, type Matrix } from './matrix.ts';
import { type Layer, layersOf, type MlpSpec } from './mlp-model.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/** Few enough that the values of a block stay in the processor's cache. */
const blockRows = 32;

/** What a layer keeps of a block between forward and backward, each array `blockRows` x the layer's outputs. */
interface LayerState extends Layer {
  /** After the activation; for the last layer the sums. */
  readonly activated: Float64Array;
  /** After the dropout; the same array as `activated` where there is none. */
  readonly passed: Float64Array;
  /** What the dropout multiplied by: 0 or 1 / (1 - dropout). */
  readonly mask: Float64Array;
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
  readonly #parameters: Float64Array;
  readonly #hidden: LayerState[];
  readonly #last: LayerState;
  readonly #addProduct: AddProduct;

  constructor(model: MlpSpec, parameters: Float64Array) {
    const states = layersOf(model).map((layer) => layerState(layer, model.dropout));
    const last = states.pop();
    if (last === undefined) throw new TypeError('A network has at least one layer.');
    this.#model = model;
    this.#parameters = parameters;
    this.#hidden = states;
    this.#last = last;
    this.#addProduct = createProduct(Math.max(blockRows, model.inputs, ...model.hiddenLayers, model.outputs));
    this.#inputs = new Float64Array(blockRows * model.inputs);
    this.outputs = last.activated;
    this.slopes = last.delta;
    this.gradient = new Float64Array(parameters.length);
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
    let below = this.#inputs;
    for (const layer of this.#hidden) {
      this.#weigh(layer, below, rows);
      activate(this.#model.activation, layer.activated, rows * layer.outputs);
      this.#drop(layer, rows, dropout);
      below = layer.passed;
    }
    this.#weigh(this.#last, below, rows);
  }

  backward(rows: number): void {
    let above = this.#last;
    for (let index = this.#hidden.length - 1; index >= 0; index -= 1) {
      const layer = this.#hidden[index];
      if (layer === undefined) break;
      this.#addGradient(above, layer.passed, rows);
      this.#passBack(above, layer, rows);
      above = layer;
    }
    this.#addGradient(above, this.#inputs, rows);
  }

  /** Weights times what comes from below, plus the biases. */
  #weigh(layer: LayerState, below: Float64Array, rows: number): void {
    const biases = this.#parameters.subarray(layer.biases, layer.biases + layer.outputs);
    for (let row = 0; row < rows; row += 1) layer.activated.set(biases, row * layer.outputs);
    this.#addProduct(
      rowMajor(layer.activated, layer.outputs),
      [rowMajor(below, layer.inputs), transposed(this.#weights(layer))],
      { rows, columns: layer.outputs, depth: layer.inputs },
    );
  }

  #drop(layer: LayerState, rows: number, random: Random | undefined): void {
    const { activated, passed, mask } = layer;
    if (passed === activated) return;
    const count = rows * layer.outputs;
    const kept = 1 / (1 - this.#model.dropout);
    const threshold = this.#model.dropout * 2 ** 32;
    for (let index = 0; index < count; index += 1) {
      const factor = random === undefined ? 1 : random.uint32() < threshold ? 0 : kept;
      mask[index] = factor;
      passed[index] = factor * (activated[index] ?? 0);
    }
  }

  #addGradient(layer: LayerState, below: Float64Array, rows: number): void {
    const { delta, outputs } = layer;
    this.#addProduct(
      { ...this.#weights(layer), values: this.gradient },
      [transposed(rowMajor(delta, outputs)), rowMajor(below, layer.inputs)],
      { rows: outputs, columns: layer.inputs, depth: rows },
    );
    for (let output = 0; output < outputs; output += 1) {
      let sum = this.gradient[layer.biases + output] ?? 0;
      for (let row = 0; row < rows; row += 1) sum += delta[row * outputs + output] ?? 0;
      this.gradient[layer.biases + output] = sum;
    }
  }

  #passBack(from: LayerState, to: LayerState, rows: number): void {
    const { delta, activated, mask, passed } = to;
    const count = rows * to.outputs;
    delta.fill(0, 0, count);
    this.#addProduct(rowMajor(delta, to.outputs), [rowMajor(from.delta, from.outputs), this.#weights(from)], {
      rows,
      columns: to.outputs,
      depth: from.outputs,
    });
    if (passed !== activated) {
      for (let index = 0; index < count; index += 1) {
        delta[index] = (delta[index] ?? 0) * (mask[index] ?? 0);
      }
    }
    chainSlopes(this.#model.activation, delta, { outputs: activated, count });
  }

  #weights(layer: Layer): Matrix {
    return { values: this.#parameters, offset: layer.weights, rowStep: layer.inputs, columnStep: 1 };
  }
}

function layerState(layer: Layer, dropout: number): LayerState {
  const buffer = (): Float64Array => new Float64Array(blockRows * layer.outputs);
  const activated = buffer();
  return { ...layer, activated, passed: dropout > 0 ? buffer() : activated, mask: buffer(), delta: buffer() };
}

const rowMajor = (values: Float64Array, width: number): Matrix => ({
  values,
  offset: 0,
  rowStep: width,
  columnStep: 1,
});

const transposed = ({ values, offset, rowStep, columnStep }: Matrix): Matrix => ({
  values,
  offset,
  rowStep: columnStep,
  columnStep: rowStep,
});
