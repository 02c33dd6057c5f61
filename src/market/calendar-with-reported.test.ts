import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from './calendar.ts';
import { calendarWithReported } from './calendar-with-reported.ts';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { dateText, dayMs } from './dates.ts';
import { expectedBars } from './expected-bars.ts';
import { parseReportedHours, type ReportedDay } from './reported-hours.ts';

const equities = calendarOf('us_equities');
const currencies = calendarOf('currencies');
const week = { start: Date.parse('2026-07-04'), end: Date.parse('2026-07-11') };

function told(sessions: readonly Session[]): string[] {
  return sessions.map(
    ({ date, open, close }) =>
      `${dateText(date)} ${new Date(open).toISOString().slice(11, 16)} ${new Date(close).toISOString().slice(11, 16)}`,
  );
}

describe('calendarWithReported()', () => {
  it('closes a day that the source reports closed, and expects none of its bars', () => {
    const calendar = calendarWithReported(equities, parseReportedHours('20260708:CLOSED', 'US/Eastern'));
    expect(told(calendar.sessions(week))).toEqual([
      '2026-07-06 13:30 20:00',
      '2026-07-07 13:30 20:00',
      '2026-07-09 13:30 20:00',
      '2026-07-10 13:30 20:00',
    ]);
    expect(expectedBars(calendar, '1m', week).start.length).toBe(4 * 390);
    expect(calendar.days(week).find(({ date }) => date === Date.UTC(2026, 6, 8))).toMatchObject({
      kind: 'closure',
      name: 'Closed by the reported hours',
    });
  });

  it('takes other hours from the source', () => {
    const text = '20260707:0930-20260707:1300;20260711:1000-20260711:1200';
    const calendar = calendarWithReported(equities, parseReportedHours(text, 'US/Eastern'));
    expect(told(calendar.sessions({ ...week, end: week.end + dayMs }))).toEqual([
      '2026-07-06 13:30 20:00',
      '2026-07-07 13:30 17:00',
      '2026-07-08 13:30 20:00',
      '2026-07-09 13:30 20:00',
      '2026-07-10 13:30 20:00',
      '2026-07-11 14:00 16:00',
    ]);
  });

  it('leaves the reason of a closure that the rules know', () => {
    const calendar = calendarWithReported(
      equities,
      parseReportedHours('20260703:CLOSED;20260704:CLOSED', 'US/Eastern'),
    );
    const days = calendar.days({ start: Date.parse('2026-07-03T12:00Z'), end: Date.parse('2026-07-04T12:00Z') });
    expect(days.map(({ kind, name }) => [kind, name])).toEqual([
      ['holiday', 'Independence Day'],
      ['weekend', undefined],
    ]);
  });

  it('closes Christmas for currencies where the source says so', () => {
    const text = '20261223:1715-20261224:1700;20261225:CLOSED;20261226:CLOSED;20261227:1715-20261228:1700';
    const calendar = calendarWithReported(currencies, parseReportedHours(text, 'US/Eastern'));
    const sessions = calendar.sessions({ start: Date.parse('2026-12-24'), end: Date.parse('2026-12-29') });
    expect(sessions.map(({ date }) => dateText(date))).toEqual(['2026-12-24', '2026-12-28', '2026-12-29']);
  });

  it('gives one bar of a day that has a pause', () => {
    const text = '20260707:0930-20260707:1200,20260707:1300-20260707:1600';
    const calendar = calendarWithReported(equities, parseReportedHours(text, 'US/Eastern'));
    const day = { start: Date.parse('2026-07-07'), end: Date.parse('2026-07-08') };
    expect(expectedBars(calendar, '1d', day).start.length).toBe(1);
    expect(expectedBars(calendar, '1m', day).start.length).toBe(330);
  });

  it('is the calendar itself where nothing is reported', () => {
    expect(calendarWithReported(equities, [])).toBe(equities);
  });

  const firstDate = Date.UTC(2026, 0, 1);
  const anyReport = fc
    .array(
      fc.record({
        day: fc.nat(120),
        stretches: fc.array(fc.record({ from: fc.nat(23), hours: fc.integer({ min: 1, max: 30 }) }), { maxLength: 2 }),
      }),
      { maxLength: 12 },
    )
    .map(asReport);

  /** Disjoint sessions, each dated by its end, however they were drawn. */
  function asReport(drawn: { day: number; stretches: { from: number; hours: number }[] }[]): ReportedDay[] {
    const days = new Map<number, Session[]>();
    let until = -Infinity;
    for (const { day, stretches } of drawn.toSorted((a, b) => a.day - b.day)) {
      if (stretches.length === 0) days.set(firstDate + day * dayMs, days.get(firstDate + day * dayMs) ?? []);
      for (const { from, hours } of stretches) {
        const open = Math.max(until, firstDate + day * dayMs + from * 3_600_000);
        const close = open + hours * 3_600_000;
        const date = Math.floor((close - 1) / dayMs) * dayMs;
        days.set(date, [...(days.get(date) ?? []), { date, open, close }]);
        until = close;
      }
    }
    return [...days].map(([date, sessions]) => ({ date, sessions }));
  }

  it('says on each reported date what was reported, on each other what the rules leave room for, and stays in order', () => {
    const span = { start: firstDate - 10 * dayMs, end: firstDate + 160 * dayMs };
    fc.assert(
      fc.property(fc.constantFrom(...calendarIds), anyReport, (id, reported) => {
        const ruled = calendarOf(id);
        const calendar = calendarWithReported(ruled, reported);
        const sessions = calendar.sessions(span);
        const dates = new Set(reported.map(({ date }) => date));
        const expected = reported.flatMap((day) => day.sessions).toSorted((a, b) => a.open - b.open);
        expect(sessions.filter(({ date }) => dates.has(date))).toEqual(expected);
        expect(sessions.filter(({ open }, index) => open < (sessions[index - 1]?.close ?? 0))).toEqual([]);
        const near = ({ open, close }: Session): boolean =>
          expected.some((other) => open < other.close && other.open < close);
        const keys = (all: readonly Session[]): string[] =>
          all.map(({ date, open, close }) => `${date} ${open} ${close}`);
        const held = new Set(keys(sessions));
        const untouched = ruled.sessions(span).filter((session) => !dates.has(session.date) && !near(session));
        expect(keys(untouched).filter((key) => !held.has(key))).toEqual([]);
        const ofDays = new Set(keys(calendar.days(span).flatMap((day) => day.sessions)));
        expect(keys(sessions.filter(({ date }) => date > span.start)).filter((key) => !ofDays.has(key))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
