import { describe, expect, it } from 'vitest';
import { valueMetrics } from './value-metrics.ts';

const measured = (outputs: readonly number[], targets: readonly number[]) =>
  valueMetrics({ loss: 0, outputs: Float32Array.from(outputs), targets: Float32Array.from(targets), classes: [] });

describe('valueMetrics()', () => {
  it('measures distances, what is explained, and whether the sign was right', () => {
    expect(measured([1, 2, -1, 0.5], [2, 2, 1, 0])).toEqual({
      loss: 0,
      meanAbsoluteError: (1 + 0 + 2 + 0.5) / 4,
      rootMeanSquareError: Math.sqrt((1 + 0 + 4 + 0.25) / 4),
      r2: 1 - 5.25 / (0.75 ** 2 + 0.75 ** 2 + 0.25 ** 2 + 1.25 ** 2),
      directionalAccuracy: 2 / 3,
      rows: 4,
    });
  });

  it('finds a perfect model perfect, and nothing to explain where nothing changes', () => {
    expect(measured([1, -2], [1, -2])).toMatchObject({ r2: 1, directionalAccuracy: 1, meanAbsoluteError: 0 });
    expect(measured([1, 2], [0, 0])).toMatchObject({ r2: 0, directionalAccuracy: 0 });
  });
});
