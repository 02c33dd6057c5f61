import { describe, expect, it } from 'vitest';
import { calendarOf, type Timeframe } from '../market/index.ts';
import { barCloses } from './bar-closes.ts';

const equities = calendarOf('us_equities');
const closesOf = (timeframe: Timeframe, ...times: string[]): string[] =>
  Array.from(
    barCloses(
      equities,
      timeframe,
      Float64Array.from(times, (time) => Date.parse(time)),
    ),
    (close) => new Date(close).toISOString().slice(0, 16),
  );

describe('barCloses()', () => {
  it('closes an hour bar with its cell of the grid, however it is stamped', () => {
    expect(closesOf('1h', '2024-01-03T14:30Z', '2024-01-03T15:00Z', '2024-01-03T20:00Z')).toEqual([
      '2024-01-03T15:00',
      '2024-01-03T16:00',
      '2024-01-03T21:00',
    ]);
    expect(closesOf('1h', '2024-01-03T14:00Z')).toEqual(['2024-01-03T15:00']);
  });

  it('closes a bar with the session when that ends earlier, also on a short day', () => {
    // 2023-11-24, the day after Thanksgiving, ends at 13:00 New York.
    expect(closesOf('4h', '2023-11-24T17:00Z', '2023-11-27T17:00Z')).toEqual(['2023-11-24T18:00', '2023-11-27T21:00']);
  });

  it('closes a day bar with its session', () => {
    expect(closesOf('1d', '2023-11-24', '2024-07-01')).toEqual(['2023-11-24T18:00', '2024-07-01T20:00']);
  });

  it('closes a week and a month with the last session in them, whichever date stamps the bar', () => {
    // The week of Independence Day 2026 ends on Thursday; the half day after Thanksgiving 2024 ends its month.
    expect(closesOf('1w', '2026-06-29', '2026-07-06')).toEqual(['2026-07-02T20:00', '2026-07-10T20:00']);
    expect(closesOf('1w', '2026-07-02', '2026-07-10')).toEqual(['2026-07-02T20:00', '2026-07-10T20:00']);
    expect(closesOf('1M', '2024-10-01', '2024-11-01')).toEqual(['2024-10-31T20:00', '2024-11-29T18:00']);
  });

  it('gives a bar that the calendar does not know its nominal time', () => {
    expect(closesOf('1h', '2024-01-03T09:00Z', '2024-01-06T15:00Z')).toEqual(['2024-01-03T10:00', '2024-01-06T16:00']);
    expect(closesOf('1d', '2024-01-06')).toEqual(['2024-01-07T00:00']);
  });

  it('keeps a cell that two sessions share open until it ends', () => {
    // Currencies stop at 17:00 and go on at 17:15 New York; the cell of four hours from 16:00 holds both.
    const closes = barCloses(calendarOf('currencies'), '4h', Float64Array.of(Date.parse('2024-01-03T21:00Z')));
    expect(new Date(closes[0] ?? 0).toISOString()).toBe('2024-01-04T01:00:00.000Z');
  });

  it('gives no closes for no bars', () => {
    expect(closesOf('1h')).toEqual([]);
  });
});
