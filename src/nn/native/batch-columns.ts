import type { Dataset } from '../dataset.ts';

/** What the rows of a batch are to give, and how much each counts. */
export interface BatchColumns {
  /** The value, or 1 for the class of the row and 0 for the others: row after row as many as the model has outputs. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** Of each row in the sum of the losses, once for each output. */
  readonly shares: Float32Array<ArrayBuffer>;
}

/** Takes those columns together, in memory that it uses again: they are valid until the next batch. */
export class BatchReader {
  readonly #data: Required<Dataset>;
  readonly #outputs: number;
  #targets = new Float32Array(0);
  #shares = new Float32Array(0);

  constructor(data: Required<Dataset>, outputs: number) {
    this.#data = data;
    this.#outputs = outputs;
  }

  /** With shares of the mean: they add up to 1, and are 0 where the rows weigh nothing at all. */
  readForMean(rows: Int32Array): BatchColumns {
    const { weights } = this.#data;
    let weight = 0;
    for (let index = 0; index < rows.length; index += 1) weight += weights[rows[index] ?? 0] ?? 0;
    return this.#read(rows, weight === 0 ? 0 : 1 / weight);
  }

  /** With the weights of the rows as their shares. */
  readForSum(rows: Int32Array): BatchColumns {
    return this.#read(rows, 1);
  }

  #read(rows: Int32Array, scale: number): BatchColumns {
    const outputs = this.#outputs;
    const { targets: given, weights } = this.#data;
    const length = rows.length * outputs;
    if (this.#targets.length < length) {
      this.#targets = new Float32Array(length);
      this.#shares = new Float32Array(length);
    }
    const targets = this.#targets.subarray(0, length).fill(0);
    const shares = this.#shares.subarray(0, length);
    const isClass = given instanceof Int32Array;
    for (let index = 0, start = 0; index < rows.length; index += 1, start += outputs) {
      const row = rows[index] ?? 0;
      const target = given[row] ?? 0;
      const share = (weights[row] ?? 0) * scale;
      for (let at = start; at < start + outputs; at += 1) shares[at] = share;
      if (isClass) targets[start + target] = 1;
      else targets[start] = target;
    }
    return { targets, shares };
  }
}
