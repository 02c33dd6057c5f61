import { dayMs } from './dates.ts';
import type { TimeRange } from './time-range.ts';
import type { SessionTimeframe } from './timeframe.ts';

/**
 * The cell of the grid that a date lies in, as a range of dates (midnights UTC): the date itself for `1d`, its ISO week
 * from Monday to Monday for `1w`, its calendar month for `1M`. A bar stamped with any date of the cell is that cell's bar.
 */
export function sessionCell(timeframe: SessionTimeframe, date: number): TimeRange {
  const midnight = Math.floor(date / dayMs) * dayMs;
  switch (timeframe) {
    case '1d':
      return { start: midnight, end: midnight + dayMs };
    case '1w': {
      const sinceMonday = (new Date(midnight).getUTCDay() + 6) % 7;
      const monday = midnight - sinceMonday * dayMs;
      return { start: monday, end: monday + 7 * dayMs };
    }
    case '1M': {
      const day = new Date(midnight);
      const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
      return { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) };
    }
    default:
      return timeframe satisfies never;
  }
}
