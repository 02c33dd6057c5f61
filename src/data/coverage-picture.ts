import type { BarCells, TimeRange } from '../market/index.ts';

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
export function coverageByPeriod({
  cells,
  present,
  confirmedEmpty,
  by,
}: {
  cells: BarCells;
  present: Float64Array;
  confirmedEmpty: readonly TimeRange[];
  by: PeriodKind;
}): CoveragePeriod[] {
  const periods: { -readonly [key in keyof CoveragePeriod]: number }[] = [];
  let nextStamp = 0;
  let nextEmpty = 0;
  for (let index = 0; index < cells.start.length; index += 1) {
    const [start, end] = [cells.cellStart[index] ?? Number.NaN, cells.cellEnd[index] ?? Number.NaN];
    while ((present[nextStamp] ?? Infinity) < start) nextStamp += 1;
    while ((confirmedEmpty[nextEmpty]?.end ?? Infinity) <= start) nextEmpty += 1;
    const periodStart = startOf(by, cells.start[index] ?? Number.NaN);
    let period = periods.at(-1);
    if (period?.start !== periodStart) {
      period = { start: periodStart, expected: 0, present: 0, confirmedEmpty: 0 };
      periods.push(period);
    }
    period.expected += 1;
    if ((present[nextStamp] ?? Infinity) < end) period.present += 1;
    else if ((confirmedEmpty[nextEmpty]?.start ?? Infinity) <= start) period.confirmedEmpty += 1;
  }
  return periods;
}

function startOf(by: PeriodKind, instant: number): number {
  const date = new Date(instant);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), by === 'day' ? date.getUTCDate() : 1);
}
