import type { Random } from '../random.ts';

/** What the units of one layer are multiplied by in a step, so that some of them are left out at random. */
export class DropoutMasks {
  /** Out of 65,536: one number of 32 bits decides on two units. */
  readonly #threshold: number;
  /** The bits of what makes up for those that are left out, of which there are exactly so many on average. */
  readonly #kept: number;
  /** For each layer memory that is used again. */
  readonly #masks: Float32Array<ArrayBuffer>[] = [];

  constructor(share: number) {
    this.#threshold = Math.round(share * 2 ** 16);
    this.#kept = new Int32Array(Float32Array.of(2 ** 16 / (2 ** 16 - this.#threshold)).buffer)[0] ?? 0;
  }

  /**
   * A mask of `length` for a layer, valid until the next one for it. As in the kernel, it is a hash of a counter with two
   * words that the generator draws, so the generator's state is all the state there is.
   */
  draw(layer: number, length: number, random: Random): Float32Array {
    const even = length + (length % 2);
    let mask = this.#masks[layer];
    if (mask === undefined || mask.length < even) this.#masks[layer] = mask = new Float32Array(even);
    const bits = new Int32Array(mask.buffer);
    const [threshold, kept] = [this.#threshold, this.#kept];
    const [key, secondKey] = [random.uint32(), random.uint32()];
    for (let index = 0; index < even; index += 2) {
      const drawn = hashOf(index, key, secondKey);
      // Without a branch, which a processor would guess wrong all the time: the sign of the difference is the answer.
      bits[index] = ~(((drawn >>> 16) - threshold) >> 31) & kept;
      bits[index + 1] = ~(((drawn & 0xffff) - threshold) >> 31) & kept;
    }
    return mask.subarray(0, length);
  }
}

/** The rounds of multiplying and folding that Ellis's search found to mix 32 bits best (hash-prospector, 2018). */
function hashOf(counter: number, key: number, secondKey: number): number {
  let mixed = (counter + key) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ secondKey, 0xd35a2d97);
  return mixed ^ (mixed >>> 15);
}
