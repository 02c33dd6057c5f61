import { endOfRun, type BarRun, type TimeRange } from '../market/index.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';
import type { Gap } from './load-bars.ts';
import { storedStretches, stretchesOf, type Stretch } from './stretches.ts';

/** For every expected bar: is it there, is it known not to exist, or is it missing? Exact to one bar. */
export interface Coverage {
  readonly expected: number;
  readonly present: number;
  readonly confirmedEmpty: number;
  readonly missing: number;
  /** Runs of missing bars, oldest first. Two runs are apart by at least one expected bar that is not missing. */
  readonly gaps: Gap[];
}

export function coverageOf(stretches: readonly Stretch[]): Coverage {
  const gaps: Gap[] = [];
  const bars = { present: 0, confirmed_empty: 0, missing: 0 };
  let open: Gap | undefined;
  for (const stretch of stretches) {
    bars[stretch.state] += stretch.count;
    if (stretch.state !== 'missing') {
      open = undefined;
    } else if (open === undefined) {
      open = { start: stretch.cellStart, end: endOfRun(stretch), bars: stretch.count };
      gaps.push(open);
    } else {
      open.end = endOfRun(stretch);
      open.bars += stretch.count;
    }
  }
  const { present, confirmed_empty: confirmedEmpty, missing } = bars;
  return { expected: present + confirmedEmpty + missing, present, confirmedEmpty, missing, gaps };
}

/** What the store holds of the expected bars of a series. */
export async function storedCoverage(store: BarStore, key: SeriesKey, runs: readonly BarRun[]): Promise<Coverage> {
  return coverageOf(await storedStretches(store, key, runs));
}

/** The cells without a bar as ranges: what a source's answer for exactly these cells confirms to be empty. */
export function emptyRanges(runs: readonly BarRun[], present: Float64Array): TimeRange[] {
  const { gaps } = coverageOf(stretchesOf({ runs, present, confirmedEmpty: [] }));
  return gaps.map(({ start, end }) => ({ start, end }));
}
