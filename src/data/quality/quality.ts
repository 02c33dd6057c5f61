import { z } from 'zod';
import type { Schema } from '../../base/index.ts';
import { barCount, type Bars, type Timeframe } from '../../market/index.ts';
import { checkMoves, staleRun } from './check-moves.ts';
import { checkSessions, type ExpectedSeries } from './check-sessions.ts';
import { checkValues } from './check-values.ts';
import {
  IssueList,
  qualityRuleNames,
  qualityRules,
  severities,
  type QualityIssue,
  type QualityRule,
  type Severity,
} from './issue.ts';

/**
 * `broken`: some bar cannot be true. `doubtful`: more than one bar in a thousand should be looked at. `good`: some
 * should. `clean`: none.
 */
export const qualityGrades = ['clean', 'good', 'doubtful', 'broken'] as const;
export type QualityGrade = (typeof qualityGrades)[number];

export interface QualityReport {
  readonly bars: number;
  readonly grade: QualityGrade;
  /** Bars that break each rule; a bar may break several. Rules that none breaks are left out. */
  readonly counts: Readonly<Partial<Record<QualityRule, number>>>;
  /** Bars by the severity of what is wrong with them, counted once a rule. */
  readonly totals: Readonly<Record<Severity, number>>;
  /** The worst first, then by time; at most `maxListedIssues`. */
  readonly issues: readonly QualityIssue[];
}

const count = z.number().int().nonnegative();

/** As it travels. */
export const qualityReportSchema: Schema<QualityReport> = z.object({
  bars: count,
  grade: z.enum(qualityGrades),
  counts: z.partialRecord(z.enum(qualityRuleNames), count),
  totals: z.object({ error: count, warning: count, info: count }),
  issues: z.array(
    z.object({
      rule: z.enum(qualityRuleNames),
      severity: z.enum(severities),
      index: count,
      first: z.number(),
      last: z.number(),
      bars: count,
      detail: z.string(),
    }),
  ),
});

export const maxListedIssues = 200;

const doubtfulShare = 0.001;

/** Looks over bars in any state and changes nothing. Pure. */
export function assessQuality(bars: Bars, series: ExpectedSeries): QualityReport {
  const { timeframe } = series;
  const issues = new IssueList(bars, { most: maxListedIssues });
  checkValues(bars, issues);
  checkMoves(bars, timeframe, issues);
  checkStanding(bars, timeframe, issues);
  checkSessions(bars, series, issues);
  const totals = totalsOf(issues.counts);
  return {
    bars: barCount(bars),
    grade: gradeOf(totals, barCount(bars)),
    counts: Object.fromEntries(issues.counts),
    totals,
    issues: issues.worst(),
  };
}

/** Prices that do not move, and volumes of nothing, for longer than a market is silent. */
function checkStanding({ open, high, low, close, volume }: Bars, timeframe: Timeframe, issues: IssueList): void {
  const least = staleRun(timeframe);
  const stands = (index: number): boolean => {
    const price = close[index];
    return price === close[index - 1] && price === open[index] && price === high[index] && price === low[index];
  };
  issues.addRuns('stale', {
    holds: stands,
    least,
    detail: (from, to) => `${to - from} bars in a row stand at ${close[from]}`,
  });
  issues.addRuns('zero_volume', {
    holds: (index) => volume[index] === 0,
    least,
    detail: (from, to) => `${to - from} bars in a row without volume`,
  });
}

function totalsOf(counts: ReadonlyMap<QualityRule, number>): Record<Severity, number> {
  const totals = Object.fromEntries(severities.map((severity) => [severity, 0])) as Record<Severity, number>;
  for (const [rule, bars] of counts) totals[qualityRules[rule]] += bars;
  return totals;
}

function gradeOf({ error, warning }: Record<Severity, number>, bars: number): QualityGrade {
  if (error > 0) return 'broken';
  if (warning > bars * doubtfulShare) return 'doubtful';
  return warning > 0 ? 'good' : 'clean';
}
