import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  intersectRange,
  intersectRanges,
  isEmptyRange,
  rangesLength,
  subtractRanges,
  unionRanges,
} from './time-range.ts';
import type { TimeRange } from './time-range.ts';

const anyRanges = fc.array(
  fc
    .tuple(fc.integer({ min: -30, max: 30 }), fc.integer({ min: -2, max: 12 }))
    .map(([start, length]) => ({ start, end: start + length })),
  { maxLength: 12 },
);

/** The whole numbers that lie in a list of ranges: a second, plainer way to say what the list means. */
function members(ranges: readonly TimeRange[]): number[] {
  const found = new Set<number>();
  for (const { start, end } of ranges) for (let value = start; value < end; value += 1) found.add(value);
  return [...found].sort((a, b) => a - b);
}

function expectNormal(ranges: readonly TimeRange[]): void {
  for (const [index, range] of ranges.entries()) {
    expect(isEmptyRange(range)).toBe(false);
    expect(range.start, 'sorted, disjoint and not touching').toBeGreaterThan(ranges[index - 1]?.end ?? -Infinity);
  }
}

describe('unionRanges()', () => {
  it('keeps every instant and none else, in normal form', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const union = unionRanges(ranges);
        expectNormal(union);
        expect(members(union)).toEqual(members(ranges));
      }),
    );
  });

  it('leaves its argument as it was', () => {
    const ranges = [
      { start: 5, end: 9 },
      { start: 1, end: 6 },
    ] as const;
    expect(unionRanges(ranges)).toEqual([{ start: 1, end: 9 }]);
    expect(ranges).toEqual([
      { start: 5, end: 9 },
      { start: 1, end: 6 },
    ]);
  });

  it('does not depend on order and changes nothing the second time', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const union = unionRanges(ranges);
        expect(unionRanges(ranges.toReversed())).toEqual(union);
        expect(unionRanges(union)).toEqual(union);
      }),
    );
  });
});

describe('subtractRanges()', () => {
  it('finds gaps such that gaps and what is held make up what is wanted', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (wanted, held) => {
        const gaps = subtractRanges(wanted, held);
        expectNormal(gaps);
        expect(intersectRanges(gaps, held)).toEqual([]);
        expect(unionRanges([...gaps, ...intersectRanges(wanted, held)])).toEqual(unionRanges(wanted));
        const removed = new Set(members(held));
        expect(members(gaps)).toEqual(members(wanted).filter((value) => !removed.has(value)));
      }),
    );
  });

  it('cuts a hole into a range', () => {
    expect(subtractRanges([{ start: 0, end: 10 }], [{ start: 3, end: 4 }])).toEqual([
      { start: 0, end: 3 },
      { start: 4, end: 10 },
    ]);
  });
});

describe('intersectRange()', () => {
  it('agrees with the intersection of lists', () => {
    const anyRange = anyRanges.filter((ranges) => ranges.length > 0).map(([range]) => range ?? { start: 0, end: 0 });
    fc.assert(
      fc.property(anyRange, anyRange, (a, b) => {
        expect(unionRanges([intersectRange(a, b)])).toEqual(intersectRanges([a], [b]));
      }),
    );
  });

  it('is empty for ranges that only touch', () => {
    expect(isEmptyRange(intersectRange({ start: 0, end: 5 }, { start: 5, end: 9 }))).toBe(true);
  });
});

describe('rangesLength()', () => {
  it('counts an instant once', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        expect(rangesLength(ranges)).toBe(members(ranges).length);
      }),
    );
  });
});
