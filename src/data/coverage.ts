import type { BarCells, TimeRange } from '../market/index.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';
import type { Gap } from './load-bars.ts';

/** For every expected bar: is it there, is it known not to exist, or is it missing? Exact to one bar. */
export interface Coverage {
  readonly expected: number;
  readonly present: number;
  readonly confirmedEmpty: number;
  readonly missing: number;
  /** Runs of missing bars, oldest first. Two runs are apart by at least one expected bar that is not missing. */
  readonly gaps: Gap[];
}

interface CoverageInput {
  /** What the calendar expects, oldest first. */
  cells: BarCells;
  /** Stamps of the bars there are, rising. A bar counts for the cell its stamp falls in. */
  present: Float64Array;
  /** Where the source has confirmed that there is nothing, sorted and disjoint. */
  confirmedEmpty: readonly TimeRange[];
}

export function coverageOf({ cells, present, confirmedEmpty }: CoverageInput): Coverage {
  const expected = cells.start.length;
  const gaps: Gap[] = [];
  let presentCount = 0;
  let emptyCount = 0;
  let nextStamp = 0;
  let nextEmpty = 0;
  let open: Gap | undefined;
  for (let index = 0; index < expected; index += 1) {
    const cellStart = cells.cellStart[index] ?? 0;
    const cellEnd = cells.cellEnd[index] ?? 0;
    while ((present[nextStamp] ?? Infinity) < cellStart) nextStamp += 1;
    while ((confirmedEmpty[nextEmpty]?.end ?? Infinity) <= cellStart) nextEmpty += 1;
    const isPresent = (present[nextStamp] ?? Infinity) < cellEnd;
    const isEmpty = !isPresent && (confirmedEmpty[nextEmpty]?.start ?? Infinity) <= cellStart;
    if (isPresent) presentCount += 1;
    if (isEmpty) emptyCount += 1;
    if (isPresent || isEmpty) {
      open = undefined;
    } else if (open === undefined) {
      open = { start: cellStart, end: cellEnd, bars: 1 };
      gaps.push(open);
    } else {
      open.end = cellEnd;
      open.bars += 1;
    }
  }
  const missing = expected - presentCount - emptyCount;
  return { expected, present: presentCount, confirmedEmpty: emptyCount, missing, gaps };
}

/** What the store holds of the expected bars of a series. */
export async function storedCoverage(store: BarStore, key: SeriesKey, cells: BarCells): Promise<Coverage> {
  const [start, end] = [cells.cellStart[0], cells.cellEnd.at(-1)];
  const info = await store.info(key);
  const nothingHeld = info === undefined || start === undefined || end === undefined;
  const present = nothingHeld ? new Float64Array() : await store.stamps(key, { start, end });
  return coverageOf({ cells, present, confirmedEmpty: info?.confirmedEmpty ?? [] });
}

/** The cells without a bar as ranges: what a source's answer for exactly these cells confirms to be empty. */
export function emptyRanges(cells: BarCells, present: Float64Array): TimeRange[] {
  return coverageOf({ cells, present, confirmedEmpty: [] }).gaps.map(({ start, end }) => ({ start, end }));
}
