import { KtrdrError } from '../base/index.ts';
import type { TimeRange } from './time-range.ts';
import { fromWallClock } from './zone.ts';

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
  /** The dates whose exceptions are known. Sessions outside follow the rules alone: they are predicted. */
  readonly known: TimeRange;
  /**
   * The sessions that overlap a range of instants, oldest first.
   * @throws KtrdrError `invalid_input` for a range that leaves the years 1900 to 2199.
   */
  sessions(range: TimeRange): Session[];
}

/** The hours of one session in minutes after midnight of its date, in the market's zone; negative on the day before. */
interface SessionHours {
  readonly open: number;
  readonly close: number;
}

/** What distinguishes one market from another; `createCalendar` does the rest. */
export interface MarketRules {
  readonly id: CalendarId;
  readonly zone: string;
  readonly known: TimeRange;
  /** The session of a date (midnight UTC), or undefined when the market stays closed. */
  readonly hours: (date: number) => SessionHours | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** A session may open on the day before its date, and its zone may be most of a day away from UTC. */
const reachMs = 3 * dayMs;

/** Sessions of a year are computed when first asked for, and kept. */
export function createCalendar({ id, zone, known, hours }: MarketRules): TradingCalendar {
  const years = new Map<number, readonly Session[]>();

  const sessionsOfYear = (year: number): readonly Session[] => {
    const held = years.get(year);
    if (held !== undefined) return held;
    const sessions: Session[] = [];
    const end = Date.UTC(year + 1, 0, 1);
    for (let date = Date.UTC(year, 0, 1); date < end; date += dayMs) {
      const span = hours(date);
      if (span === undefined) continue;
      const open = fromWallClock(date + span.open * minuteMs, zone);
      const close = fromWallClock(date + span.close * minuteMs, zone);
      sessions.push({ date, open, close });
    }
    years.set(year, sessions);
    return sessions;
  };

  return {
    id,
    zone,
    known,
    sessions: ({ start, end }) => {
      if (!(start < end)) return [];
      const sessions: Session[] = [];
      const lastYear = yearOf(end + reachMs);
      for (let year = yearOf(start - reachMs); year <= lastYear; year += 1) {
        const all = sessionsOfYear(year);
        const to = firstIndex(all, (session) => session.open >= end);
        for (let index = firstIndex(all, (session) => session.close > start); index < to; index += 1) {
          const session = all[index];
          if (session !== undefined) sessions.push(session);
        }
      }
      return sessions;
    },
  };
}

function yearOf(instant: number): number {
  const year = new Date(instant).getUTCFullYear();
  if (year >= 1900 && year < 2200) return year;
  throw new KtrdrError(
    'invalid_input',
    'Trading calendars answer for the years 1900 to 2199; ask for a range within them.',
    { details: { instant } },
  );
}

/** The first index that satisfies a condition which, once true, stays true; the length when none does. */
function firstIndex(sessions: readonly Session[], holds: (session: Session) => boolean): number {
  let low = 0;
  let high = sessions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const session = sessions[middle];
    if (session !== undefined && !holds(session)) low = middle + 1;
    else high = middle;
  }
  return low;
}
