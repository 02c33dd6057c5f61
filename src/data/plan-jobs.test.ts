import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars } from '../market/index.ts';
import { coverageOf } from './coverage.ts';
import { planJobs } from './plan-jobs.ts';

const day = 86_400_000;
const range = { start: Date.UTC(2023, 0, 1), end: Date.UTC(2024, 0, 1) };

describe('planJobs()', () => {
  const cells = expectedBars(calendarOf('us_equities'), '1h', range);
  const { gaps } = coverageOf({ cells, present: new Float64Array(), confirmedEmpty: [] });

  it('asks for every missing bar exactly once, within the limit, wherever the holes are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (spanDays, share) => {
        const present = cells.start.filter((_, index) => ((index * 2_654_435_761) % 1_000) / 1_000 < share);
        const holes = coverageOf({ cells, present, confirmedEmpty: [] });
        const jobs = planJobs(holes.gaps, cells, { mode: 'full', maxSpanMs: spanDays * day });
        const asked = jobs.flatMap((job) => [...job.cells.start]);
        const missing = [...cells.start].filter((start) => !present.includes(start));
        expect(asked).toEqual(missing);
        for (const job of jobs) {
          expect(job.range.end - job.range.start).toBeLessThanOrEqual(spanDays * day);
          expect(job.cells.start.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('asks up to the next request or for its whole span, so that bars nobody expects are not lost between two', () => {
    const maxSpanMs = 30 * day;
    const jobs = planJobs(gaps, cells, { mode: 'full', maxSpanMs });
    for (const [index, { range: asked }] of jobs.entries()) {
      const next = jobs[index + 1]?.range.start ?? gaps.at(-1)?.end;
      expect(asked.end === next || asked.end - asked.start === maxSpanMs).toBe(true);
    }
  });

  it('goes back from the newest when it backfills, and forward otherwise', () => {
    const starts = (mode: 'backfill' | 'tail'): number[] =>
      planJobs(gaps, cells, { mode, maxSpanMs: 90 * day }).map((job) => job.range.start);
    expect(starts('tail')).toEqual([...starts('tail')].sort((a, b) => a - b));
    expect(starts('backfill')).toEqual(starts('tail').reverse());
    expect(starts('tail')).toHaveLength(4);
  });

  it('makes one request of a bar that is longer than the limit', () => {
    const days = expectedBars(calendarOf('us_equities'), '1d', { start: range.start, end: range.start + 10 * day });
    const missing = coverageOf({ cells: days, present: new Float64Array(), confirmedEmpty: [] });
    expect(planJobs(missing.gaps, days, { mode: 'full', maxSpanMs: 1 })).toHaveLength(days.start.length);
  });
});
