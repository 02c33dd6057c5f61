import { describe, expect, it } from 'vitest';
import { decodeBars } from './decode-bars.ts';
import type { IbBar } from './pending-answers.ts';

function bar(time: string, other: Partial<IbBar> = {}): IbBar {
  return { time, open: 10, high: 11, low: 9, close: 10, volume: 100, ...other };
}

describe('decodeBars', () => {
  it('reads intraday stamps as seconds and day stamps as dates', () => {
    expect(decodeBars([bar('1749821400')], '1h', 'AAPL').time[0]).toBe(Date.parse('2025-06-13T13:30:00Z'));
    expect(decodeBars([bar('20250613')], '1d', 'AAPL').time[0]).toBe(Date.parse('2025-06-13'));
  });

  it('sorts, and has no volume where IB has none', () => {
    const bars = decodeBars(
      [bar('20250613', { volume: -1 }), bar('20250612', { close: 9.5, volume: undefined }), bar('20250611')],
      '1d',
      'AAPL',
    );
    expect([...bars.close]).toEqual([10, 9.5, 10]);
    expect([...bars.volume]).toEqual([100, Number.NaN, Number.NaN]);
  });

  it.each([
    ['a date where an instant belongs', '1h', [bar('20250613')]],
    ['an instant where a date belongs', '1d', [bar('1749821400')]],
    ['a date that does not exist', '1d', [bar('20250231')]],
    ['local time', '1h', [bar('20250613 09:30:00 US/Eastern')]],
    ['two bars of one time', '1d', [bar('20250613'), bar('20250613')]],
    ['a high below the close', '1d', [bar('20250613', { close: 12 })]],
    ['no price', '1d', [bar('20250613', { open: -1, high: -1, low: -1, close: -1 })]],
    ['ten equal days', '1d', Array.from({ length: 10 }, (_, index) => bar(String(20250601 + index)))],
    [
      'four equal hours of minutes',
      '1m',
      Array.from({ length: 240 }, (_, index) => bar(String(1749821400 + 60 * index))),
    ],
  ] as const)('refuses %s', (_, timeframe, answer) => {
    expect(() => decodeBars(answer, timeframe, 'AAPL')).toThrow(
      expect.objectContaining({ code: 'data_corrupt', message: expect.stringMatching(/^AAPL:/) }),
    );
  });

  it('takes a quiet stretch for what it is', () => {
    const quiet = Array.from({ length: 239 }, (_, index) => bar(String(1749821400 + 60 * index)));
    expect(decodeBars(quiet, '1m', 'EUR.USD').time).toHaveLength(239);
  });
});
