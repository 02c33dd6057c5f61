import type { TimeRange } from './time-range.ts';

/** One trading session. `date` is the session's date at midnight UTC; `open` and `close` are instants, `[open, close)`. */
export interface Session {
  readonly date: number;
  readonly open: number;
  readonly close: number;
}

export type CalendarId = 'us_equities' | 'currencies';

/** When a market trades: a zone, a weekly template and exceptions by date. Pure; the same answer for the same range. */
export interface TradingCalendar {
  readonly id: CalendarId;
  /** IANA name, for example `America/New_York`. */
  readonly zone: string;
  /** The sessions that overlap a range of instants, oldest first. */
  sessions(range: TimeRange): Session[];
}
