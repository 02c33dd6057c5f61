import { describe, expect, it } from 'vitest';
import { progressView } from './progress-view.ts';

const progress = { phase: '', done: 3, total: 5, fraction: 0.6, startedAt: 10_000, updatedAt: 12_000 };

describe('progressView()', () => {
  it.each([
    [{ loadedBars: 8_555, requestsLeft: 4 }, '8,555 bars, 4,278 bars/s, 4 requests left'],
    [{ loadedBars: 8_555 }, '8,555 bars, 4,278 bars/s'],
    [{ loadedBars: 0, requestsLeft: 1 }, '1 request left'],
    [{ loadedBars: 0 }, ''],
    [{ epoch: 3 }, ''],
  ])('tells of a context %o: %s', (context, detail) => {
    expect(progressView('Loading', { ...progress, context })).toEqual({ message: 'Loading', fraction: 0.6, detail });
  });

  it('tells no rate of the first second', () => {
    const young = { ...progress, updatedAt: 10_500, context: { loadedBars: 100 } };
    expect(progressView('Loading', young).detail).toBe('100 bars');
  });
});
