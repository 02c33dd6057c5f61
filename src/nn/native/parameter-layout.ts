import { layersOf, type MlpSpec } from '../mlp-model.ts';

/** Parameters as the step's graph reads them: those of `parametersOf`, the weights of the first layer as [inputs, outputs]. */
export function toGraph(parameters: Float32Array, model: MlpSpec): Float32Array {
  const { inputs, outputs } = firstLayerOf(model);
  return transposed(parameters, outputs, inputs);
}

/** The way back. */
export function fromGraph(parameters: Float32Array, model: MlpSpec): Float32Array {
  const { inputs, outputs } = firstLayerOf(model);
  return transposed(parameters, inputs, outputs);
}

function firstLayerOf(model: MlpSpec): { inputs: number; outputs: number } {
  const [first] = layersOf(model);
  if (first === undefined) throw new TypeError('A network has at least one layer.');
  return first;
}

/** A copy in which the matrix at the beginning has its rows as columns. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = values.slice();
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return result;
}
