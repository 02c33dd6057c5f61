import { describe, expect, it } from 'vitest';
import { barsFromRows, calendarOf, type Bars } from '../../market/index.ts';
import { stampByCell } from './stamp-by-cell.ts';

const calendar = calendarOf('us_equities');
const dates = (...texts: string[]): Bars =>
  barsFromRows(texts.map((text) => ({ time: Date.parse(text), open: 1, high: 1, low: 1, close: 1, volume: 1 })));

describe('stampByCell', () => {
  it.each([
    ['the first session of a week', dates('2025-01-13', '2025-01-21'), ['2025-01-13', '2025-01-21']],
    ['the last session of a week', dates('2025-01-17', '2025-01-24'), ['2025-01-13', '2025-01-21']],
    ['the Monday of a week, a holiday', dates('2025-01-13', '2025-01-20'), ['2025-01-13', '2025-01-21']],
  ])('knows the week by %s', (_, bars, expected) => {
    expect(stampByCell(bars, '1w', calendar).time).toEqual(Float64Array.from(expected.map((text) => Date.parse(text))));
  });

  it('knows the month by any of its days', () => {
    const { time } = stampByCell(dates('2025-01-31', '2025-02-28'), '1M', calendar);
    expect([...time]).toEqual([Date.parse('2025-01-02'), Date.parse('2025-02-03')]);
  });

  it('leaves days and what is none of its business', () => {
    const bars = dates('2025-01-17');
    expect(stampByCell(bars, '1d', calendar)).toBe(bars);
    expect(stampByCell(dates(), '1w', calendar).time).toHaveLength(0);
  });
});
