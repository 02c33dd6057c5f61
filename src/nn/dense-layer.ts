import { type AddProduct, type Matrix, transposed } from './matrix.ts';

/** A dense layer; `weights` and `biases` say where its parameters begin in the flat array. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly biases: number;
}

/** What a network's layers share: its parameters, the gradient by them, and the way to multiply. */
export interface LayerArrays {
  readonly parameters: Float64Array;
  readonly gradient: Float64Array;
  readonly addProduct: AddProduct;
}

/** Adds weights times `from`, and the biases, to `sums`. */
export function addSums(
  layer: DenseLayer,
  { parameters, addProduct }: LayerArrays,
  { from, sums, rows }: { from: Matrix; sums: Matrix; rows: number },
): void {
  const { values, offset, rowStep, columnStep } = sums;
  for (let output = 0; output < layer.outputs; output += 1) {
    const bias = parameters[layer.biases + output] ?? 0;
    let at = offset + output * columnStep;
    for (let row = 0; row < rows; row += 1) {
      values[at] = (values[at] ?? 0) + bias;
      at += rowStep;
    }
  }
  addProduct(sums, [from, transposed(weightsIn(parameters, layer))], {
    rows,
    columns: layer.outputs,
    depth: layer.inputs,
  });
}

/** Adds to the gradient what the derivatives by the layer's sums give. */
export function addGradient(
  layer: DenseLayer,
  { gradient, addProduct }: LayerArrays,
  { from, slopes, rows }: { from: Matrix; slopes: Matrix; rows: number },
): void {
  addProduct(weightsIn(gradient, layer), [transposed(slopes), from], {
    rows: layer.outputs,
    columns: layer.inputs,
    depth: rows,
  });
  const { values, offset, rowStep, columnStep } = slopes;
  for (let output = 0; output < layer.outputs; output += 1) {
    let sum = gradient[layer.biases + output] ?? 0;
    let at = offset + output * columnStep;
    for (let row = 0; row < rows; row += 1) {
      sum += values[at] ?? 0;
      at += rowStep;
    }
    gradient[layer.biases + output] = sum;
  }
}

/** Adds to `below` the derivatives by what the layer was given. */
export function passBack(
  layer: DenseLayer,
  { parameters, addProduct }: LayerArrays,
  { slopes, below, rows }: { slopes: Matrix; below: Matrix; rows: number },
): void {
  addProduct(below, [slopes, weightsIn(parameters, layer)], { rows, columns: layer.inputs, depth: layer.outputs });
}

/** Output by output. */
function weightsIn(values: Float64Array, { weights, inputs }: DenseLayer): Matrix {
  return { values, offset: weights, rowStep: inputs, columnStep: 1 };
}
