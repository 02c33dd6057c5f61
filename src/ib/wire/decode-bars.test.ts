import { describe, expect, it } from 'vitest';
import { decodeBars } from './decode-bars.ts';
import { allocateIbBars, type IbBars } from './ib-bars.ts';

interface Row {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

function bar(time: number, other: Partial<Row> = {}): Row {
  return { time, open: 10, high: 11, low: 9, close: 10, volume: 100, ...other };
}

function answer(rows: readonly Row[]): IbBars {
  const bars = allocateIbBars(rows.length);
  for (const [index, row] of rows.entries()) {
    for (const column of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) bars[column][index] = row[column];
  }
  return bars;
}

const bars = (count: number, time: (index: number) => number): Row[] =>
  Array.from({ length: count }, (_, index) => bar(time(index)));
const days = (count: number): Row[] => bars(count, (index) => 20_250_601 + index);
const minutes = (count: number): Row[] => bars(count, (index) => 1_749_821_400 + 60 * index);

describe('decodeBars', () => {
  it('reads intraday stamps as seconds and day stamps as dates', () => {
    expect(decodeBars(answer([bar(1_749_821_400)]), '1h', 'AAPL').time[0]).toBe(Date.parse('2025-06-13T13:30:00Z'));
    expect(decodeBars(answer([bar(20_250_613)]), '1d', 'AAPL').time[0]).toBe(Date.parse('2025-06-13'));
  });

  it('has no volume where IB has none', () => {
    const decoded = decodeBars(answer([bar(20_250_612), bar(20_250_613, { volume: Number.NaN })]), '1d', 'AAPL');
    expect([...decoded.volume]).toEqual([100, Number.NaN]);
  });

  it.each([
    ['a date where an instant belongs', '1h', [bar(20_250_613)]],
    ['an instant where a date belongs', '1d', [bar(1_749_821_400)]],
    ['a date that does not exist', '1d', [bar(20_250_231)]],
    ['what is no time', '1h', [bar(Number.NaN)]],
    ['two bars of one time', '1d', [bar(20_250_613), bar(20_250_613)]],
    ['bars out of order', '1d', [bar(20_250_613), bar(20_250_612)]],
    ['a high below the close', '1d', [bar(20_250_613, { close: 12 })]],
    ['no price', '1d', [bar(20_250_613, { open: -1, high: -1, low: -1, close: -1 })]],
    ['ten equal days', '1d', days(10)],
    ['ten equal days behind good ones', '1d', [bar(20_250_530, { close: 9.5 }), ...days(10)]],
    ['four equal hours of minutes', '1m', minutes(240)],
  ] as const)('refuses %s', (_, timeframe, rows) => {
    expect(() => decodeBars(answer(rows), timeframe, 'AAPL')).toThrow(
      expect.objectContaining({ code: 'data_corrupt', message: expect.stringMatching(/^AAPL:/) }),
    );
  });

  it('takes a quiet stretch for what it is', () => {
    expect(decodeBars(answer(minutes(239)), '1m', 'EUR.USD').time).toHaveLength(239);
  });
});
