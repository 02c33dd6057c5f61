import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars, timeframes } from '../market/index.ts';
import { parseSymbol } from './contract.ts';
import { endTimeText, historyQuery, maxSpanMs } from './requests.ts';

const apple = parseSymbol('AAPL');
const euro = parseSymbol('EUR.USD');
const now = Date.parse('2025-06-13T16:00:30.500Z');

function range(start: string, end: string) {
  return { start: Date.parse(start), end: Date.parse(end) };
}

describe('historyQuery', () => {
  it('asks for trades of regular hours of a stock, and for the middle of the quotes of a pair', () => {
    const wanted = { timeframe: '1h', range: range('2025-06-02', '2025-06-07') } as const;
    expect(historyQuery(apple, wanted, now)).toEqual({
      contract: apple,
      endDateTime: '20250607-00:00:00',
      duration: '5 D',
      barSize: '1 hour',
      whatToShow: 'TRADES',
      regularHoursOnly: true,
    });
    expect(historyQuery(euro, wanted, now)).toMatchObject({ whatToShow: 'MIDPOINT', regularHoursOnly: false });
  });

  it.each([
    [
      'counts sessions, not days, across a holiday',
      apple,
      '1h',
      '2025-05-23',
      '2025-05-28',
      '20250528-00:00:00',
      '2 D',
    ],
    [
      'counts a session that it only touches',
      apple,
      '1h',
      '2025-06-02T19:00Z',
      '2025-06-03T14:00Z',
      '20250603-14:00:00',
      '2 D',
    ],
    ['asks for one day where there is no session', apple, '1h', '2025-06-07', '2025-06-08', '20250608-00:00:00', '1 D'],
    [
      'asks in seconds within a day of minutes',
      apple,
      '1m',
      '2025-06-03T13:30Z',
      '2025-06-03T14:00Z',
      '20250603-14:00:00',
      '1800 S',
    ],
    [
      'counts sessions of minutes over more than a day',
      apple,
      '1m',
      '2025-06-02',
      '2025-06-07',
      '20250607-00:00:00',
      '5 D',
    ],
    ['ends a day of a stock at the next midnight', apple, '1d', '2025-06-02', '2025-06-07', '20250607-00:00:00', '5 D'],
    [
      'ends a day of a pair at its close, before the next one opens',
      euro,
      '1d',
      '2025-06-02',
      '2025-06-05',
      '20250604-21:00:00',
      '3 D',
    ],
    ['asks for weeks in years', apple, '1w', '2024-01-01', '2025-06-09', '20250609-00:00:00', '2 Y'],
    ['asks for months in years', euro, '1M', '2025-01-01', '2025-03-01', '20250301-00:00:00', '1 Y'],
    ['takes years beyond 365 sessions', apple, '1d', '2023-06-14', '2025-06-13', '20250613-00:00:00', '2 Y'],
    [
      'never asks beyond now, rounded up to a second',
      apple,
      '1h',
      '2025-06-12',
      '2025-06-20',
      '20250613-16:00:31',
      '2 D',
    ],
  ] as const)('%s', (_, contract, timeframe, start, end, endDateTime, duration) => {
    expect(historyQuery(contract, { timeframe, range: range(start, end) }, now)).toMatchObject({
      endDateTime,
      duration,
    });
  });

  it('never asks for more than 4,000 bars within the longest span', () => {
    const from = Date.UTC(2010, 0, 1);
    fc.assert(
      fc.property(
        fc.constantFrom(...timeframes),
        fc.constantFrom(apple, euro),
        fc.integer({ min: 0, max: 15 * 365 * 24 * 60 }),
        (timeframe, contract, minutes) => {
          const start = from + minutes * 60_000;
          const span = { start, end: start + maxSpanMs(timeframe, contract === apple ? 'stock' : 'currency') };
          const calendar = calendarOf(contract === apple ? 'us_equities' : 'currencies');
          const { duration } = historyQuery(contract, { timeframe, range: span }, Date.UTC(2030, 0, 1));
          // Days are counted in sessions, whole ones, so a touched session is answered whole.
          const [first] = calendar.sessions(span);
          const answered = duration.endsWith('D') && first !== undefined ? { ...span, start: first.open } : span;
          expect(expectedBars(calendar, timeframe, answered).start.length).toBeLessThanOrEqual(4_000);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('endTimeText', () => {
  it('is UTC with a dash', () => {
    expect(endTimeText(Date.UTC(2026, 0, 5, 21))).toBe('20260105-21:00:00');
  });
});
