import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars, expectedRuns, runsWithin, type BarRun, type Timeframe } from '../market/index.ts';
import { coverageOf } from './coverage.ts';
import { planJobs, type DataLoadingJob, type Planning } from './plan-jobs.ts';
import { stretchesOf, type Stretch } from './stretches.ts';

const day = 86_400_000;
const range = { start: Date.UTC(2023, 0, 1), end: Date.UTC(2024, 0, 1) };
const calendar = calendarOf('us_equities');

/** A request costs so much as so many bars, one after the other. */
const pricesOf =
  (perRequest: number, perBar: number): Planning['estimateMs'] =>
  (requests) =>
    requests.reduce((sum, bars) => sum + perRequest + perBar * bars, 0);
/** No gap is worth to be asked for with another. */
const byTheBar = pricesOf(0, 1);

function without(timeframe: Timeframe, isMissing: (index: number) => boolean): Stretch[] {
  const { start } = expectedBars(calendar, timeframe, range);
  const present = start.filter((_, index) => !isMissing(index));
  return stretchesOf({ runs: expectedRuns(calendar, timeframe, range), present, confirmedEmpty: [] });
}

const cellStarts = (runs: readonly BarRun[]): number[] =>
  runs.flatMap(({ cellStart, step, count }) => Array.from({ length: count }, (_, index) => cellStart + index * step));

describe('planJobs()', () => {
  const runs = expectedRuns(calendar, '1h', range);
  const nothing = without('1h', () => true);
  const anyPlanning = fc.record({
    mode: fc.constantFrom('full' as const, 'backfill' as const),
    maxSpanMs: fc.integer({ min: 1, max: 200 }).map((days) => days * day),
    estimateMs: fc.oneof(
      fc.tuple(fc.nat(300), fc.nat(3)).map(([perRequest, perBar]) => pricesOf(perRequest, perBar)),
      // Six at a time, as fast as the slowest of each six.
      fc.constant((requests: readonly number[]) => Math.ceil(requests.length / 6) * (300 + Math.max(0, ...requests))),
    ),
  });
  const anyHoles = fc
    .tuple(fc.array(fc.tuple(fc.nat(1_800), fc.integer({ min: 1, max: 60 })), { maxLength: 40 }), fc.boolean())
    .map(
      ([holes, isAll]) =>
        (index: number) =>
          isAll || holes.some(([from, count]) => index >= from && index < from + count),
    );

  it('asks for every missing bar exactly once, within the limit, wherever the holes are', () => {
    fc.assert(
      fc.property(anyHoles, anyPlanning, (isMissing, planning) => {
        const stretches = without('1h', isMissing);
        const jobs = planJobs(stretches, planning);
        const oldestFirst = planning.mode === 'backfill' ? jobs.toReversed() : jobs;
        const missing = cellStarts(stretches.filter(({ state }) => state === 'missing'));
        const asked = oldestFirst.flatMap(({ gaps }) => gaps.flatMap((gap) => cellStarts(runsWithin(runs, gap))));
        expect(asked).toEqual(missing);
        for (const [index, job] of oldestFirst.entries()) {
          expect(job.range.end - job.range.start).toBeLessThanOrEqual(planning.maxSpanMs);
          expect(job.range.start).toBeGreaterThanOrEqual(oldestFirst[index - 1]?.range.end ?? 0);
          expect(job.missing).toBe(job.gaps.reduce((sum, { bars }) => sum + bars, 0));
          expect(job.expected).toBe(cellStarts(runsWithin(runs, job.range)).length);
          expect([job.gaps[0]?.start, job.gaps.at(-1)?.end]).toEqual([job.range.start, job.range.end]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('never takes longer than one request for each hole would', () => {
    const timeOf = (jobs: readonly DataLoadingJob[], { estimateMs }: Planning): number =>
      estimateMs(jobs.map(({ expected }) => expected));
    fc.assert(
      fc.property(anyHoles, anyPlanning, (isMissing, planning) => {
        const stretches = without('1h', isMissing);
        const apart = planJobs(stretches, { ...planning, estimateMs: byTheBar });
        expect(timeOf(planJobs(stretches, planning), planning)).toBeLessThanOrEqual(timeOf(apart, planning));
      }),
      { numRuns: 150 },
    );
  });

  it('asks at once for holes that are apart by fewer bars than a request costs, and for others apart', () => {
    const holes = new Set([10, 110, 211, 911]);
    const jobs = planJobs(
      without('1m', (index) => holes.has(index)),
      { mode: 'full', maxSpanMs: 7 * day, estimateMs: pricesOf(100, 1) },
    );
    expect(jobs.map(({ missing, expected }) => [missing, expected])).toEqual([
      [3, 202],
      [1, 1],
    ]);
  });

  it('asks up to the next request or for its whole span, so that bars nobody expects are not lost between two', () => {
    const maxSpanMs = 30 * day;
    const { gaps } = coverageOf(nothing);
    const jobs = planJobs(nothing, { mode: 'full', maxSpanMs, estimateMs: byTheBar });
    for (const [index, { range: asked }] of jobs.entries()) {
      const next = jobs[index + 1]?.range.start ?? gaps.at(-1)?.end;
      expect(asked.end === next || asked.end - asked.start === maxSpanMs).toBe(true);
    }
  });

  it('goes back from the newest when it backfills, and forward otherwise', () => {
    const starts = (mode: 'backfill' | 'tail'): number[] =>
      planJobs(nothing, { mode, maxSpanMs: 90 * day, estimateMs: byTheBar }).map((job) => job.range.start);
    expect(starts('tail')).toEqual([...starts('tail')].sort((a, b) => a - b));
    expect(starts('backfill')).toEqual(starts('tail').reverse());
    expect(starts('tail')).toHaveLength(4);
  });

  it('makes one request of a bar that is longer than the limit', () => {
    const days = without('1d', (index) => index < 10);
    expect(planJobs(days, { mode: 'full', maxSpanMs: 1, estimateMs: byTheBar })).toHaveLength(10);
  });
});
