import { stampAt } from './bar-runs.ts';
import { answeredRange, type TradingCalendar } from './calendar.ts';
import { dayMs } from './dates.ts';
import { expectedRuns } from './expected-bars.ts';
import { intersectRange, isEmptyRange, type TimeRange } from './time-range.ts';
import { isIntraday, timeframeMs, type Timeframe } from './timeframe.ts';

/**
 * A range that selects bars by their stamps, as the range of their cells. The hour of US equities that begins at 09:00 is
 * stamped 09:30, so from 09:30 on means from 09:00 on, and from 09:31 on means from 10:00 on. An edge that lies in no
 * expected cell stays where it is, and so does one that no calendar answers for.
 */
export function wholeCells(calendar: TradingCalendar, timeframe: Timeframe, { start, end }: TimeRange): TimeRange {
  return { start: cellEdge(calendar, timeframe, start), end: cellEdge(calendar, timeframe, end) };
}

/** Where the cell begins that an instant lies in, when the cell's stamp is not before the instant; otherwise where it ends. */
function cellEdge(calendar: TradingCalendar, timeframe: Timeframe, at: number): number {
  const reach = isIntraday(timeframe) ? timeframeMs(timeframe) : 32 * dayMs;
  const near = intersectRange({ start: at - reach, end: at + reach }, { start: firstDate, end: lastDate });
  if (isEmptyRange(near)) return at;
  for (const run of expectedRuns(calendar, timeframe, near)) {
    const index = Math.floor((at - run.cellStart) / run.step);
    const cellStart = run.cellStart + index * run.step;
    if (index < 0 || index >= run.count || cellStart === at) continue;
    return stampAt(run, index) >= at ? cellStart : cellStart + run.step;
  }
  return at;
}

/** Calendars look a little beyond what they are asked for. */
const firstDate = answeredRange.start + 60 * dayMs;
const lastDate = answeredRange.end - 60 * dayMs;
