import type { Bars, CalendarId, TimeRange, Timeframe } from '../market/index.ts';

/** Where a training finds its bars: a port, so that this room knows no store. */
export interface BarSource {
  /** The bars whose start lies in the range, or all there are; no bars when nothing is stored. */
  read(symbol: string, timeframe: Timeframe, range: TimeRange | undefined): Promise<Bars>;
  /** The calendar that a series follows; undefined when nothing of it is stored. */
  calendarOf(symbol: string, timeframe: Timeframe): Promise<CalendarId | undefined>;
}
