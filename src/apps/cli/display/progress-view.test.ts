import { describe, expect, it } from 'vitest';
import { progressView } from './progress-view.ts';

const progress = { phase: '', done: 3, total: 5, fraction: 0.6, startedAt: 10_000, updatedAt: 12_000, context: {} };

describe('progressView()', () => {
  it.each([
    [{ loadedBars: 8_555, requestsLeft: 4 }, '8,555 bars, 4,278 bars/s, 4 requests left'],
    [{ loadedBars: 8_555 }, '8,555 bars, 4,278 bars/s'],
    [{ loadedBars: 0, requestsLeft: 1 }, '1 request left'],
    [{ loadedBars: 0 }, ''],
    [{ epoch: 3 }, ''],
    [{ epoch: 3, rowsPerSecond: 12_344.6 }, '12,345 rows/s'],
    [{ rowsPerSecond: 900, validationAccuracy: 0.5612 }, '900 rows/s, validation accuracy 56.1 %'],
    [undefined, ''],
  ])('tells of a context %o: %s', (context, detail) => {
    expect(progressView({ message: 'Loading', progress: { ...progress, context } })).toEqual({
      message: 'Loading',
      fraction: 0.6,
      remaining: '',
      detail,
    });
  });

  it('knows no rate before a second has passed', () => {
    const early = { ...progress, updatedAt: 10_900, context: { loadedBars: 900 } };
    expect(progressView({ message: 'Loading', progress: early }).detail).toBe('900 bars');
  });

  it.each([
    [{}, ''],
    [{ remainingMs: 2_000 }, ''],
    [{ remainingMs: 65_000 }, 'ETA 1m 05s'],
    [{ remainingMs: 1, remaining: { p50Ms: 40_000, p90Ms: 70_000 } }, 'ETA 40 s to 1m 10s'],
    [{ remaining: { p50Ms: 40_000, p90Ms: 40_200 } }, 'ETA 40 s'],
    [{ remaining: { p50Ms: 1_000, p90Ms: 2_000 } }, ''],
  ])('tells the time left of %o: %s', (left, remaining) => {
    expect(progressView({ message: '', progress: { ...progress, ...left } }).remaining).toBe(remaining);
  });
});
