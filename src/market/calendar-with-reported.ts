import type { Session, TradingCalendar, TradingDay } from './calendar.ts';
import type { ReportedDay } from './reported-hours.ts';
import { subtractRanges, type TimeRange } from './time-range.ts';

/**
 * A calendar in which the hours that a source reports take the place of the rules on the dates they name; all other dates
 * stay as they are. A date that the rules trade on and the source does not becomes a `closure`. Report anew as often as
 * the source does: the calendar holds the days it was given and forgets none.
 */
export function calendarWithReported(calendar: TradingCalendar, reported: readonly ReportedDay[]): TradingCalendar {
  if (reported.length === 0) return calendar;
  const byDate = new Map(reported.map((day) => [day.date, day]));
  const told = reported.flatMap(({ sessions }) => sessions).toSorted((a, b) => a.open - b.open);
  const toldRanges = told.map(rangeOf);

  const sessions = (range: TimeRange): Session[] => {
    const ruled = calendar
      .sessions(range)
      .filter(({ date }) => !byDate.has(date))
      .flatMap((session) => without(session, toldRanges));
    return [...ruled, ...told]
      .filter((session) => overlaps(rangeOf(session), range))
      .toSorted((a, b) => a.open - b.open);
  };

  const withReported = (day: TradingDay): TradingDay => {
    const report = byDate.get(day.date);
    if (report === undefined) {
      return { ...day, sessions: day.sessions.flatMap((session) => without(session, toldRanges)) };
    }
    const { date, start, end, ordinary, name } = day;
    const known = { date, start, end, ...(ordinary === undefined ? {} : { ordinary }) };
    if (report.sessions.length > 0) {
      const named = day.kind === 'trading' && name !== undefined ? { name } : {};
      return { ...known, ...named, kind: 'trading', sessions: report.sessions };
    }
    if (day.kind !== 'trading') return day;
    return { ...known, kind: 'closure', name: 'Closed by the reported hours', sessions: [] };
  };

  return {
    id: calendar.id,
    zone: calendar.zone,
    known: calendar.known,
    sessions: (range) => (range.start < range.end ? sessions(range) : []),
    days: (range) => calendar.days(range).map(withReported),
  };
}

/** What is left of a session by rule beside the reported ones of its neighbours. */
function without(session: Session, taken: readonly TimeRange[]): Session[] {
  const { date } = session;
  const near = taken.filter((range) => overlaps(range, rangeOf(session)));
  if (near.length === 0) return [session];
  return subtractRanges([rangeOf(session)], near).map(({ start, end }) => ({ date, open: start, close: end }));
}

function rangeOf({ open, close }: Session): TimeRange {
  return { start: open, end: close };
}

function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.start < b.end && b.start < a.end;
}
