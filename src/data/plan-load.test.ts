import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars } from '../market/index.ts';
import { coverageOf } from './coverage.ts';
import { planJobs } from './plan-jobs.ts';
import { planLoad } from './plan-load.ts';

const day = 86_400_000;
const range = { start: Date.UTC(2024, 0, 1), end: Date.UTC(2025, 0, 1) };
const provider = { estimateMs: (requests: readonly number[]) => requests.length * 100 };

describe('planLoad', () => {
  it.each(['full', 'backfill'] as const)('adds up what a %s load will ask for', (mode) => {
    const cells = expectedBars(calendarOf('us_equities'), '1h', range);
    const { gaps } = coverageOf({ cells, present: new Float64Array(), confirmedEmpty: [] });
    const jobs = planJobs(gaps, cells, { mode, maxSpanMs: 90 * day });
    expect(planLoad(jobs, { timeframe: '1h', provider })).toEqual({
      requests: 5,
      bars: cells.start.length,
      bytes: cells.start.length * 48,
      estimatedMs: 500,
      range: { start: cells.cellStart[0], end: cells.cellEnd.at(-1) },
    });
  });

  it('plans nothing where nothing is missing', () => {
    const plan = planLoad([], { timeframe: '1h', provider });
    expect(plan).toEqual({ requests: 0, bars: 0, bytes: 0, estimatedMs: 0 });
  });
});
