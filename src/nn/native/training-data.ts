import type { Dataset } from '../dataset.ts';

/** How much data there is, and whether its targets are classes. */
export interface DataSize {
  readonly rows: number;
  readonly inputs: number;
  readonly values: 'classes' | 'numbers';
}

/** Some rows of a column, from one on. */
export interface LoadedRows {
  readonly column: keyof Dataset;
  readonly firstRow: number;
  readonly values: Float32Array | Int32Array;
}

/**
 * Data as the graphs read it: behind the features of each row lies a 1, which the biases of the first layer are the weights of.
 * So its products have the biases in them, and no operation of their own goes over the batch for them.
 */
export class TrainingData implements Required<Dataset> {
  readonly features: Float32Array<ArrayBuffer>;
  readonly targets: Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly #inputs: number;

  constructor({ rows, inputs, values }: DataSize) {
    this.features = new Float32Array(rows * (inputs + 1)).fill(1);
    this.targets = values === 'classes' ? new Int32Array(rows) : new Float32Array(rows);
    this.weights = new Float32Array(rows).fill(1);
    this.#inputs = inputs;
  }

  load({ column, firstRow, values }: LoadedRows): void {
    if (column !== 'features') {
      this[column].set(values, firstRow);
      return;
    }
    const inputs = this.#inputs;
    for (let start = 0, row = firstRow; start < values.length; start += inputs, row += 1) {
      this.features.set(values.subarray(start, start + inputs), row * (inputs + 1));
    }
  }
}
