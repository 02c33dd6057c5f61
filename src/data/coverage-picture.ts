import { cellsBefore, stampAt } from '../market/index.ts';
import type { Stretch } from './stretches.ts';

/** Expected bars of one UTC day or month, and what there is of them. */
export interface CoveragePeriod {
  /** Midnight UTC of the first day. */
  readonly start: number;
  readonly expected: number;
  readonly present: number;
  readonly confirmedEmpty: number;
}

export const periodKinds = ['day', 'month'] as const;
export type PeriodKind = (typeof periodKinds)[number];

/** The same counts as `coverageOf`, by day or month; periods in which nothing is expected are left out. */
export function coverageByPeriod(by: PeriodKind, stretches: readonly Stretch[]): CoveragePeriod[] {
  const periods: { -readonly [key in keyof CoveragePeriod]: number }[] = [];
  for (const stretch of stretches) {
    for (let from = 0; from < stretch.count;) {
      const { start, end } = periodAt(by, stampAt(stretch, from));
      const to = cellsBefore(stretch, end);
      let period = periods.at(-1);
      if (period?.start !== start) {
        period = { start, expected: 0, present: 0, confirmedEmpty: 0 };
        periods.push(period);
      }
      period.expected += to - from;
      if (stretch.state === 'present') period.present += to - from;
      if (stretch.state === 'confirmed_empty') period.confirmedEmpty += to - from;
      from = to;
    }
  }
  return periods;
}

function periodAt(by: PeriodKind, instant: number): { start: number; end: number } {
  const date = new Date(instant);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return by === 'day'
    ? { start: Date.UTC(year, month, day), end: Date.UTC(year, month, day + 1) }
    : { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) };
}
