import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromInt64, toInt64 } from './int64.ts';

const wholeNumbers = fc.array(fc.maxSafeInteger()).map((values) => Float64Array.from(values));

describe('64-bit integers', () => {
  it('are those of BigInt', () => {
    fc.assert(
      fc.property(wholeNumbers, (values) => {
        expect(toInt64(values)).toEqual(BigInt64Array.from(values, BigInt));
      }),
    );
  });

  it('become the numbers that BigInt says, in memory of their own or where they lie', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        const integers = BigInt64Array.from(values);
        const numbers = Float64Array.from(integers, Number);
        const target = new Float64Array(integers.length);
        fromInt64(integers, target);
        expect(target).toEqual(numbers);
        const inPlace = new Float64Array(integers.buffer);
        fromInt64(integers, inPlace);
        expect(inPlace).toEqual(numbers);
      }),
    );
  });
});
