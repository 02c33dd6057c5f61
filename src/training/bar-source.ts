import type { CancellationToken } from '../async/index.ts';
import type { Bars, CalendarId, TimeRange, Timeframe } from '../market/index.ts';

/** Names a series of bars. */
export interface Series {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** Where a training finds its bars: a port, so that this room knows no store. */
export interface BarSource {
  /**
   * The bars whose start lies in the range, or all there are; no bars when nothing is stored. Many years take seconds,
   * so a cancel ends it on the way.
   */
  read(series: Series, range: TimeRange | undefined, token: CancellationToken): Promise<Bars>;
  /** The calendar that a series follows; undefined when nothing of it is stored. */
  calendarOf(symbol: string, timeframe: Timeframe): Promise<CalendarId | undefined>;
}
