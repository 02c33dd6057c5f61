import type { Random } from './random.ts';

/** Leaves out some of a layer's values at random; the others make up for them. */
export class Dropout {
  /** What is passed on; the values themselves where none is ever left out. */
  readonly passed: Float64Array;
  readonly #share: number;
  readonly #values: Float64Array;
  /** What a value was multiplied by: 0 or 1 / (1 - share). */
  readonly #mask: Float64Array;

  constructor(share: number, values: Float64Array) {
    const size = share > 0 ? values.length : 0;
    this.passed = share > 0 ? new Float64Array(size) : values;
    this.#share = share;
    this.#values = values;
    this.#mask = new Float64Array(size);
  }

  /** Passes the values from `start` on; without `random` all of them as they are. */
  pass(start: number, end: number, random: Random | undefined): void {
    if (this.#share === 0) return;
    const kept = 1 / (1 - this.#share);
    const threshold = this.#share * 2 ** 32;
    for (let index = start; index < end; index += 1) {
      const factor = random === undefined ? 1 : random.uint32() < threshold ? 0 : kept;
      this.#mask[index] = factor;
      this.passed[index] = factor * (this.#values[index] ?? 0);
    }
  }

  /** Makes derivatives by `passed` derivatives by the values, in place. Follows a `pass` of the same values. */
  passBack(slopes: Float64Array, start: number, end: number): void {
    if (this.#share === 0) return;
    for (let index = start; index < end; index += 1) slopes[index] = (slopes[index] ?? 0) * (this.#mask[index] ?? 0);
  }
}
