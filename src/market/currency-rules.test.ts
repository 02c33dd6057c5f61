import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Session } from './calendar.ts';
import { calendarOf } from './calendars.ts';
import { classifySpan } from './classify-span.ts';
import { dateText } from './dates.ts';
import { expectedBars } from './expected-bars.ts';
import { toZoned, zoneOffset } from './zone.ts';

const data = new URL('../../../shared/data/', import.meta.url);
const hasData = existsSync(data);
const currencies = calendarOf('currencies');

describe('currencies', () => {
  it('opens on Sunday 17:15 and closes on Friday 17:00, New York time, with a daily break', () => {
    const week = currencies.sessions({ start: Date.parse('2026-07-04'), end: Date.parse('2026-07-11') });
    expect(week.map(dateOf)).toEqual(['2026-07-06', '2026-07-07', '2026-07-08', '2026-07-09', '2026-07-10']);
    expect(new Date(week[0]?.open ?? 0).toISOString()).toBe('2026-07-05T21:15:00.000Z');
    expect(new Date(week[4]?.close ?? 0).toISOString()).toBe('2026-07-10T21:00:00.000Z');
    const breaks = week.slice(1).map(({ open }, index) => open - (week[index]?.close ?? 0));
    expect(breaks).toEqual(Array(4).fill(15 * 60_000));
  });

  it('trades through Christmas and across the year', () => {
    const days = currencies.sessions({ start: Date.parse('2025-12-25T12:00Z'), end: Date.parse('2026-01-02T12:00Z') });
    expect(days.map(dateOf)).toEqual([
      '2025-12-25',
      '2025-12-26',
      '2025-12-29',
      '2025-12-30',
      '2025-12-31',
      '2026-01-01',
      '2026-01-02',
    ]);
  });
});

describe.skipIf(!hasData)('currencies against bars that were really quoted (needs the shared data folder)', () => {
  it('has a session for each of 74,439 hours of EUR/USD from 2007 to 2018', () => {
    const hours = readRows('EURUSD_1h_bidask_oanda.csv').map(([time = '']) => Date.parse(time));
    const { cellStart } = expectedBars(currencies, '1h', { start: hours[0] ?? 0, end: (hours.at(-1) ?? 0) + 1 });
    const expected = new Set(cellStart);
    expect(hours.length).toBe(74_439);
    expect(hours.filter((hour) => !expected.has(hour))).toEqual([]);

    const quoted = new Set(hours);
    const silent = [...expected].filter((hour) => !quoted.has(hour));
    const dates = new Set(silent.map((hour) => newYorkDate(hour)));
    const besides = [...dates].filter((date) => !/-(12-2[4-6]|12-3[01]|01-0[12])$/.test(date));
    // Less than an hour in a hundred: Christmas, New Year, and days without a pattern on which this feed failed.
    expect(silent.length).toBe(682);
    expect(besides).toEqual(feedFailures);
  });

  it('has a session for each minute of EUR/USD in May 2014, but for the break of the day and the time before the open', () => {
    const minutes = readRows('EURUSD_1m_bidask_fxcm_2014-05.csv').map(([time = '']) => Date.parse(time));
    const span = { start: minutes[0] ?? 0, end: (minutes.at(-1) ?? 0) + 1 };
    const kinds = classifySpan(currencies, '1m', span);
    const kindAt = (at: number): string => kinds.find(({ start, end }) => start <= at && at < end)?.kind ?? 'nothing';
    const outside = minutes
      .filter((minute) => kindAt(minute) !== 'session')
      .map((minute) => toZoned(minute, currencies.zone));
    const isBreak = outside.filter(({ hour, minute }) => hour === 17 && minute < 15);
    const isPreOpen = outside.filter(({ dayOfWeek, hour }) => dayOfWeek === 0 && hour < 17);
    expect(isBreak.length + isPreOpen.length).toBe(outside.length);
    expect(isBreak.length).toBeGreaterThan(100);
  });
});

/** Days on which this feed lacks hours for no reason of the market's. */
const feedFailures = [
  '2007-01-08',
  '2007-01-09',
  '2015-08-20',
  '2016-12-11',
  '2016-12-12',
  '2016-12-13',
  '2016-12-14',
  '2016-12-15',
  '2017-03-31',
  '2017-10-06',
  '2018-06-08',
  '2018-10-28',
];

function newYorkDate(instant: number): string {
  return dateText(instant + zoneOffset(instant, 'America/New_York'));
}

function dateOf({ date }: Session): string {
  return dateText(date);
}

function readRows(name: string): string[][] {
  const [, ...lines] = readFileSync(new URL(name, data), 'utf8').trim().split('\n');
  return lines.map((line) => line.split(','));
}
