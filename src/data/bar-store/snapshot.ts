import { inTurns } from '../../async/index.ts';
import {
  barCount,
  concatBarsInSteps,
  type Bars,
  type TimeRange,
  combineYears,
  digestYears,
  digestYearsInSteps,
  emptyBars,
  type YearDigests,
} from '../../market/index.ts';
import type { SeriesPlace } from './series-place.ts';
import { isWithin, SeriesView } from './series-view.ts';

/** What bars were at a moment, by content: equal for equal bars, wherever and however they are stored. */
export interface Snapshot {
  readonly sha256: string;
  readonly count: number;
  readonly first: number | undefined;
  readonly last: number | undefined;
}

export function snapshotOf(bars: Bars): Snapshot {
  return {
    sha256: combineYears(digestYears(bars)),
    count: barCount(bars),
    first: bars.time[0],
    last: bars.time.at(-1),
  };
}

/** Digests of the years of bar files that do not state them, by the seals of those files. */
export type DigestCache = Map<string, YearDigests>;

/**
 * The snapshot of a series or of a range of it. Years that lie in one file and whole in the range take their digest
 * from the manifest; only the others are read.
 */
export async function takeSnapshot(
  place: SeriesPlace,
  range: TimeRange = { start: -Infinity, end: Infinity },
  cache: DigestCache = new Map(),
): Promise<Snapshot> {
  await using view = await SeriesView.open(place, range);
  if (view === undefined) return snapshotOf(emptyBars);
  const { log } = view.head;
  const years: Record<string, string> = {};
  let count = 0;
  const stamps: number[] = [];
  const partly: Bars[] = [];
  for (const { summary, file } of view.files) {
    const isWhole = isWithin(summary, range);
    const reachesLog = log.bars.time.length > 0 && yearOf(log.bars.time[0] ?? 0) <= yearOf(summary.last);
    if (!isWhole || reachesLog) {
      partly.push(await file.bars(isWhole ? undefined : range));
      continue;
    }
    const digests = summary.years ?? cache.get(summary.seal) ?? (await inTurns(digestYearsInSteps(await file.bars())));
    if (summary.years === undefined) cache.set(summary.seal, digests);
    Object.assign(years, digests);
    count += summary.count;
    stamps.push(summary.first, summary.last);
  }
  const read = await inTurns(concatBarsInSteps([...partly, ...view.newest(range)]));
  Object.assign(years, await inTurns(digestYearsInSteps(read)));
  const ends = [...stamps, ...read.time.slice(0, 1), ...read.time.slice(-1)];
  return {
    sha256: combineYears(years),
    count: count + barCount(read),
    first: ends.length === 0 ? undefined : Math.min(...ends),
    last: ends.length === 0 ? undefined : Math.max(...ends),
  };
}

function yearOf(stamp: number): number {
  return new Date(stamp).getUTCFullYear();
}
