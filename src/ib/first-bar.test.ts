import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calendarIds,
  calendarOf,
  expectedBars,
  isIntraday,
  timeframes,
  type TimeRange,
  type Timeframe,
} from '../market/index.ts';
import { cellStart, firstBar } from './first-bar.ts';

describe('firstBar', () => {
  it.each([
    // The first trade of a stock that was listed on a Thursday, in the middle of it.
    ['us_equities', '1m', '2004-08-19T15:57:20Z', '2004-08-19T15:57Z'],
    ['us_equities', '1h', '2004-08-19T15:57:20Z', '2004-08-19T15:00Z'],
    ['us_equities', '4h', '2004-08-19T15:57:20Z', '2004-08-19T13:30Z'],
    ['us_equities', '1d', '2004-08-19T15:57:20Z', '2004-08-19'],
    ['us_equities', '1w', '2004-08-19T15:57:20Z', '2004-08-16'],
    ['us_equities', '1M', '2004-08-19T15:57:20Z', '2004-08-02'],
    // A month that begins with a holiday, and a week, too.
    ['us_equities', '1M', '2026-01-15T15:00Z', '2026-01-02'],
    ['us_equities', '1w', '2026-01-22T15:00Z', '2026-01-20'],
    // On a weekend, and in the evening before the session of the next date.
    ['us_equities', '1h', '2025-06-14T12:00Z', '2025-06-16T13:30Z'],
    ['currencies', '1d', '2005-03-09T22:15Z', '2005-03-10'],
    ['currencies', '2h', '2005-03-09T22:15Z', '2005-03-09T22:15Z'],
  ] as const)('of %s %s from %s on is stamped %s', (calendar, timeframe, instant, stamp) => {
    expect(firstBar(calendarOf(calendar), timeframe, Date.parse(instant))).toBe(Date.parse(stamp));
  });

  it('lies in the cell that holds the instant, or the opening or date of the session behind it', () => {
    const anyInstant = fc.integer({ min: Date.parse('1999-01-01'), max: Date.parse('2026-01-01') });
    const anyTimeframe = fc.constantFrom<Timeframe>(...timeframes);
    fc.assert(
      fc.property(fc.constantFrom(...calendarIds), anyTimeframe, anyInstant, (id, timeframe, instant) => {
        const calendar = calendarOf(id);
        const stamp = firstBar(calendar, timeframe, instant);
        const { cellStart: from, cellEnd } = expectedBars(calendar, timeframe, around(stamp, 70));
        const cell = from.findLastIndex((start) => start <= stamp);
        expect(cellStart(calendar, timeframe, stamp)).toBe(from[cell]);
        const [session] = calendar.sessions({ start: instant, end: instant + 30 * 86_400_000 });
        const { open, date } = session ?? { open: Number.NaN, date: Number.NaN };
        const held = isIntraday(timeframe) ? Math.max(open, instant) : date;
        expect(from[cell]).toBeLessThanOrEqual(held);
        expect(cellEnd[cell]).toBeGreaterThan(held);
        expect(cellEnd[cell]).toBeGreaterThan(stamp);
        if (isIntraday(timeframe)) expect(stamp).toBeGreaterThanOrEqual(open);
      }),
    );
  });
});

function around(stamp: number, days: number): TimeRange {
  return { start: stamp - days * 86_400_000, end: stamp + 1 };
}
