import { describe, expect, it } from 'vitest';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { isWeekend } from './dates.ts';
import { zoneOffset } from './zone.ts';

describe.each(calendarIds)('the calendar %s', (id) => {
  const calendar = calendarOf(id);
  const years = { start: Date.UTC(1990, 0, 1), end: Date.UTC(2037, 0, 1) };
  const sessions = calendar.sessions(years);
  const days = calendar.days(years);

  it('has a day for each date, of whole hours, one ending where the next starts', () => {
    const broken = days.filter(({ date, start, end, kind, ordinary }, index) => {
      const before = days[index - 1];
      const follows = before === undefined || (before.end === start && before.date + 86_400_000 === date);
      const hours = (end - start) / 3_600_000;
      return !(follows && [23, 24, 25].includes(hours) && isWeekend(date) === (kind === 'weekend' && !ordinary));
    });
    expect(broken).toEqual([]);
  });

  it('has the sessions of its days, each within its day and its ordinary hours', () => {
    expect(
      days.flatMap((day) => day.sessions).filter(({ open, close }) => open < years.end && close > years.start),
    ).toEqual(sessions);
    const astray = days.filter(({ start, end, ordinary, sessions: held }) =>
      held.some(
        ({ open, close }) =>
          !(start <= open && close <= end && open === ordinary?.start && close <= (ordinary?.end ?? 0)),
      ),
    );
    expect(astray).toEqual([]);
    expect(days.filter(({ kind, sessions: held }) => held.length !== (kind === 'trading' ? 1 : 0))).toEqual([]);
  });

  it('has sessions that follow each other without overlap', () => {
    const overlapping = sessions.filter(
      ({ open, close, date }, index) =>
        !(open < close) || open < (sessions[index - 1]?.close ?? 0) || date <= (sessions[index - 1]?.date ?? 0),
    );
    expect(overlapping).toEqual([]);
  });

  it('has no session during which the clocks change', () => {
    expect(
      sessions.filter(({ open, close }) => zoneOffset(open, calendar.zone) !== zoneOffset(close, calendar.zone)),
    ).toEqual([]);
  });
});
