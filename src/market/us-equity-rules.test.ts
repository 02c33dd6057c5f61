import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Session, TradingDay } from './calendar.ts';
import { calendarOf } from './calendars.ts';
import { dateText, isWeekend } from './dates.ts';
import { announced, usEquityExceptions } from './us-equity-exceptions.ts';
import { toZoned } from './zone.ts';

const data = new URL('../../../shared/data/', import.meta.url);
const hasData = existsSync(data);
const equities = calendarOf('us_equities');

describe.skipIf(!hasData)('us_equities against published calendars (needs the shared data folder)', () => {
  it('has every session from 1990 to 2023 with its open and close, and no other', () => {
    const golden = readRows('calendar_XNYS_1990-2023.csv').map(([date = '', open = '', close = '']) => ({
      date: Date.parse(date),
      open: Date.parse(open),
      close: Date.parse(close),
    }));
    const end = (golden.at(-1)?.close ?? 0) + 1;
    expect(golden.length).toBe(8324);
    expect(equities.sessions({ start: Date.UTC(1990, 0, 1), end })).toEqual(golden);
  });

  it('has every full closure from 1998 to 2028, and no other', () => {
    const golden = readRows('calendar_US_equity_exceptions_1998-2028.csv')
      .filter(([date = '', kind]) => kind === 'closed' && !isWeekend(Date.parse(date)))
      .map(([date]) => date);
    const open = new Set(sessionsOfYears(1998, 2028).map(({ date }) => date));
    const closed: string[] = [];
    for (let date = Date.UTC(1998, 0, 1); date < Date.UTC(2029, 0, 1); date += 86_400_000) {
      if (!isWeekend(date) && !open.has(date)) closed.push(dateText(date));
    }
    expect(closed).toEqual(golden);
  });

  it('has every early close from 1998 to 2028, and no other', () => {
    const golden = readRows('calendar_US_equity_exceptions_1998-2028.csv')
      .filter(([date = '', kind]) => kind === 'early_close' && !isWeekend(Date.parse(date)))
      .map(([date]) => date);
    // These three are in the exchange's calendar and missing in this list; the session list above has them.
    const missing = ['1998-11-27', '1998-12-24', '1999-12-31'];
    const early = sessionsOfYears(1998, 2028).filter(({ close }) => toZoned(close, equities.zone).hour === 13);
    expect(early.map(dateOf)).toEqual([...golden, ...missing].toSorted((a = '', b = '') => a.localeCompare(b)));
  });

  it('finds the two tables in agreement where both speak, but for three early closes', () => {
    const listed = readRows('calendar_US_equity_exceptions_1998-2028.csv');
    const dates = (wanted: string): Set<string> =>
      new Set(listed.filter(([, kind]) => kind === wanted).map(([date = '']) => date));
    const [closed, early] = [dates('closed'), dates('early_close')];
    const golden = readRows('calendar_XNYS_1990-2023.csv')
      .map(([session = '', open = '', close = '']) => ({ date: session.slice(0, 10), open, close }))
      .filter(({ date }) => date >= '1998');
    expect(golden.filter(({ date }) => closed.has(date))).toEqual([]);
    const short = golden.filter(({ open, close }) => Date.parse(close) - Date.parse(open) < 6.5 * 3_600_000);
    expect(short.map(({ date }) => date).filter((date) => !early.has(date))).toEqual([
      '1998-11-27',
      '1998-12-24',
      '1999-12-31',
    ]);
  });
});

/**
 * As announced by the NYSE Group on 23 December 2025 for 2026, 2027 and 2028. On 1 January 2028, a Saturday, no holiday is
 * observed.
 */
const announcedHolidays = [
  ['2026', '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25', '11-27 12-24'],
  ['2027', '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24', '11-26'],
  ['2028', '01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25', '07-03 11-24'],
] as const;

describe('us_equities', () => {
  it.each(announcedHolidays)('closes in %s on the days that the exchange has announced', (year, closed, early) => {
    const days = daysOfYears(Number(year), Number(year));
    const monthAndDay = ({ date }: TradingDay): string => dateText(date).slice(5);
    expect(days.filter(({ kind }) => kind === 'holiday' || kind === 'closure').map(monthAndDay)).toEqual(
      closed.split(' '),
    );
    expect(days.filter(closesEarly).map(monthAndDay)).toEqual(early.split(' '));
    expect(Number(year)).toBeLessThanOrEqual(announced.through);
  });

  it('says why a day is not an ordinary one', () => {
    const reasons = daysOfYears(2025, 2025)
      .filter(({ name }) => name !== undefined)
      .map(({ date, kind, name }) => `${dateText(date)} ${kind} ${name}`);
    expect(reasons).toEqual([
      "2025-01-01 holiday New Year's Day",
      '2025-01-09 closure Mourning for Jimmy Carter',
      '2025-01-20 holiday Martin Luther King Jr. Day',
      "2025-02-17 holiday Washington's Birthday",
      '2025-04-18 holiday Good Friday',
      '2025-05-26 holiday Memorial Day',
      '2025-06-19 holiday Juneteenth',
      '2025-07-03 trading Day before Independence Day',
      '2025-07-04 holiday Independence Day',
      '2025-09-01 holiday Labor Day',
      '2025-11-27 holiday Thanksgiving Day',
      '2025-11-28 trading Day after Thanksgiving',
      '2025-12-24 trading Christmas Eve',
      '2025-12-25 holiday Christmas Day',
    ]);
  });

  it('knows Martin Luther King Jr. Day since 1998, Juneteenth since 2022, early closes at 13:00 since 1993', () => {
    const firstYear = (wanted: string): string | undefined => {
      const day = daysOfYears(1990, 2030).find(({ name }) => name === wanted);
      return day === undefined ? undefined : dateText(day.date);
    };
    expect(firstYear('Martin Luther King Jr. Day')).toBe('1998-01-19');
    expect(firstYear('Juneteenth')).toBe('2022-06-20');
    expect(dateOfFirst(daysOfYears(1990, 2030).filter((day) => closesEarly(day) && hourOfClose(day) === 13))).toBe(
      '1993-11-26',
    );
  });

  it('lists exceptions in order, on weekdays within the years it knows, each with a source', () => {
    const dates = usEquityExceptions.map(({ date }) => date);
    expect(dates).toEqual([...new Set(dates)].toSorted());
    for (const { date, source } of usEquityExceptions) {
      const at = Date.parse(date);
      expect(isWeekend(at) || at < equities.known.start || at >= equities.known.end, date).toBe(false);
      expect(source).not.toBe('');
    }
  });

  it('opens at 09:30 and closes at 16:00 New York time in summer and winter', () => {
    expect(sessionOn('2026-07-06')).toEqual({
      date: Date.UTC(2026, 6, 6),
      open: Date.parse('2026-07-06T13:30Z'),
      close: Date.parse('2026-07-06T20:00Z'),
    });
    expect(sessionOn('2026-12-07')).toEqual({
      date: Date.UTC(2026, 11, 7),
      open: Date.parse('2026-12-07T14:30Z'),
      close: Date.parse('2026-12-07T21:00Z'),
    });
  });

  it.each([
    ['2029-03-30', 'Good Friday'],
    ['2030-04-19', 'Good Friday'],
    ['2029-06-19', 'Juneteenth'],
    ['2030-01-21', 'Martin Luther King Day'],
    ['2030-07-04', 'Independence Day'],
    ['2029-11-22', 'Thanksgiving'],
    ['2030-12-25', 'Christmas'],
  ])('predicts that %s is closed (%s)', (day) => {
    const start = Date.parse(day);
    expect(equities.sessions({ start, end: start + 86_400_000 })).toEqual([]);
    expect(start).toBeGreaterThanOrEqual(equities.known.end);
  });

  it('finds a session by any instant inside it and by none at its close', () => {
    const [session] = equities.sessions({ start: Date.UTC(2026, 6, 6), end: Date.UTC(2026, 6, 7) });
    const { open, close } = session ?? { open: 0, close: 0 };
    expect(equities.sessions({ start: open, end: open + 1 })).toEqual([session]);
    expect(equities.sessions({ start: close - 1, end: close })).toEqual([session]);
    expect(equities.sessions({ start: close, end: close + 1 })).toEqual([]);
    expect(equities.sessions({ start: close, end: open })).toEqual([]);
  });

  it('refuses years that no calendar can speak for', () => {
    expect(() => equities.sessions({ start: -8e15, end: 8e15 })).toThrow(/years 1900 to 2199/);
    expect(() => equities.sessions({ start: -Infinity, end: Infinity })).toThrow(/years 1900 to 2199/);
  });
});

function sessionsOfYears(first: number, last: number): Session[] {
  return equities.sessions({ start: Date.UTC(first, 0, 1), end: Date.UTC(last + 1, 0, 1) });
}

function sessionOn(day: string): Session | undefined {
  return equities.sessions({ start: Date.parse(day), end: Date.parse(day) + 86_400_000 })[0];
}

function dateOf({ date }: Session): string {
  return dateText(date);
}

function daysOfYears(first: number, last: number): TradingDay[] {
  const [start, end] = [Date.UTC(first, 0, 1), Date.UTC(last + 1, 0, 1)];
  return equities.days({ start, end: end + 86_400_000 }).filter(({ date }) => date >= start && date < end);
}

function closesEarly({ ordinary, sessions: [session] }: TradingDay): boolean {
  return session !== undefined && ordinary !== undefined && session.close < ordinary.end;
}

function hourOfClose({ sessions: [session] }: TradingDay): number {
  return toZoned(session?.close ?? 0, equities.zone).hour;
}

function dateOfFirst([first]: readonly TradingDay[]): string | undefined {
  return first === undefined ? undefined : dateText(first.date);
}

function readRows(name: string): string[][] {
  const [, ...lines] = readFileSync(new URL(name, data), 'utf8').trim().split('\n');
  return lines.map((line) => line.split(','));
}
