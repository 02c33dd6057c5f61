import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createProduct, type Matrix } from './matrix.ts';

const size = fc.integer({ min: 1, max: 11 });
const entry = ({ values, offset, rowStep, columnStep }: Matrix, row: number, column: number): number =>
  values[offset + row * rowStep + column * columnStep] ?? Number.NaN;

/** Whole numbers, so that sums are exact in any order; rows or columns first, with something before them. */
function matrix(
  [rows, columns]: readonly [number, number],
  { transposed, seed }: { transposed: boolean; seed: number },
): Matrix {
  const offset = seed % 3;
  const values = Float64Array.from({ length: offset + rows * columns }, (_, index) => ((index + 1) * (seed + 7)) % 13);
  return transposed
    ? { values, offset, rowStep: 1, columnStep: rows }
    : { values, offset, rowStep: columns, columnStep: 1 };
}

describe('createProduct()', () => {
  it('adds the product of matrices of any size and layout', () => {
    const add = createProduct(11);
    fc.assert(
      fc.property(
        fc.tuple(size, size, size),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        fc.nat(100),
        ([rows, columns, depth], [a, b, c], seed) => {
          const left = matrix([rows, depth], { transposed: a, seed });
          const right = matrix([depth, columns], { transposed: b, seed: seed + 1 });
          const result = matrix([rows, columns], { transposed: c, seed: seed + 2 });
          const before = { ...result, values: result.values.slice() };
          add(result, [left, right], { rows, columns, depth });
          for (let row = 0; row < rows; row += 1) {
            for (let column = 0; column < columns; column += 1) {
              let sum = entry(before, row, column);
              for (let k = 0; k < depth; k += 1) sum += entry(left, row, k) * entry(right, k, column);
              expect(entry(result, row, column)).toBe(sum);
            }
          }
          expect(result.values.subarray(0, result.offset)).toEqual(before.values.subarray(0, result.offset));
        },
      ),
    );
  });
});
