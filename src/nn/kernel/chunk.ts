import type { Dataset } from '../dataset.ts';
import { type ModelSpec, sequenceLengthOf } from '../model.ts';
import { type Kernel, panelRows } from './kernel.ts';

/**
 * Where the kernel has the rows of a chunk. The data itself stays where it is: rows are gathered as they are needed, in
 * the order of the batch, and laid as the kernel wants them, which it would have to do with a copy of its own as well.
 */
export class Chunk {
  /** How many rows it takes. */
  readonly rows: number;
  readonly #numbers: Float32Array;
  readonly #inputs: number;
  readonly #outputs: number;
  /** Of each step of the sequence. */
  readonly #inputsAt: readonly number[];
  readonly #inputStride: number;
  readonly #outputsAt: number;
  readonly #outputStride: number;
  readonly #targetsAt: number;
  readonly #scalesAt: number;

  constructor(kernel: Kernel, model: ModelSpec) {
    const { inputs, outputs } = model;
    this.rows = kernel.chunkRows.value;
    const place = (address: number): number => address / Float32Array.BYTES_PER_ELEMENT;
    this.#numbers = new Float32Array(kernel.memory.buffer);
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#inputsAt = Array.from({ length: sequenceLengthOf(model) }, (_, step) => place(kernel.inputsAt(step)));
    this.#inputStride = place(kernel.inputStride());
    this.#outputsAt = place(kernel.outputsAt());
    this.#outputStride = place(kernel.outputStride());
    this.#targetsAt = place(kernel.targetsAt());
    this.#scalesAt = place(kernel.scalesAt());
  }

  /** Brings in the rows from `start` on, as many as there are and a chunk takes; returns how many. */
  load(
    { features, targets, weights }: Dataset,
    rows: Int32Array,
    { start, scale }: { start: number; scale: number },
  ): number {
    const count = Math.min(this.rows, rows.length - start);
    for (const [step, inputsAt] of this.#inputsAt.entries()) {
      const back = this.#inputsAt.length - 1 - step;
      for (let at = 0; at < count; at += panelRows) {
        const to = inputsAt + (at / panelRows) * this.#inputStride;
        this.#loadPanel(features, rows, { start: start + at, back, to });
      }
    }
    for (let index = 0; index < count; index += 1) {
      const row = rows[start + index] ?? 0;
      this.#numbers[this.#targetsAt + index] = targets[row] ?? 0;
      this.#numbers[this.#scalesAt + index] = weights === undefined ? scale : scale * (weights[row] ?? 0);
    }
    // What fills up the last panel counts nothing.
    for (let index = count; index % panelRows !== 0; index += 1) this.#numbers[this.#scalesAt + index] = 0;
    return count;
  }

  /** The outputs of the chunk's rows, row after row. */
  read(result: Float32Array, { start, count }: { start: number; count: number }): void {
    let to = start * this.#outputs;
    for (let row = 0; row < count; row += 1) {
      let from = this.#outputsAt + Math.floor(row / panelRows) * this.#outputStride + (row % panelRows);
      for (let output = 0; output < this.#outputs; output += 1) {
        result[to] = this.#numbers[from] ?? 0;
        to += 1;
        from += panelRows;
      }
    }
  }

  /**
   * Eight rows at a time, or those that lie as many rows back: they are written side by side. Rows that are not there are
   * filled up with the first one.
   */
  #loadPanel(
    features: Float32Array,
    rows: Int32Array,
    { start, back, to: at }: { start: number; back: number; to: number },
  ): void {
    const numbers = this.#numbers;
    const inputs = this.#inputs;
    const first = rows[start] ?? 0;
    const r0 = (first - back) * inputs;
    const r1 = ((rows[start + 1] ?? first) - back) * inputs;
    const r2 = ((rows[start + 2] ?? first) - back) * inputs;
    const r3 = ((rows[start + 3] ?? first) - back) * inputs;
    const r4 = ((rows[start + 4] ?? first) - back) * inputs;
    const r5 = ((rows[start + 5] ?? first) - back) * inputs;
    const r6 = ((rows[start + 6] ?? first) - back) * inputs;
    const r7 = ((rows[start + 7] ?? first) - back) * inputs;
    let to = at;
    for (let input = 0; input < inputs; input += 1) {
      numbers[to] = features[r0 + input] ?? 0;
      numbers[to + 1] = features[r1 + input] ?? 0;
      numbers[to + 2] = features[r2 + input] ?? 0;
      numbers[to + 3] = features[r3 + input] ?? 0;
      numbers[to + 4] = features[r4 + input] ?? 0;
      numbers[to + 5] = features[r5 + input] ?? 0;
      numbers[to + 6] = features[r6 + input] ?? 0;
      numbers[to + 7] = features[r7 + input] ?? 0;
      to += panelRows;
    }
  }
}
