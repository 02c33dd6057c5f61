import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calendarIds,
  calendarOf,
  expectedBars,
  expectedRuns,
  stampAt,
  timeframes,
  unionRanges,
} from '../market/index.ts';
import { stretchesOf } from './stretches.ts';

const from = Date.parse('2024-03-04');
const spanMs = 30 * 86_400_000;

const anyInstant = fc.integer({ min: -1_000, max: spanMs }).map((ms) => from + ms);
const anyStamps = fc.oneof(
  // On and off the grid, several in one cell.
  fc.uniqueArray(anyInstant, { maxLength: 200 }).map((stamps) => ({ kind: 'anywhere' as const, stamps })),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }).map((pattern) => ({ kind: 'pattern' as const, pattern })),
);

describe('stretchesOf()', () => {
  it('says of each expected bar what looking at one cell after the other says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calendarIds),
        fc.constantFrom(...timeframes.filter((name) => name !== '1m')),
        anyStamps,
        fc.array(fc.tuple(anyInstant, anyInstant), { maxLength: 6 }),
        (id, timeframe, held, empties) => {
          const range = { start: from, end: from + spanMs };
          const cells = expectedBars(calendarOf(id), timeframe, range);
          const present =
            held.kind === 'anywhere'
              ? Float64Array.from(held.stamps.toSorted((a, b) => a - b))
              : cells.start.filter((_, index) => held.pattern[index % held.pattern.length]);
          const confirmedEmpty = unionRanges(empties.map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) })));
          const stretches = stretchesOf({
            runs: expectedRuns(calendarOf(id), timeframe, range),
            present,
            confirmedEmpty,
          });
          const found = stretches.flatMap((stretch) =>
            Array.from({ length: stretch.count }, (_, index) => [stampAt(stretch, index), stretch.state]),
          );
          const expected = Array.from(cells.start, (stamp, index) => {
            const [start = 0, end = 0] = [cells.cellStart[index], cells.cellEnd[index]];
            const isPresent = present.some((time) => start <= time && time < end);
            const isEmpty = confirmedEmpty.some((each) => each.start <= start && start < each.end);
            return [stamp, isPresent ? 'present' : isEmpty ? 'confirmed_empty' : 'missing'];
          });
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is one stretch for each session of which all is there', () => {
    const range = { start: from, end: from + 5 * 86_400_000 };
    const { start: present } = expectedBars(calendarOf('us_equities'), '1m', range);
    const runs = expectedRuns(calendarOf('us_equities'), '1m', range);
    const stretches = stretchesOf({ runs, present, confirmedEmpty: [] });
    expect(stretches.map(({ state, count }) => `${state} ${count}`)).toEqual(Array(5).fill('present 390'));
  });
});
