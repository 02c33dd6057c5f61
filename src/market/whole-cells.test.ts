import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexAtOrAfter } from './bars.ts';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { expectedBars } from './expected-bars.ts';
import { timeframes } from './timeframe.ts';
import { wholeCells } from './whole-cells.ts';

const month = { start: Date.UTC(2024, 1, 20), end: Date.UTC(2024, 2, 25) };

describe('wholeCells()', () => {
  it('has the whole cell of each bar that the range selects by its stamp, and of no other', () => {
    const anyEdge = fc.integer({ min: month.start, max: month.end });
    const anyRange = fc.tuple(anyEdge, anyEdge).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
    const minutes = anyRange.map(({ start, end }) => ({ start: start - (start % 6e4), end: end - (end % 6e4) }));
    fc.assert(
      fc.property(fc.constantFrom(...calendarIds), fc.constantFrom(...timeframes), minutes, (id, timeframe, range) => {
        const calendar = calendarOf(id);
        const { start, end } = wholeCells(calendar, timeframe, range);
        const cells = expectedBars(calendar, timeframe, {
          start: month.start - 40 * 864e5,
          end: month.end + 40 * 864e5,
        });
        const from = indexAtOrAfter(cells.start, range.start);
        const to = indexAtOrAfter(cells.start, range.end);
        for (let index = Math.max(0, from - 2); index < Math.min(cells.start.length, to + 2); index += 1) {
          const [cellStart = 0, cellEnd = 0] = [cells.cellStart[index], cells.cellEnd[index]];
          const isSelected = from <= index && index < to;
          const isWithin = start <= cellStart && cellEnd <= end;
          const isOutside = cellEnd <= start || end <= cellStart;
          expect(isSelected ? isWithin : isOutside).toBe(true);
        }
      }),
    );
  });

  it('leaves edges where no cell is, and where no calendar answers', () => {
    const calendar = calendarOf('us_equities');
    const weekend = { start: Date.UTC(2024, 2, 9, 3), end: Date.UTC(2024, 2, 10, 1) };
    expect(wholeCells(calendar, '1h', weekend)).toEqual(weekend);
    for (const range of [
      { start: -Infinity, end: Infinity },
      { start: Date.UTC(1000, 0, 1), end: Date.UTC(9999, 0, 1) },
    ])
      expect(wholeCells(calendar, '1M', range)).toEqual(range);
  });
});
