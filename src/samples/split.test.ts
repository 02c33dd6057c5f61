import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutsOf } from './split.ts';

const instants = fc
  .uniqueArray(fc.integer({ min: 0, max: 10_000 }), { maxLength: 200 })
  .map((times) => Float64Array.from(times).sort());
const fractions = fc
  .tuple(fc.double({ min: 0.1, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([train, share]) => ({ train, validation: (1 - train) * share, test: (1 - train) * (1 - share), embargo: 0 }));

describe('cutsOf()', () => {
  it('cuts at the same instants for every symbol', () => {
    const early = Float64Array.from({ length: 50 }, (_, index) => index);
    const late = Float64Array.from({ length: 50 }, (_, index) => 50 + index);
    expect(cutsOf([early, late], { train: 0.7, validation: 0.15, test: 0.15, embargo: 0 })).toEqual({
      train: { from: -Infinity, to: 70 },
      validation: { from: 70, to: 85 },
      test: { from: 85, to: Infinity },
    });
  });

  it('puts an embargo behind each cut', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, index) => index);
    expect(cutsOf([hundred], { train: 0.7, validation: 0.15, test: 0.15, embargo: 0.02 })).toEqual({
      train: { from: -Infinity, to: 70 },
      validation: { from: 72, to: 85 },
      test: { from: 87, to: Infinity },
    });
  });

  it('leaves the parts about as large as wanted', () => {
    fc.assert(
      fc.property(fc.array(instants, { minLength: 1, maxLength: 4 }), fractions, (symbols, wanted) => {
        const cuts = cutsOf(symbols, wanted);
        const all = symbols.flatMap((times) => [...times]);
        const [train, validation] = [cuts.train, cuts.validation].map(
          ({ from, to }) => all.filter((time) => time >= from && time < to).length,
        );
        // Rows of one instant stay together: at most one of each symbol, at each cut, and a rounding.
        expect(Math.abs((train ?? 0) - wanted.train * all.length)).toBeLessThanOrEqual(symbols.length + 1);
        expect(Math.abs((validation ?? 0) - wanted.validation * all.length)).toBeLessThanOrEqual(
          2 * symbols.length + 2,
        );
        expect([cuts.train.to, cuts.validation.to]).toEqual([cuts.validation.from, cuts.test.from]);
        expect(cuts.train.to).toBeLessThanOrEqual(cuts.test.from);
      }),
    );
  });

  it('gives the last part nothing when it wants nothing', () => {
    const { validation, test } = cutsOf([Float64Array.of(1, 2, 3)], { train: 1, validation: 0, test: 0, embargo: 0 });
    expect([validation.from, test.from]).toEqual([Infinity, Infinity]);
  });
});
