import { log } from '../base/index.ts';

/** Streams of a trainer's seed: 0 is that of the starting weights, this one that of the units left out. */
export const dropoutStream = 1;

/** The state of a generator as it is exported: four unsigned 32-bit words. */
export type RandomState = readonly [number, number, number, number];

/** A seeded source of randomness: the same numbers from the same seed and stream on every machine. */
export interface Random {
  /** A whole number in [0, 2^32). */
  uint32(): number;
  /** A number in [0, 1), in steps of 2^-32. */
  float(): number;
  /** A whole number in [0, limit), each as likely as the other. */
  below(limit: number): number;
  /** A number from the standard normal distribution. */
  normal(): number;
  /** Puts the values into a random order, each order as likely as the other. */
  shuffle(values: Int32Array): void;
  exportState(): RandomState;
  importState(state: RandomState): void;
}

/**
 * The generator xoshiro128** 1.1 of Blackman and Vigna (2018), seeded through SplitMix32.
 * Streams of one seed are 2^64 numbers apart and so never meet; two purposes take two streams, and how often one of them
 * is asked does not change the other.
 */
export function createRandom(seed: number, stream = 0): Random {
  const random = new Xoshiro128(seedState(seed));
  for (let jumps = 0; jumps < stream; jumps += 1) random.jump();
  return random;
}

class Xoshiro128 implements Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  constructor(state: RandomState) {
    this.importState(state);
  }

  uint32(): number {
    const drawn = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return drawn;
  }

  float(): number {
    return this.uint32() / 2 ** 32;
  }

  below(limit: number): number {
    // The last, incomplete round of multiples would favour small numbers: draw again there.
    const complete = 2 ** 32 - (2 ** 32 % limit);
    let drawn = this.uint32();
    while (drawn >= complete) drawn = this.uint32();
    return drawn % limit;
  }

  /** The polar method of Marsaglia; the second number of each pair is let go, so that the four words are the whole state. */
  normal(): number {
    for (;;) {
      const x = 2 * this.float() - 1;
      const y = 2 * this.float() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * log(square)) / square);
    }
  }

  /** Fisher and Yates, from the end. */
  shuffle(values: Int32Array): void {
    for (let last = values.length - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      const kept = values[last] ?? 0;
      values[last] = values[other] ?? 0;
      values[other] = kept;
    }
  }

  exportState(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  importState([a, b, c, d]: RandomState): void {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#d = d | 0;
  }

  /** Skips 2^64 numbers: adds up the states that the published jump polynomial selects. */
  jump(): void {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (const word of [0x8764000b, 0xf542d2d3, 0x6fa035c3, 0x77f2db5b]) {
      for (let bit = 0; bit < 32; bit += 1) {
        if ((word >>> bit) & 1) {
          a ^= this.#a;
          b ^= this.#b;
          c ^= this.#c;
          d ^= this.#d;
        }
        this.uint32();
      }
    }
    this.importState([a, b, c, d]);
  }
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** SplitMix32 with the finalizer of MurmurHash3. Both halves of the seed count, so that seeds above 2^32 differ too. */
function seedState(seed: number): RandomState {
  const high = Math.floor(seed / 2 ** 32);
  const start = (seed ^ Math.imul(high, 0x85ebca6b)) | 0;
  return [word(start, 1), word(start, 2), word(start, 3), word(start, 4)];
}

function word(start: number, count: number): number {
  let mixed = (start + Math.imul(count, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
