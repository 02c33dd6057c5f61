import { describe, expect, it } from 'vitest';
import { calendarOf } from './calendars.ts';
import { departingDays } from './departing-days.ts';
import { parseReportedHours } from './reported-hours.ts';

const equities = calendarOf('us_equities');
const reported = (text: string) => parseReportedHours(text, 'US/Eastern');
const dates = (text: string): string[] =>
  departingDays(equities, reported(text)).map(({ date }) => new Date(date).toISOString().slice(0, 10));

describe('departingDays()', () => {
  it('are those whose hours are not the rules, also weekends that are traded and early closes that are not kept', () => {
    expect(dates('20260706:0930-20260706:1600;20260707:0930-20260707:1300;20260708:CLOSED')).toEqual([
      '2026-07-07',
      '2026-07-08',
    ]);
    expect(dates('20260711:CLOSED;20260712:1000-20260712:1200')).toEqual(['2026-07-12']);
    expect(dates('20261127:0930-20261127:1300'), 'the day after Thanksgiving').toEqual([]);
    expect(dates('20261127:0930-20261127:1600')).toEqual(['2026-11-27']);
    expect(dates('')).toEqual([]);
  });

  it('takes the last report of a date', () => {
    const [first, second] = [reported('20260707:CLOSED;20260708:CLOSED'), reported('20260707:0930-20260707:1600')];
    expect(departingDays(equities, [...first, ...second])).toEqual(first.slice(1));
    expect(departingDays(equities, [...second, ...first])).toEqual(first);
  });

  it('makes the same calendar as all that was reported', () => {
    const all = reported('20260706:0930-20260706:1600;20260707:0930-20260707:1300;20260710:CLOSED;20260711:CLOSED');
    const range = { start: Date.UTC(2026, 6, 1), end: Date.UTC(2026, 6, 20) };
    const known = calendarOf('us_equities', departingDays(equities, all));
    expect(known.sessions(range)).toEqual(calendarOf('us_equities', all).sessions(range));
  });
});
