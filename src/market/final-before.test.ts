import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TradingCalendar } from './calendar.ts';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { expectedBars } from './expected-bars.ts';
import { finalBefore } from './final-before.ts';
import { isIntraday, timeframes, type Timeframe } from './timeframe.ts';

const equities = calendarOf('us_equities');
const currencies = calendarOf('currencies');

describe('finalBefore()', () => {
  it('holds back the bar that is being made', () => {
    expect(finalAt(equities, '1h', '2026-07-06T13:45Z')).toBe('2026-07-06T13:30:00.000Z');
    expect(finalAt(equities, '1h', '2026-07-06T14:00Z')).toBe('2026-07-06T14:00:00.000Z');
    expect(finalAt(equities, '1m', '2026-07-06T13:45:30Z')).toBe('2026-07-06T13:45:00.000Z');
    expect(finalAt(equities, '1d', '2026-07-06T19:59Z')).toBe('2026-07-06T00:00:00.000Z');
  });

  it('lets the last bar go when the session closes', () => {
    expect(finalAt(equities, '4h', '2026-07-06T20:00Z')).toBe('2026-07-07T13:30:00.000Z');
    expect(finalAt(equities, '1d', '2026-07-06T20:00Z')).toBe('2026-07-07T00:00:00.000Z');
    expect(finalAt(equities, '1d', '2026-07-03T12:00Z'), 'Independence Day is kept on Friday').toBe(
      '2026-07-06T00:00:00.000Z',
    );
  });

  it('lets a week and a month go with the last session in them', () => {
    expect(finalAt(equities, '1w', '2026-07-10T19:59Z')).toBe('2026-07-06T00:00:00.000Z');
    expect(finalAt(equities, '1w', '2026-07-10T20:00Z')).toBe('2026-07-13T00:00:00.000Z');
    expect(finalAt(equities, '1M', '2026-07-31T19:59Z')).toBe('2026-07-01T00:00:00.000Z');
    expect(finalAt(equities, '1M', '2026-07-31T20:00Z')).toBe('2026-08-01T00:00:00.000Z');
    expect(finalAt(equities, '1w', '2026-07-02T20:00Z'), 'Friday is a holiday').toBe('2026-07-06T00:00:00.000Z');
  });

  it('holds back a cell that the next session will go on with', () => {
    expect(finalAt(currencies, '4h', '2026-07-06T21:05Z'), 'Monday 17:05, the cell from 16:00 goes on at 17:15').toBe(
      '2026-07-06T20:00:00.000Z',
    );
    expect(finalAt(currencies, '4h', '2026-07-10T21:05Z'), 'Friday 17:05').toBe('2026-07-12T21:15:00.000Z');
  });

  it('never falls, and never lets go a bar whose cell and session go on', () => {
    const anyMinute = fc.integer({ min: Date.UTC(2020, 0, 1) / 60_000, max: Date.UTC(2021, 0, 1) / 60_000 });
    fc.assert(
      fc.property(
        anyMinute,
        fc.nat(5000),
        fc.constantFrom(...timeframes),
        fc.constantFrom(...calendarIds),
        (minute, later, timeframe, id) => {
          const calendar = calendarOf(id);
          const now = minute * 60_000;
          const bound = finalBefore(calendar, timeframe, now);
          expect(finalBefore(calendar, timeframe, now + later * 60_000)).toBeGreaterThanOrEqual(bound);
          const cells = expectedBars(calendar, timeframe, { start: now - 70 * 86_400_000, end: bound });
          const sessions = calendar.sessions({ start: now, end: now + 1 });
          const running = sessions[0];
          const goesOn =
            running !== undefined &&
            (isIntraday(timeframe) ? (cells.cellEnd.at(-1) ?? 0) > now : (cells.cellEnd.at(-1) ?? 0) > running.date);
          expect(goesOn).toBe(false);
        },
      ),
    );
  });
});

function finalAt(calendar: TradingCalendar, timeframe: Timeframe, now: string): string {
  return new Date(finalBefore(calendar, timeframe, Date.parse(now))).toISOString();
}
