import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  barsFromRows,
  calendarOf,
  checkBars,
  expectedBars,
  isIntraday,
  timeframes,
  type Bars,
  type Timeframe,
} from '../../market/index.ts';
import { checkImport } from './check-import.ts';

const now = Date.parse('2024-03-08T18:30Z');

function barsAt(...stamps: (string | number)[]): Bars {
  return barsFromRows(
    stamps.map((stamp) => ({
      time: typeof stamp === 'number' ? stamp : Date.parse(stamp),
      open: 1,
      high: 3,
      low: 0.5,
      close: 2,
      volume: 1,
    })),
  );
}

const check = (bars: Bars, timeframe: Timeframe): ReturnType<typeof checkImport> =>
  checkImport(bars, { timeframe, calendar: 'us_equities', now }, (index) => index + 2);

describe('checkImport()', () => {
  it('takes what a calendar expects, for every timeframe and market, and leaves out what is not finished', () => {
    const calendar = fc.constantFrom('us_equities' as const, 'currencies' as const);
    const start = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2023, 0, 1) });
    fc.assert(
      fc.property(calendar, fc.constantFrom(...timeframes), start, (id, timeframe, from) => {
        const { start: stamps } = expectedBars(calendarOf(id), timeframe, { start: from, end: from + 10 * 86_400_000 });
        const bars = barsAt(...stamps);
        const given = { timeframe, calendar: id, now: Date.UTC(2024, 0, 1) };
        const { bars: taken, unfinished } = checkImport(bars, given, (index) => index);
        expect(taken.time).toEqual(bars.time);
        expect(unfinished).toBe(0);
        expect(() => checkBars(taken, 'imported')).not.toThrow();
      }),
      { numRuns: 60 },
    );
    const today = barsAt('2024-03-08T16:00Z', '2024-03-08T17:00Z', '2024-03-08T18:00Z');
    expect(check(today, '1h')).toMatchObject({ unfinished: 1, bars: { time: today.time.subarray(0, 2) } });
    expect(check(barsAt('2024-03-07', '2024-03-08'), '1d').unfinished).toBe(1);
  });

  it('tells bars of a longer timeframe, although the first of a session lies close to the second', () => {
    const weeks = { start: Date.parse('2024-02-20'), end: Date.parse('2024-03-02') };
    const intraday = timeframes.filter((timeframe) => isIntraday(timeframe));
    for (const [place, longer] of intraday.entries()) {
      const bars = barsAt(...expectedBars(calendarOf('us_equities'), longer, weeks).start);
      for (const shorter of intraday.slice(0, place)) {
        const message = new RegExp(
          `no two of its bars lie closer|bars of ${longer} do, so they are not bars of ${shorter}`,
        );
        expect(() => check(bars, shorter), `${longer} as ${shorter}`).toThrow(message);
      }
      for (const other of intraday.slice(place + 1))
        expect(() => check(bars, other), `${longer} as ${other}`).toThrow(/lies in the same bar/);
    }
  });

  it.each([
    [barsAt('2024-03-07T15:00Z', '2024-03-07T15:00Z'), '1h', /^row 3: .* is the time of the row before, too/],
    [barsAt('2024-03-07T16:00Z', '2024-03-07T15:00Z'), '1h', /^row 3: .* lies before the row before it/],
    [barsAt('2024-03-07T15:00Z', '2024-03-07T15:05Z'), '1h', /^row 3: .* lies in the same bar of 1h/],
    [barsAt('2024-03-05', '2024-03-06'), '1w', /^row 3: .* lies in the same bar of 1w/],
    [barsAt('2024-03-05', '2024-03-06'), '1M', /^row 3: .* lies in the same bar of 1M/],
    [barsAt('2024-03-09T15:00Z'), '1h', /^row 2: .* lies in the future/],
    [barsAt(0.5), '1h', /^row 2: its time is not a whole millisecond/],
    [barsAt('1800-01-01'), '1d', /^row 2: its time is not a whole millisecond of the years from 1901 on/],
    [barsAt('2024-03-05', '2024-03-06', '2024-03-07'), '1h', /^no two of its bars lie closer than 1 d/],
    [barsAt('2024-01-02', '2024-02-01', '2024-03-01'), '1d', /^no two of its bars lie closer than 29 d/],
    [barsAt('2024-03-07T15:00Z', '2024-03-07T16:00Z', '2024-03-07T17:00Z'), '1m', /closer than 1 h/],
    [barsAt('2024-03-07T15:00Z', '2024-03-07T15:30Z'), '1h', /^row 3: .* lies in the same bar of 1h/],
    [barsAt('2024-03-07T15:00Z', '2024-03-07T16:00Z'), '2h', /^row 3: .* lies in the same bar of 2h/],
    [barsAt('2024-03-06T23:00Z', '2024-03-06T23:15Z'), '1h', /^row 3: .* lies in the same bar of 1h/],
  ] as const)('refuses bars that cannot be of the timeframe or the time (%#)', (bars, timeframe, message) => {
    expect(() => check(bars, timeframe)).toThrow(message);
  });
});
