import { describe, expect, it } from 'vitest';
import { renderDataProgress } from './load-bars.ts';

const context = { symbol: 'AAPL', timeframe: '1h', mode: 'backfill', loadedBars: 0 };

describe('renderDataProgress()', () => {
  it.each([
    ['loading', 3, 5, 'Loading AAPL 1h data (backfill mode) [3/5]'],
    ['fetching', 3, 5, 'Loading AAPL 1h data (backfill mode) [3/5]'],
    ['waiting for pacing', 3, 5, 'Loading AAPL 1h data (backfill mode) [3/5] - waiting for pacing'],
    ['', 0, 0, 'Loading AAPL 1h data (backfill mode)'],
    ['looking up AAPL', 0, 0, 'Loading AAPL 1h data (backfill mode) - looking up AAPL'],
  ])('in phase "%s" at %i of %i says %s', (phase, done, total, words) => {
    expect(renderDataProgress({ context, phase, done, total })).toBe(words);
  });
});
