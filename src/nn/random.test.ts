import { describe, expect, it } from 'vitest';
import { createRandom, type RandomState } from './random.ts';

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('createRandom()', () => {
  it('gives the published numbers of xoshiro128** 1.1 for the state 1, 2, 3, 4', () => {
    const random = createRandom(0);
    random.importState([1, 2, 3, 4]);
    expect(draw(6, () => random.uint32())).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492]);
  });

  it('gives the same numbers for the same seed and stream, and others for another', () => {
    const first = (seed: number, stream?: number): number[] => {
      const random = createRandom(seed, stream);
      return draw(4, () => random.uint32());
    };
    expect(first(42)).toEqual(first(42, 0));
    const others = [first(42), first(43), first(42, 1), first(42, 2), first(42 + 2 ** 32), first(-42)];
    expect(new Set(others.map(String)).size).toBe(others.length);
  });

  it('puts streams 2^64 numbers apart', () => {
    const start = createRandom(7).exportState();
    expect(createRandom(7, 1).exportState()).toEqual(advance(start, 64));
    expect(createRandom(7, 2).exportState()).toEqual(advance(advance(start, 64), 64));
  });

  it('continues from an exported state', () => {
    const random = createRandom(5);
    draw(10, () => random.normal());
    const copy = createRandom(99);
    copy.importState(random.exportState());
    expect(draw(5, () => copy.normal())).toEqual(draw(5, () => random.normal()));
  });

  it('draws floats in [0, 1) that are evenly spread', () => {
    const random = createRandom(1);
    const values = draw(20_000, () => random.float());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(mean(values)).toBeCloseTo(0.5, 1);
    expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
  });

  it('draws every number below a limit equally often', () => {
    const random = createRandom(2);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let index = 0; index < 70_000; index += 1) {
      const drawn = random.below(7);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(counts).toHaveLength(7);
    expect(chiSquare, 'below the 99.9 % quantile for 6 degrees of freedom').toBeLessThan(22.5);
  });

  it('draws from the standard normal distribution', () => {
    const random = createRandom(3);
    const values = draw(50_000, () => random.normal());
    expect(Math.abs(mean(values))).toBeLessThan(0.02);
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 1)).toBeLessThan(0.03);
    expect(Math.abs(mean(values.map((value) => value ** 3)))).toBeLessThan(0.06);
    expect(Math.abs(mean(values.map((value) => value ** 4)) - 3)).toBeLessThan(0.2);
  });

  it('shuffles into every order equally often', () => {
    const random = createRandom(4);
    const counts = new Map<string, number>();
    for (let index = 0; index < 24_000; index += 1) {
      const values = Int32Array.of(1, 2, 3, 4);
      random.shuffle(values);
      counts.set(values.join(''), (counts.get(values.join('')) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(24);
    expect(chiSquare, 'below the 99.9 % quantile for 23 degrees of freedom').toBeLessThan(49.7);
  });
});

/**
 * The state 2^doublings numbers later. A step is linear over single bits: the states that follow each single bit are the
 * columns of its matrix, which is squared `doublings` times.
 */
function advance(state: RandomState, doublings: number): RandomState {
  const random = createRandom(0);
  let columns = Array.from({ length: 128 }, (_, bit) => {
    random.importState(unpacked(1n << BigInt(bit)));
    random.uint32();
    return packed(random.exportState());
  });
  for (let count = 0; count < doublings; count += 1) {
    const matrix = columns;
    columns = matrix.map((column) => applied(matrix, column));
  }
  return unpacked(applied(columns, packed(state)));
}

const applied = (columns: readonly bigint[], vector: bigint): bigint =>
  columns.reduce((sum, column, bit) => ((vector >> BigInt(bit)) & 1n ? sum ^ column : sum), 0n);

const packed = ([a, b, c, d]: RandomState): bigint =>
  BigInt(a) | (BigInt(b) << 32n) | (BigInt(c) << 64n) | (BigInt(d) << 96n);

const word = (bits: bigint, index: bigint): number => Number((bits >> (32n * index)) & 0xffffffffn);

const unpacked = (bits: bigint): RandomState => [word(bits, 0n), word(bits, 1n), word(bits, 2n), word(bits, 3n)];
