import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, expectedBars, expectedRuns, timeframes, unionRanges } from '../market/index.ts';
import { absencesOf, type Absence } from './absences.ts';
import { coverageByPeriod, periodKinds } from './coverage-picture.ts';
import { coverageOf } from './coverage.ts';
import { stretchesOf } from './stretches.ts';

const range = { start: Date.parse('2024-06-24'), end: Date.parse('2024-07-09') };
const now = Date.parse('2024-07-08T17:00Z');

interface Given extends Partial<Pick<Parameters<typeof absencesOf>[0], 'finalBefore' | 'all'>> {
  readonly present?: Float64Array;
  readonly confirmedEmpty?: readonly { start: number; end: number }[];
}

function absences(timeframe: '1h' | '1d', { present, confirmedEmpty = [], ...given }: Given = {}): Absence[] {
  const calendar = calendarOf('us_equities');
  const runs = expectedRuns(calendar, timeframe, range);
  const held = present ?? expectedBars(calendar, timeframe, range).start;
  return absencesOf({
    calendar,
    timeframe,
    range,
    stretches: stretchesOf({ runs, present: held, confirmedEmpty }),
    finalBefore: Infinity,
    all: false,
    ...given,
  });
}

const told = (list: readonly Absence[]): string[] =>
  list.map(({ kind, name, start, bars }) =>
    [new Date(start).toISOString().slice(0, 16), kind, bars, name].filter((part) => part !== undefined).join(' '),
  );

describe('absencesOf()', () => {
  it('finds nothing where all is there, and one gap over a weekend where only closures lie between', () => {
    expect(absences('1h')).toEqual([]);
    const cells = expectedBars(calendarOf('us_equities'), '1d', range);
    const present = cells.start.filter((date) => date < Date.parse('2024-06-27') || date > Date.parse('2024-07-02'));
    expect(told(absences('1d', { present }))).toEqual(['2024-06-27T00:00 missing 4']);
    expect(told(absences('1d', { present, all: true }))).toEqual([
      '2024-06-27T00:00 missing 2',
      '2024-06-29T00:00 weekend 0',
      '2024-07-01T00:00 missing 2',
      '2024-07-04T00:00 holiday 0 Independence Day',
      '2024-07-06T00:00 weekend 0',
    ]);
  });

  it('tells what the source does not have and what is not finished from what is missing', () => {
    const cells = expectedBars(calendarOf('us_equities'), '1h', range);
    const day = { start: Date.parse('2024-07-02'), end: Date.parse('2024-07-03') };
    const present = cells.start.filter(
      (time) => (time < day.start || time >= day.end) && time < Date.parse('2024-07-05T18:00Z'),
    );
    expect(told(absences('1h', { present, confirmedEmpty: [day], finalBefore: now }))).toEqual([
      '2024-07-02T13:00 confirmed_empty 7',
      '2024-07-05T18:00 missing 6',
      '2024-07-08T17:00 unfinished 3',
    ]);
  });

  it('accounts for each expected bar once, as coverage does, whatever is there', () => {
    const timeframe = fc.constantFrom(...timeframes.filter((name) => name !== '1m'));
    const calendar = fc.constantFrom('us_equities' as const, 'currencies' as const);
    const instants = fc.integer({ min: range.start, max: range.end });
    const ranges = fc.array(fc.tuple(instants, instants), { maxLength: 4 });
    fc.assert(
      fc.property(
        calendar,
        timeframe,
        ranges,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
        (calendarId, name, empties, pattern) => {
          const cells = expectedBars(calendarOf(calendarId), name, range);
          const present = cells.start.filter((_, index) => pattern[index % pattern.length]);
          const confirmedEmpty = unionRanges(empties.map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) })));
          const runs = expectedRuns(calendarOf(calendarId), name, range);
          const stretches = stretchesOf({ runs, present, confirmedEmpty });
          const input = {
            calendar: calendarOf(calendarId),
            timeframe: name,
            range,
            stretches,
            finalBefore: now,
          };
          const coverage = coverageOf(stretches);
          for (const all of [false, true]) {
            const list = absencesOf({ ...input, all });
            const bars = (kind: string): number =>
              list.reduce((sum, each) => sum + (each.kind === kind ? each.bars : 0), 0);
            expect(bars('missing') + bars('unfinished')).toBe(coverage.missing);
            expect(bars('confirmed_empty')).toBe(coverage.confirmedEmpty);
            for (const [index, { start }] of list.entries())
              expect(start).toBeGreaterThanOrEqual(list[index - 1]?.start ?? -Infinity);
          }
          const exact = absencesOf({ ...input, all: false, finalBefore: Infinity }).filter(
            ({ kind }) => kind === 'missing',
          );
          expect(exact.reduce((sum, { bars }) => sum + bars, 0)).toBe(coverage.missing);
          for (const by of periodKinds) {
            const periods = coverageByPeriod(by, stretches);
            const sum = (column: 'expected' | 'present' | 'confirmedEmpty'): number =>
              periods.reduce((total, period) => total + period[column], 0);
            expect([sum('expected'), sum('present'), sum('confirmedEmpty')]).toEqual([
              coverage.expected,
              coverage.present,
              coverage.confirmedEmpty,
            ]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
