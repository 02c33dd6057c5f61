import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from './attribute.ts';

/** Outputs of every set of features, found by the bits of the set. */
const outputsIn =
  (table: readonly number[]) =>
  (isOwn: Uint8Array): number =>
    table[isOwn.reduce((sum, bit, index) => sum + (bit << index), 0)] ?? 0;
const tableOf = (features: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2 ** features, maxLength: 2 ** features });

describe('attribute()', () => {
  it('gives each feature of a sum its own term', () => {
    const terms = [3, -1, 0.5, 0];
    const outputOf = (isOwn: Uint8Array): number =>
      terms.reduce((sum, term, index) => sum + term * (isOwn[index] ?? 0), 7);
    for (const [index, share] of attribute({ features: 4, outputOf }).entries())
      expect(share).toBeCloseTo(terms[index] ?? 0, 12);
  });

  it('shares what features only do together, and gives nothing to one that does nothing', () => {
    const outputOf = (isOwn: Uint8Array): number => (isOwn[0] === 1 && isOwn[1] === 1 ? 6 : 0);
    const [first = 0, second = 0, idle] = attribute({ features: 3, outputOf, orders: 10 });
    expect([first, second]).toEqual([expect.closeTo(3, 12), expect.closeTo(3, 12)]);
    expect(idle).toBe(0);
  });

  it('adds up to the difference, however few orders are tried', () => {
    fc.assert(
      fc.property(tableOf(5), fc.integer({ min: 1, max: 3 }), fc.nat(), (outputs, orders, seed) => {
        const shares = attribute({ features: 5, outputOf: outputsIn(outputs), orders, seed });
        const sum = shares.reduce((total, share) => total + share, 0);
        expect(sum).toBeCloseTo((outputs[31] ?? 0) - (outputs[0] ?? 0), 9);
      }),
    );
  });

  it('is the mean over every order where the features are few', () => {
    fc.assert(
      fc.property(tableOf(4), (outputs) => {
        const outputOf = outputsIn(outputs);
        const expected = new Float64Array(4);
        const orders = permutations([0, 1, 2, 3]);
        for (const order of orders) {
          const isOwn = new Uint8Array(4);
          for (const feature of order) {
            const before = outputOf(isOwn);
            isOwn[feature] = 1;
            expected[feature] = (expected[feature] ?? 0) + (outputOf(isOwn) - before) / orders.length;
          }
        }
        for (const [feature, share] of attribute({ features: 4, outputOf }).entries())
          expect(share).toBeCloseTo(expected[feature] ?? Number.NaN, 9);
      }),
      { numRuns: 30 },
    );
  });

  it('gives a sum of many features its terms, by orders that it samples', () => {
    const terms = Array.from({ length: 24 }, (_, feature) => feature - 7);
    const outputOf = (isOwn: Uint8Array): number =>
      terms.reduce((sum, term, feature) => sum + term * (isOwn[feature] ?? 0), 1);
    for (const [feature, share] of attribute({ features: 24, outputOf }).entries())
      expect(share).toBeCloseTo(terms[feature] ?? Number.NaN, 9);
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}
