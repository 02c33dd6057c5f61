import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from './attribute.ts';

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
    const table = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 3 }), fc.nat(), (outputs, orders, seed) => {
        const outputOf = (isOwn: Uint8Array): number =>
          outputs[isOwn.reduce((sum, bit, index) => sum + (bit << index), 0)] ?? 0;
        const sum = attribute({ features: 5, outputOf, orders, seed }).reduce((total, share) => total + share, 0);
        expect(sum).toBeCloseTo((outputs[31] ?? 0) - (outputs[0] ?? 0), 9);
      }),
    );
  });
});
