import { activate, chainSlopes } from './activation.ts';
import { exp, log } from '../base/index.ts';
import { type AddProduct, createProduct, type Matrix } from './matrix.ts';
import { type Layer, layersOf, type ModelSpec } from './model.ts';
import type { Random } from './random.ts';

/** Rows that pass through the network together: few enough that their values stay in the processor's cache. */
export const blockRows = 32;

/** What a layer keeps of a block between forward and backward, each array `blockRows` x the layer's outputs. */
interface LayerState extends Layer {
  /** After the activation; for the last layer the probabilities. */
  readonly activated: Float64Array;
  /** After the dropout; the same array as `activated` where there is none. */
  readonly passed: Float64Array;
  /** What the dropout multiplied by: 0 or 1 / (1 - dropout). */
  readonly mask: Float64Array;
  /** The derivative of the loss by the layer's sums. */
  readonly delta: Float64Array;
}

/**
 * Forward and backward pass of one block of rows at a time; buffers are made once. Sums are float64, in a fixed order.
 * A caller fills `inputs`, calls `forward`, reads `probabilities`, and calls `backward` to add to `gradient`.
 */
export class MlpNetwork {
  readonly inputs: Float64Array;
  readonly probabilities: Float64Array;
  readonly gradient: Float64Array;
  readonly #model: ModelSpec;
  readonly #parameters: Float64Array;
  readonly #hidden: LayerState[];
  readonly #last: LayerState;
  readonly #addProduct: AddProduct;

  /** @param parameters in the flat layout of `layersOf`; read at each pass, so that a change takes effect. */
  constructor(model: ModelSpec, parameters: Float64Array) {
    const states = layersOf(model).map((layer) => layerState(layer, model.dropout));
    const last = states.pop();
    if (last === undefined) throw new TypeError('A network has at least one layer.');
    this.#model = model;
    this.#parameters = parameters;
    this.#hidden = states;
    this.#last = last;
    this.#addProduct = createProduct(Math.max(blockRows, model.inputs, ...model.hiddenLayers, model.classes));
    this.inputs = new Float64Array(blockRows * model.inputs);
    this.probabilities = last.activated;
    this.gradient = new Float64Array(parameters.length);
  }

  /** @param dropout draws the units that are left out; without it none is. */
  forward(rows: number, dropout?: Random): void {
    let below = this.inputs;
    for (const layer of this.#hidden) {
      this.#weigh(layer, below, rows);
      activate(this.#model.activation, layer.activated, rows * layer.outputs);
      this.#drop(layer, rows, dropout);
      below = layer.passed;
    }
    this.#weigh(this.#last, below, rows);
    softmax(this.#last.activated, rows, this.#last.outputs);
  }

  /**
   * The sum of the cross entropies of the block's rows.
   * A probability that rounds to 0 counts as the smallest normal number, so that one hopeless row leaves a finite loss.
   */
  loss(labels: Int32Array, rows: number): number {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) {
      const likelihood = this.probabilities[row * this.#last.outputs + (labels[row] ?? 0)] ?? 0;
      sum -= log(likelihood < 2 ** -1022 ? 2 ** -1022 : likelihood);
    }
    return sum;
  }

  /** Adds the gradient of `scale` times the block's loss. Follows a `forward` of the same rows. */
  backward(labels: Int32Array, { rows, scale }: { rows: number; scale: number }): void {
    this.#blame(labels, rows, scale);
    let above = this.#last;
    for (let index = this.#hidden.length - 1; index >= 0; index -= 1) {
      const layer = this.#hidden[index];
      if (layer === undefined) break;
      this.#addGradient(above, layer.passed, rows);
      this.#passBack(above, layer, rows);
      above = layer;
    }
    this.#addGradient(above, this.inputs, rows);
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

  /** The derivative of softmax and cross entropy together: the probability, less 1 for the label. */
  #blame(labels: Int32Array, rows: number, scale: number): void {
    const { delta, activated, outputs } = this.#last;
    for (let row = 0; row < rows; row += 1) {
      const label = labels[row];
      for (let output = 0; output < outputs; output += 1) {
        const index = row * outputs + output;
        delta[index] = scale * ((activated[index] ?? 0) - (output === label ? 1 : 0));
      }
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

/** In place; the largest sum of each row is taken off first, so that no exponential overflows. */
function softmax(values: Float64Array, rows: number, width: number): void {
  for (let start = 0; start < rows * width; start += width) {
    let largest = -Infinity;
    for (let index = start; index < start + width; index += 1) largest = Math.max(largest, values[index] ?? 0);
    let sum = 0;
    for (let index = start; index < start + width; index += 1) {
      const weight = exp((values[index] ?? 0) - largest);
      values[index] = weight;
      sum += weight;
    }
    for (let index = start; index < start + width; index += 1) values[index] = (values[index] ?? 0) / sum;
  }
}
