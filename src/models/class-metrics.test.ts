import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracyOf, classMetrics, type ClassMetrics } from './class-metrics.ts';

const classes = ['BUY', 'HOLD', 'SELL'];

/** The metrics of rows that were taken for another class as often as a confusion says. */
function metricsOf(confusion: readonly number[]): ClassMetrics {
  const rows = confusion.flatMap((count, cell) =>
    Array.from({ length: count }, () => ({ actual: Math.floor(cell / 3), predicted: cell % 3 })),
  );
  const outputs = Float32Array.from(
    rows.flatMap(({ predicted }) => classes.map((_, at) => (at === predicted ? 0.5 : 0.25))),
  );
  const measured = { outputs, targets: Int32Array.from(rows, ({ actual }) => actual), classes };
  const metrics = classMetrics({ loss: 0.5, ...measured });
  expect(accuracyOf(measured)).toBe(metrics.accuracy);
  return metrics;
}

describe('classMetrics()', () => {
  it('weights precision, recall and f1 by the rows of each class', () => {
    const metrics = metricsOf([6, 0, 2, 0, 0, 0, 1, 0, 1]);
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

  it('takes the first of equally likely classes', () => {
    const targets = Int32Array.of(0, 1);
    expect(accuracyOf({ outputs: Float32Array.of(0.4, 0.4, 0.2, 0.4, 0.4, 0.2), targets, classes })).toBe(0.5);
  });

  it('stays in [0, 1], and its weighted recall is the accuracy', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 9, maxLength: 9 }), (counts) => {
        const { accuracy, precision, recall, f1 } = metricsOf(counts);
        for (const share of [accuracy, precision, recall, f1]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
        expect(recall).toBeCloseTo(accuracy, 12);
      }),
    );
  });
});
