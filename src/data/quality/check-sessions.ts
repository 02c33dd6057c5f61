import {
  calendarOf,
  dayMs,
  expectedBars,
  indexAtOrAfter,
  isIntraday,
  type Bars,
  type CalendarId,
  type ReportedDay,
  type Timeframe,
} from '../../market/index.ts';
import type { IssueList } from './issue.ts';

/** What says which bars there should be. Plain data; it crosses threads. */
export interface ExpectedSeries {
  readonly timeframe: Timeframe;
  readonly calendar: CalendarId;
  /** Days of which the source has reported other hours than the calendar's rules. */
  readonly hours?: readonly ReportedDay[];
}

/** Bars that the calendar does not expect, and bars that begin where no bar of the market's grid does. */
export function checkSessions(bars: Bars, series: ExpectedSeries, issues: IssueList): void {
  const { timeframe, calendar } = series;
  const outside = outsideSessions(bars, series);
  issues.addRuns('outside_sessions', {
    holds: (index) => outside(index) === 'outside',
    detail: () => `the calendar ${calendar} expects no bar there`,
  });
  issues.addRuns('off_grid', {
    holds: (index) => outside(index) === 'off_grid',
    detail: () => `bars of ${timeframe} do not begin there`,
  });
}

/** Where a bar lies towards the cells of its calendar: on a stamp they have, elsewhere inside one, or outside all. */
export type CellPlace = 'on_grid' | 'off_grid' | 'outside';

/** Tells of each bar, by its index, where it lies. Bars whose stamps are no whole instants lie outside. */
export function outsideSessions(
  { time }: Bars,
  { timeframe, calendar, hours }: ExpectedSeries,
): (index: number) => CellPlace {
  const stamps = time.filter((stamp) => Number.isInteger(stamp)).toSorted();
  const [start, last] = [stamps[0], stamps.at(-1)];
  if (start === undefined || last === undefined) return () => 'outside';
  const reach = isIntraday(timeframe) ? dayMs : 32 * dayMs;
  const cells = expectedBars(calendarOf(calendar, hours), timeframe, { start: start - reach, end: last + 1 });
  return (index) => {
    const stamp = time[index] ?? Number.NaN;
    const cell = indexAtOrAfter(cells.cellEnd, stamp + 0.5);
    const cellStart = cells.cellStart[cell] ?? Infinity;
    if (!(cellStart <= stamp)) return 'outside';
    return stamp === cellStart || stamp === cells.start[cell] ? 'on_grid' : 'off_grid';
  };
}
