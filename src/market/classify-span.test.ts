import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarWithReported } from './calendar-with-reported.ts';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { classifySpan, type SpanPiece } from './classify-span.ts';
import { dayMs } from './dates.ts';
import { expectedBars } from './expected-bars.ts';
import { parseReportedHours } from './reported-hours.ts';
import { intersectRanges, unionRanges } from './time-range.ts';
import { timeframes } from './timeframe.ts';
import { toZoned } from './zone.ts';

const equities = calendarOf('us_equities');
const currencies = calendarOf('currencies');

function range(start: string, end: string): { start: number; end: number } {
  return { start: Date.parse(start), end: Date.parse(end) };
}

/** `Fri 16:00 outside_hours`, by the clock of New York. */
function told(pieces: readonly SpanPiece[]): string[] {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return pieces.map(({ start, kind, name }) => {
    const { dayOfWeek, hour, minute } = toZoned(start, 'America/New_York');
    const at = `${days[dayOfWeek]} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
    return name === undefined ? `${at} ${kind}` : `${at} ${kind}: ${name}`;
  });
}

function toldDates(pieces: readonly SpanPiece[]): string[] {
  return pieces.map(({ start, kind, name }) =>
    [new Date(start).toISOString().slice(0, 10), kind, ...(name === undefined ? [] : [name])].join(' '),
  );
}

describe('classifySpan() of US equities', () => {
  it('names what lies between the bars over Thanksgiving and the weekend behind it', () => {
    expect(told(classifySpan(equities, '1h', range('2026-11-25T15:00Z', '2026-11-30T15:00Z')))).toEqual([
      'Wed 10:00 session',
      'Wed 16:00 outside_hours',
      'Thu 00:00 holiday: Thanksgiving Day',
      'Fri 00:00 outside_hours',
      'Fri 09:00 session',
      'Fri 13:00 early_close: Day after Thanksgiving',
      'Fri 16:00 outside_hours',
      'Sat 00:00 weekend',
      'Mon 00:00 outside_hours',
      'Mon 09:00 session',
    ]);
  });

  it('takes whole cells for the session, so that each bar is one thing', () => {
    const day = range('2026-07-06T04:00Z', '2026-07-07T04:00Z');
    expect(told(classifySpan(equities, '1m', day))).toEqual([
      'Mon 00:00 outside_hours',
      'Mon 09:30 session',
      'Mon 16:00 outside_hours',
    ]);
    expect(told(classifySpan(equities, '4h', day))[1]).toBe('Mon 08:00 session');
  });

  it('tells storms and mourning from holidays', () => {
    expect(told(classifySpan(equities, '1m', range('2012-10-27T04:00Z', '2012-10-31T04:00Z')))).toEqual([
      'Sat 00:00 weekend',
      'Mon 00:00 closure: Hurricane Sandy',
    ]);
    expect(toldDates(classifySpan(equities, '1d', range('2025-01-08', '2025-01-21')))).toEqual([
      '2025-01-08 session',
      '2025-01-09 closure Mourning for Jimmy Carter',
      '2025-01-10 session',
      '2025-01-11 weekend',
      '2025-01-13 session',
      '2025-01-18 weekend',
      '2025-01-20 holiday Martin Luther King Jr. Day',
    ]);
  });

  it('takes a week and a month with a session as one bar', () => {
    expect(toldDates(classifySpan(equities, '1w', range('2001-09-10', '2001-09-24')))).toEqual(['2001-09-10 session']);
    expect(toldDates(classifySpan(equities, '1M', range('2026-01-15', '2026-02-15')))).toEqual(['2026-01-15 session']);
  });

  it('explains what the source reports', () => {
    const text = '20260707:0930-20260707:1200;20260708:CLOSED';
    const calendar = calendarWithReported(equities, parseReportedHours(text, 'US/Eastern'));
    expect(told(classifySpan(calendar, '30m', range('2026-07-07T13:30Z', '2026-07-09T14:00Z')))).toEqual([
      'Tue 09:30 session',
      'Tue 12:00 early_close',
      'Tue 16:00 outside_hours',
      'Wed 00:00 closure: Closed by the reported hours',
      'Thu 00:00 outside_hours',
      'Thu 09:30 session',
    ]);
  });
});

describe('classifySpan() of currencies', () => {
  it('has the break of each day and the weekend from Friday to Sunday evening', () => {
    expect(told(classifySpan(currencies, '1m', range('2026-07-09T20:00Z', '2026-07-12T22:00Z')))).toEqual([
      'Thu 16:00 session',
      'Thu 17:00 outside_hours',
      'Thu 17:15 session',
      'Fri 17:00 weekend',
      'Sun 17:00 outside_hours',
      'Sun 17:15 session',
    ]);
  });

  it('has no break where the bars are longer than it', () => {
    expect(told(classifySpan(currencies, '1h', range('2026-07-09T20:00Z', '2026-07-12T22:00Z')))).toEqual([
      'Thu 16:00 session',
      'Fri 17:00 weekend',
      'Sun 17:00 session',
    ]);
  });
});

describe('classifySpan()', () => {
  const anyInstant = fc
    .integer({ min: Date.UTC(2000, 0, 1) / 60_000, max: Date.UTC(2030, 0, 1) / 60_000 })
    .map((minutes) => minutes * 60_000);
  const reported = parseReportedHours(
    '20150105:CLOSED;20150106:0930-20150106:1100,20150106:1200-20150106:1500;20150110:1000-20150110:1300;20150112:1800-20150114:0500',
    'US/Eastern',
  );
  const anyCalendar = fc
    .tuple(fc.constantFrom(...calendarIds), fc.boolean())
    .map(([id, isReported]) => (isReported ? calendarWithReported(calendarOf(id), reported) : calendarOf(id)));
  const anyCase = fc.record({
    calendar: anyCalendar,
    timeframe: fc.constantFrom(...timeframes),
    start: fc.oneof(
      anyInstant,
      fc.nat(20 * 1440).map((minutes) => Date.UTC(2014, 11, 28) + minutes * 60_000),
    ),
    minutes: fc.nat(60 * 1440),
  });

  it('cuts a range into sorted, disjoint pieces that make up the whole range', () => {
    fc.assert(
      fc.property(anyCase, ({ calendar, timeframe, start, minutes }) => {
        const span = { start, end: start + minutes * 60_000 };
        const pieces = classifySpan(calendar, timeframe, span);
        const edges = [start, ...pieces.map(({ end }) => end)];
        expect(pieces.map((piece) => piece.start)).toEqual(edges.slice(0, -1));
        expect(edges.at(-1)).toBe(span.end);
        expect(pieces.filter((piece) => !(piece.start < piece.end))).toEqual([]);
        const twins = pieces.filter(
          ({ kind, name }, index) => pieces[index - 1]?.kind === kind && pieces[index - 1]?.name === name,
        );
        expect(twins).toEqual([]);
      }),
    );
  });

  it('calls session exactly the cells of the expected bars', () => {
    fc.assert(
      fc.property(anyCase, ({ calendar, timeframe, start, minutes }) => {
        const span = { start, end: start + minutes * 60_000 };
        const around = { start: start - 33 * dayMs, end: span.end + 33 * dayMs };
        const { cellStart, cellEnd } = expectedBars(calendar, timeframe, around);
        const cells = unionRanges(
          Array.from(cellStart, (from, index) => ({ start: from, end: cellEnd[index] ?? from })),
        );
        const sessions = classifySpan(calendar, timeframe, span).filter(({ kind }) => kind === 'session');
        expect(unionRanges(sessions)).toEqual(intersectRanges([span], cells));
      }),
    );
  });

  it('of a range is that of its two parts, wherever it is cut', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(60 * 1440), ({ calendar, timeframe, start, minutes }, more) => {
        const cut = start + minutes * 60_000;
        const end = cut + more * 60_000;
        const whole = classifySpan(calendar, timeframe, { start, end });
        const parts = [
          ...classifySpan(calendar, timeframe, { start, end: cut }),
          ...classifySpan(calendar, timeframe, { start: cut, end }),
        ];
        const kindAt = (pieces: readonly SpanPiece[], at: number): unknown => {
          const { kind, name } = pieces.find((piece) => piece.start <= at && at < piece.end) ?? {};
          return [kind, name];
        };
        for (const { start: at } of [...whole, ...parts]) expect(kindAt(parts, at)).toEqual(kindAt(whole, at));
      }),
    );
  });

  it('never calls a weekday of an intraday calendar a weekend', () => {
    const year = range('2026-01-01', '2027-01-01');
    const weekends = classifySpan(equities, '1m', year).filter(({ kind }) => kind === 'weekend');
    expect(weekends.length).toBe(52);
    const hours = weekends.map(({ start, end }) => (end - start) / 3_600_000);
    expect(
      [...new Set(hours)].toSorted((a, b) => a - b),
      'two days, one of 23 and one of 25 hours',
    ).toEqual([47, 48, 49]);
  });
});
