import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutsOf } from './split.ts';

const instants = fc
  .uniqueArray(fc.integer({ min: 0, max: 10_000 }), { maxLength: 200 })
  .map((times) => Float64Array.from(times).sort());
const fractions = fc
  .tuple(fc.double({ min: 0.1, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([train, share]) => ({ train, validation: (1 - train) * share, test: (1 - train) * (1 - share) }));

describe('cutsOf()', () => {
  it('cuts at the same instants for every symbol', () => {
    const early = Float64Array.from({ length: 50 }, (_, index) => index);
    const late = Float64Array.from({ length: 50 }, (_, index) => 50 + index);
    expect(cutsOf([early, late], { train: 0.7, validation: 0.15, test: 0.15 })).toEqual({
      validationFrom: 70,
      testFrom: 85,
    });
  });

  it('leaves the parts about as large as wanted', () => {
    fc.assert(
      fc.property(fc.array(instants, { minLength: 1, maxLength: 4 }), fractions, (symbols, wanted) => {
        const { validationFrom, testFrom } = cutsOf(symbols, wanted);
        const all = symbols.flatMap((times) => [...times]);
        const train = all.filter((time) => time < validationFrom).length;
        const validation = all.filter((time) => time >= validationFrom && time < testFrom).length;
        // Rows of one instant stay together: at most one of each symbol, at each cut, and a rounding.
        expect(Math.abs(train - wanted.train * all.length)).toBeLessThanOrEqual(symbols.length + 1);
        expect(Math.abs(validation - wanted.validation * all.length)).toBeLessThanOrEqual(2 * symbols.length + 2);
        expect(validationFrom).toBeLessThanOrEqual(testFrom);
      }),
    );
  });

  it('gives the last part nothing when it wants nothing', () => {
    expect(cutsOf([Float64Array.of(1, 2, 3)], { train: 1, validation: 0, test: 0 })).toEqual({
      validationFrom: Infinity,
      testFrom: Infinity,
    });
  });
});
