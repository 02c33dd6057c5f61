import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from './calendar.ts';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { dateText } from './dates.ts';
import { parseReportedHours, type ReportedDay } from './reported-hours.ts';
import { zoneOffset } from './zone.ts';

function told(days: readonly ReportedDay[]): string[] {
  const text = (instant: number): string => new Date(instant).toISOString().slice(0, 16);
  return days.map(({ date, sessions }) =>
    [dateText(date), ...sessions.map(({ open, close }) => `${text(open)} ${text(close)}`)].join(' '),
  );
}

/** As the broker writes it: `20260105:0930-20260105:1600`. */
function written({ open, close }: Session, zone: string): string {
  const stamp = (instant: number): string => {
    const digits = new Date(instant + zoneOffset(instant, zone)).toISOString().replaceAll(/\D/g, '');
    return `${digits.slice(0, 8)}:${digits.slice(8, 12)}`;
  };
  return `${stamp(open)}-${stamp(close)}`;
}

describe('parseReportedHours()', () => {
  it('reads the hours of a stock over New Year', () => {
    const text =
      '20221229:0930-20221229:1600;20221230:0930-20221230:1600;20221231:CLOSED;20230101:CLOSED;20230102:CLOSED;20230103:0930-20230103:1600';
    expect(told(parseReportedHours(text, 'US/Eastern'))).toEqual([
      '2022-12-29 2022-12-29T14:30 2022-12-29T21:00',
      '2022-12-30 2022-12-30T14:30 2022-12-30T21:00',
      '2022-12-31',
      '2023-01-01',
      '2023-01-02',
      '2023-01-03 2023-01-03T14:30 2023-01-03T21:00',
    ]);
  });

  it('counts a stretch to the date on which it ends, as the currencies do', () => {
    const text = '20221204:CLOSED;20221204:1715-20221205:1700;20221205:1715-20221206:1700;20221210:CLOSED';
    expect(told(parseReportedHours(text, 'US/Eastern'))).toEqual([
      '2022-12-04',
      '2022-12-05 2022-12-04T22:15 2022-12-05T22:00',
      '2022-12-06 2022-12-05T22:15 2022-12-06T22:00',
      '2022-12-10',
    ]);
    expect(told(parseReportedHours('20260105:1800-20260106:0000', 'UTC'))).toEqual([
      '2026-01-05 2026-01-05T18:00 2026-01-06T00:00',
    ]);
  });

  it('reads the short form of older gateways, also over midnight', () => {
    expect(told(parseReportedHours('20090507:0700-1830,1830-2330;20090508:CLOSED', 'EST'))).toEqual([
      '2009-05-07 2009-05-07T11:00 2009-05-08T03:30',
      '2009-05-08',
    ]);
    expect(told(parseReportedHours('20090507:1715-1700', 'EST (Eastern Standard Time)'))).toEqual([
      '2009-05-07 2009-05-06T21:15 2009-05-07T21:00',
    ]);
  });

  it('keeps a pause at noon', () => {
    expect(told(parseReportedHours('20260105:0900-20260105:1130,20260105:1230-20260105:1530', 'JST'))).toEqual([
      '2026-01-05 2026-01-05T00:00 2026-01-05T02:30 2026-01-05T03:30 2026-01-05T06:30',
    ]);
    expect(parseReportedHours('20260105:0900-1130,1230-1530', 'Asia/Tokyo')).toEqual(
      parseReportedHours('20260105:0900-20260105:1130;20260105:1230-20260105:1530', 'Japan'),
    );
  });

  it('knows no day where the text is empty', () => {
    expect(parseReportedHours('', 'US/Eastern')).toEqual([]);
    expect(parseReportedHours(' ; ', 'US/Eastern')).toEqual([]);
  });

  it.each([
    ['open'],
    ['20260105'],
    ['20260105:'],
    ['20260105:closed'],
    ['20260105:0930'],
    ['20260105:0930-1660'],
    ['20260105:2500-2600'],
    ['20260231:CLOSED'],
    ['20260105:0930-20260230:1600'],
    ['20260105:1600-20260105:0930'],
    ['20260105:0930-20270105:1600'],
    ['20260105:0930-20260106:1600;20260106:0930-20260107:1600'],
  ])('refuses %s', (text) => {
    expect(() => parseReportedHours(text, 'US/Eastern')).toThrow(
      expect.objectContaining({ code: 'data_corrupt', details: { hours: text } }),
    );
  });

  it('refuses a zone that there is not', () => {
    expect(() => parseReportedHours('20260105:CLOSED', 'Mars/Olympus')).toThrow(/no time zone "Mars\/Olympus"/);
  });

  it('reads back the sessions of every calendar, in any order of entries', () => {
    const anyDay = fc.integer({ min: 0, max: 40 * 365 }).map((day) => Date.UTC(1990, 0, 1) + day * 86_400_000);
    fc.assert(
      fc.property(fc.constantFrom(...calendarIds), anyDay, fc.nat(60), fc.boolean(), (id, start, days, turned) => {
        const calendar = calendarOf(id);
        const within = calendar.sessions({ start, end: start + days * 86_400_000 });
        const entries = within.map((session) => written(session, calendar.zone));
        const read = parseReportedHours((turned ? entries.toReversed() : entries).join(';'), calendar.zone);
        expect(read.flatMap((day) => day.sessions)).toEqual(within);
        expect(read.map(({ date }) => date)).toEqual(within.map(({ date }) => date));
      }),
    );
  });
});
