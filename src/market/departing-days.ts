import type { Session, TradingCalendar } from './calendar.ts';
import { dayMs } from './dates.ts';
import type { ReportedDay } from './reported-hours.ts';

/**
 * The dates on which the reported sessions are not those of the rules, oldest first: all of a report that has to be
 * remembered. Where a date comes more than once the last one counts, so a day that is back to its rules is not among them.
 */
export function departingDays(rules: TradingCalendar, reported: readonly ReportedDay[]): ReportedDay[] {
  const newest = new Map(reported.map((day) => [day.date, day]));
  return [...newest.values()]
    .filter(({ date, sessions }) => !isSame(sessions, sessionsOf(rules, date)))
    .toSorted((a, b) => a.date - b.date);
}

function sessionsOf(rules: TradingCalendar, date: number): readonly Session[] {
  return rules.sessions({ start: date - 2 * dayMs, end: date + 3 * dayMs }).filter((session) => session.date === date);
}

function isSame(a: readonly Session[], b: readonly Session[]): boolean {
  return (
    a.length === b.length && a.every(({ open, close }, index) => open === b[index]?.open && close === b[index].close)
  );
}
