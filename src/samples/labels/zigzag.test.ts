import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buy, hold, sell } from './directions.ts';
import { zigzagLabels } from './zigzag.ts';

const unlabelled = Number.NaN;
const closes = fc
  .array(fc.double({ min: 1, max: 200, noNaN: true }), { maxLength: 60 })
  .map((prices) => Float64Array.from(prices));
const threshold = fc.double({ min: 0.001, max: 0.5, noNaN: true });
const labelsOf = (...prices: number[]): number[] => [...zigzagLabels(Float64Array.from(prices), 0.1).values];

describe('zigzagLabels()', () => {
  it('labels each bar by where the price went from there', () => {
    //         low at 95       high at 110      low at 90       far enough up again to confirm it
    expect(labelsOf(100, 95, 104, 110, 100, 95, 90, 95, 105)).toEqual([
      hold,
      buy,
      buy,
      sell,
      sell,
      sell,
      buy,
      buy,
      unlabelled,
    ]);
  });

  it('leaves the last leg open from its furthest price on', () => {
    expect(labelsOf(100, 105, 112, 111, 110)).toEqual([buy, buy, unlabelled, unlabelled, unlabelled]);
    expect(labelsOf(100, 95, 88, 89, 90)).toEqual([sell, sell, unlabelled, unlabelled, unlabelled]);
  });

  it('labels nothing while the price has not moved by the threshold', () => {
    expect(labelsOf(100, 104, 99, 101)).toEqual([unlabelled, unlabelled, unlabelled, unlabelled]);
    expect(labelsOf()).toEqual([]);
  });

  it('takes a move of exactly the threshold as a turn, and the first of equal prices as the turning point', () => {
    expect(labelsOf(100, 100, 110)).toEqual([buy, buy, unlabelled]);
    expect(labelsOf(100, 120, 120, 108, 108)).toEqual([buy, sell, sell, unlabelled, unlabelled]);
  });

  it('gives BUY only before a higher price and SELL only before a lower one, both at least the threshold away from the turn', () => {
    fc.assert(
      fc.property(closes, threshold, (prices, move) => {
        const labels = [...zigzagLabels(prices, move).values];
        for (const { label, from, to } of legs(labels)) {
          if (label === hold || Number.isNaN(label)) continue;
          const [start = 0, end = 0] = [prices[from], prices[to]];
          const rise = end / start - 1;
          expect(label === buy ? rise : -rise).toBeGreaterThanOrEqual(move - 1e-12);
          for (let index = from; index < to; index += 1) {
            const price = prices[index] ?? 0;
            expect(label === buy ? price >= start && price < end : price <= start && price > end).toBe(true);
          }
        }
      }),
    );
  });

  it('gives HOLD only at the beginning and no label only at the end', () => {
    fc.assert(
      fc.property(closes, threshold, (prices, move) => {
        const text = [...zigzagLabels(prices, move).values].map((label) => 'bhs'[label] ?? 'x').join('');
        expect(text).toMatch(/^h*(b+|(?=s|x|$))(s+b+)*s*x*$/);
      }),
    );
  });

  it('gives a mirrored series mirrored labels', () => {
    expect(labelsOf(100, 111, 99, 120, 100)).toEqual([buy, sell, buy, sell, unlabelled]);
    expect(labelsOf(100, 90, 101, 80, 100)).toEqual([sell, buy, sell, buy, unlabelled]);
  });
});

/** Runs of equal labels; `to` is the first bar behind. */
function legs(labels: readonly number[]): { label: number; from: number; to: number }[] {
  const runs: { label: number; from: number; to: number }[] = [];
  for (const [index, label] of labels.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && Object.is(last.label, label)) last.to = index + 1;
    else runs.push({ label, from: index, to: index + 1 });
  }
  return runs;
}
