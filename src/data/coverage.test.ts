import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars, expectedRuns, subtractRanges, unionRanges, type BarRun } from '../market/index.ts';
import { coverageOf, emptyRanges, type Coverage } from './coverage.ts';
import { stretchesOf } from './stretches.ts';

const hour = 3_600_000;
const at = (text: string): number => Date.parse(text);

/** Cells of one hour, back to back from 0. */
function hours(count: number): BarRun[] {
  return [{ start: 0, cellStart: 0, step: hour, count }];
}

function coverage(input: Parameters<typeof stretchesOf>[0]): Coverage {
  return coverageOf(stretchesOf(input));
}

describe('coverageOf()', () => {
  it('finds a hole exactly', () => {
    const found = coverage({
      runs: hours(6),
      present: Float64Array.of(0, hour, 4 * hour, 5 * hour),
      confirmedEmpty: [],
    });
    expect(found).toEqual({
      expected: 6,
      present: 4,
      confirmedEmpty: 0,
      missing: 2,
      gaps: [{ start: 2 * hour, end: 4 * hour, bars: 2 }],
    });
  });

  it('does not ask again for what the source has confirmed not to exist', () => {
    const found = coverage({
      runs: hours(4),
      present: Float64Array.of(0),
      confirmedEmpty: [{ start: 2 * hour, end: 3 * hour }],
    });
    expect(found).toMatchObject({ confirmedEmpty: 1, missing: 2 });
    expect(found.gaps.map(({ start }) => start)).toEqual([hour, 3 * hour]);
  });

  it('counts a bar for the cell it falls in, whichever way the feed stamps the first hour', () => {
    const range = { start: at('2024-03-08T00:00Z'), end: at('2024-03-09T00:00Z') };
    const cells = expectedBars(calendarOf('us_equities'), '1h', range);
    const stampedAtOpening = cells.start;
    const stampedOnTheHour = cells.cellStart;
    const runs = expectedRuns(calendarOf('us_equities'), '1h', range);
    for (const present of [stampedAtOpening, stampedOnTheHour]) {
      expect(coverage({ runs, present, confirmedEmpty: [] })).toMatchObject({ expected: 7, missing: 0 });
    }
  });

  it('accounts for every expected bar once: present, confirmed empty or in a gap', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), fc.array(fc.tuple(fc.nat(40), fc.nat(5))), (presentHours, emptyHours) => {
        const runs = hours(40);
        const present = Float64Array.from(
          presentHours.sort((a, b) => a - b),
          (index) => index * hour,
        );
        const confirmedEmpty = unionRanges(
          emptyHours.map(([start, length]) => ({ start: start * hour, end: (start + length) * hour })),
        );
        const found = coverage({ runs, present, confirmedEmpty });
        expect(found.present + found.confirmedEmpty + found.missing).toBe(40);
        expect(found.gaps.reduce((sum, { bars }) => sum + bars, 0)).toBe(found.missing);
        const held = unionRanges([...confirmedEmpty, ...[...present].map((start) => ({ start, end: start + hour }))]);
        const gaps = found.gaps.map(({ start, end }) => ({ start, end }));
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
