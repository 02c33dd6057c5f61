import { calendarOf, dayMs, type Session, type TimeRange } from '../../../market/index.ts';
import { hasExtendedHours, type Instrument } from './instruments.ts';
import { earlyMs, lateMs } from '../bars/price-walk.ts';
import { dateText, localText, offsetOf } from '../protocol/wire-time.ts';

/** The sessions of an instrument that overlap a range; with extended hours, stocks trade early and late as well. */
export function tradingSessions(
  instrument: Instrument,
  range: TimeRange,
  hours: { regularHoursOnly: boolean },
): Session[] {
  const calendar = calendarOf(instrument.calendar);
  if (hours.regularHoursOnly || !hasExtendedHours(instrument)) return calendar.sessions(range);
  return calendar
    .sessions({ start: range.start - lateMs, end: range.end + earlyMs })
    .map(({ date, open, close }) => ({ date, open: open - earlyMs, close: close + lateMs }));
}

/** The last sessions that began before an instant, oldest first. */
export function sessionsBefore(
  instrument: Instrument,
  { end, count, regularHoursOnly }: { end: number; count: number; regularHoursOnly: boolean },
): Session[] {
  const reach = (count * 1.6 + 21) * dayMs;
  return tradingSessions(instrument, { start: end - reach, end }, { regularHoursOnly }).slice(-count);
}

/** The week's hours as contract details tell them: `20260105:0930-20260105:1600;20260110:CLOSED;...`, local. */
export function hoursText(
  instrument: Instrument,
  { now, regularHoursOnly }: { now: number; regularHoursOnly: boolean },
): string {
  const today = Math.floor((now + offsetOf(now, instrument.zone)) / dayMs) * dayMs;
  const sessions = new Map(
    tradingSessions(instrument, { start: now - 3 * dayMs, end: now + 9 * dayMs }, { regularHoursOnly }).map(
      (session) => [session.date, session] as const,
    ),
  );
  const stamp = (instant: number): string => hourText(localText(instant, instrument.zone));
  return Array.from({ length: 7 }, (_, index) => today + index * dayMs)
    .map((date) => {
      const session = sessions.get(date);
      if (session === undefined) return `${dateText(date)}:CLOSED`;
      return `${stamp(session.open)}-${stamp(session.close)}`;
    })
    .join(';');
}

/** `20260105-09:30:00` as `20260105:0930` */
function hourText(stamp: string): string {
  return `${stamp.slice(0, 8)}:${stamp.slice(9, 11)}${stamp.slice(12, 14)}`;
}
