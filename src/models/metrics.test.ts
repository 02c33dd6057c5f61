import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionOf, partMetrics } from './metrics.ts';

describe('confusionOf()', () => {
  it('counts rows by their class and the likeliest one, the first of equals', () => {
    const outputs = Float32Array.of(0.1, 0.9, 0.5, 0.5, 0.8, 0.2, 0.3, 0.7);
    expect(confusionOf(outputs, Int32Array.of(1, 0, 1, 0), 2)).toEqual(Int32Array.of(1, 1, 1, 1));
  });
});

describe('partMetrics()', () => {
  it('weights precision, recall and f1 by the rows of each class', () => {
    const metrics = partMetrics({ loss: 0.5, confusion: Int32Array.of(6, 0, 2, 0, 0, 0, 1, 0, 1) });
    expect(metrics).toMatchObject({
      loss: 0.5,
      accuracy: 0.7,
      confusion: [
        [6, 0, 2],
        [0, 0, 0],
        [1, 0, 1],
      ],
      classBalance: { BUY: 8, HOLD: 0, SELL: 2 },
    });
    expect(metrics.precision).toBeCloseTo((8 * (6 / 7) + 2 * (1 / 3)) / 10, 12);
    expect(metrics.recall).toBeCloseTo(0.7, 12);
    expect(metrics.f1).toBeCloseTo((8 * 0.8 + 2 * 0.4) / 10, 12);
  });

  it('stays in [0, 1], and its weighted recall is the accuracy', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 9, maxLength: 9 }), (counts) => {
        const { accuracy, precision, recall, f1 } = partMetrics({ loss: 0, confusion: Int32Array.from(counts) });
        for (const share of [accuracy, precision, recall, f1]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
        expect(recall).toBeCloseTo(accuracy, 12);
      }),
    );
  });
});
