import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars, expectedRuns } from '../market/index.ts';
import { planJobs } from './plan-jobs.ts';
import { planLoad } from './plan-load.ts';
import { stretchesOf } from './stretches.ts';

const day = 86_400_000;
const range = { start: Date.UTC(2024, 0, 1), end: Date.UTC(2025, 0, 1) };
const provider = { estimateMs: (requests: readonly number[]) => requests.length * 100 };

describe('planLoad', () => {
  it.each(['full', 'backfill'] as const)('adds up what a %s load will ask for', (mode) => {
    const cells = expectedBars(calendarOf('us_equities'), '1h', range);
    const runs = expectedRuns(calendarOf('us_equities'), '1h', range);
    const nothing = stretchesOf({ runs, present: new Float64Array(), confirmedEmpty: [] });
    const jobs = planJobs(nothing, { mode, maxSpanMs: 90 * day, ...provider });
    expect(planLoad(jobs, { timeframe: '1h', provider })).toEqual({
      requests: 5,
      bars: cells.start.length,
      bytes: cells.start.length * 48,
      estimatedMs: 500,
      range: { start: cells.cellStart[0], end: cells.cellEnd.at(-1) },
    });
  });

  it('counts bars that come once more for the time, but not as missing', () => {
    const runs = expectedRuns(calendarOf('us_equities'), '1h', { start: range.start, end: range.start + 7 * day });
    const { start } = expectedBars(calendarOf('us_equities'), '1h', range);
    const present = start.filter((_, index) => index !== 2 && index !== 9);
    const jobs = planJobs(stretchesOf({ runs, present, confirmedEmpty: [] }), {
      mode: 'full',
      maxSpanMs: 7 * day,
      ...provider,
    });
    const estimateMs = ([bars = 0]: readonly number[]): number => bars;
    expect(planLoad(jobs, { timeframe: '1h', provider: { estimateMs } })).toMatchObject({
      requests: 1,
      bars: 2,
      estimatedMs: 8,
    });
  });

  it('plans nothing where nothing is missing', () => {
    const plan = planLoad([], { timeframe: '1h', provider });
    expect(plan).toEqual({ requests: 0, bars: 0, bytes: 0, estimatedMs: 0 });
  });
});
