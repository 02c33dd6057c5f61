import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars, subtractRanges, unionRanges, type BarCells } from '../market/index.ts';
import { coverageOf, emptyRanges } from './coverage.ts';

const hour = 3_600_000;
const at = (text: string): number => Date.parse(text);

/** Cells of one hour, back to back from 0. */
function hours(count: number): BarCells {
  const cellStart = Float64Array.from({ length: count }, (_, index) => index * hour);
  return { start: cellStart, cellStart, cellEnd: cellStart.map((start) => start + hour) };
}

describe('coverageOf()', () => {
  it('finds a hole exactly', () => {
    const coverage = coverageOf({
      cells: hours(6),
      present: Float64Array.of(0, hour, 4 * hour, 5 * hour),
      confirmedEmpty: [],
    });
    expect(coverage).toEqual({
      expected: 6,
      present: 4,
      confirmedEmpty: 0,
      missing: 2,
      gaps: [{ start: 2 * hour, end: 4 * hour, bars: 2 }],
    });
  });

  it('does not ask again for what the source has confirmed not to exist', () => {
    const coverage = coverageOf({
      cells: hours(4),
      present: Float64Array.of(0),
      confirmedEmpty: [{ start: 2 * hour, end: 3 * hour }],
    });
    expect(coverage).toMatchObject({ confirmedEmpty: 1, missing: 2 });
    expect(coverage.gaps.map(({ start }) => start)).toEqual([hour, 3 * hour]);
  });

  it('counts a bar for the cell it falls in, whichever way the feed stamps the first hour', () => {
    const range = { start: at('2024-03-08T00:00Z'), end: at('2024-03-09T00:00Z') };
    const cells = expectedBars(calendarOf('us_equities'), '1h', range);
    const stampedAtOpening = cells.start;
    const stampedOnTheHour = cells.cellStart;
    for (const present of [stampedAtOpening, stampedOnTheHour]) {
      expect(coverageOf({ cells, present, confirmedEmpty: [] })).toMatchObject({ expected: 7, missing: 0 });
    }
  });

  it('accounts for every expected bar once: present, confirmed empty or in a gap', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), fc.array(fc.tuple(fc.nat(40), fc.nat(5))), (presentHours, emptyHours) => {
        const cells = hours(40);
        const present = Float64Array.from(
          presentHours.sort((a, b) => a - b),
          (index) => index * hour,
        );
        const confirmedEmpty = unionRanges(
          emptyHours.map(([start, length]) => ({ start: start * hour, end: (start + length) * hour })),
        );
        const coverage = coverageOf({ cells, present, confirmedEmpty });
        expect(coverage.present + coverage.confirmedEmpty + coverage.missing).toBe(40);
        expect(coverage.gaps.reduce((sum, { bars }) => sum + bars, 0)).toBe(coverage.missing);
        const held = unionRanges([...confirmedEmpty, ...[...present].map((start) => ({ start, end: start + hour }))]);
        const gaps = coverage.gaps.map(({ start, end }) => ({ start, end }));
        expect(unionRanges(gaps)).toEqual(subtractRanges([{ start: 0, end: 40 * hour }], held));
      }),
    );
  });
});

describe('emptyRanges()', () => {
  it('confirms exactly the asked-for bars that did not come', () => {
    expect(emptyRanges(hours(4), Float64Array.of(hour))).toEqual([
      { start: 0, end: hour },
      { start: 2 * hour, end: 4 * hour },
    ]);
  });
});
