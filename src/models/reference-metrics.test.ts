import { describe, expect, it } from 'vitest';
import { classMetrics } from './class-metrics.ts';
import { referenceMetrics as reference } from './reference-metrics.fixture.ts';
import { partDetails } from './report/part-details.ts';
import { valueMetrics } from './value-metrics.ts';

describe('metrics by scikit-learn', () => {
  it.each(reference.classes)('are the same of $classes classes', (expected) => {
    const classes = ['A', 'B', 'C', 'D'].slice(0, expected.classes);
    const told = {
      outputs: Float32Array.from(expected.outputs),
      targets: Int32Array.from(expected.targets),
      classes,
    };
    const metrics = classMetrics({ ...told, loss: 0 });
    for (const name of ['accuracy', 'precision', 'recall', 'f1'] as const)
      expect(metrics[name], name).toBeCloseTo(expected[name], 12);
    expect(metrics.confusion.flat()).toEqual(expected.confusion);
    const symbols = [{ symbol: 'AAA', from: 0, to: expected.targets.length }];
    const details = partDetails({ ...told, symbols, known: told.targets });
    expect(details.plainLoss).toBeCloseTo(expected.plainLoss, 6);
    for (const [label, score] of details.classes.entries()) {
      expect(score.precision).toBeCloseTo(expected.precisions[label] ?? Number.NaN, 12);
      expect(score.recall).toBeCloseTo(expected.recalls[label] ?? Number.NaN, 12);
      expect(score.f1).toBeCloseTo(expected.f1s[label] ?? Number.NaN, 12);
    }
  });

  it.each(reference.values)('are the same of numbers, with r2 $r2', (expected) => {
    const metrics = valueMetrics({
      loss: 0,
      outputs: Float32Array.from(expected.outputs),
      targets: Float32Array.from(expected.targets),
      classes: [],
    });
    for (const name of ['meanAbsoluteError', 'rootMeanSquareError', 'r2', 'directionalAccuracy'] as const)
      expect(metrics[name], name).toBeCloseTo(expected[name], 6);
  });
});
