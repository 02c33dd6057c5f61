import { barCount, dayMs, timeframeMs, type Bars } from '../market/index.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';
import type { MetSplit } from './load-bars.ts';
import { splitBetween } from './quality/index.ts';

/** Longer than any closure of a market: bars that are further apart may differ by more than a split. */
const longestClosureMs = 7 * dayMs;

interface Answer {
  readonly key: SeriesKey;
  readonly bars: Bars;
  /** Whether bars of a stamp are of the same load; those do not tell of another scale. */
  readonly isOfLoad: (stamp: number) => boolean;
}

/**
 * Where the bars of an answer, which are stored by now, meet bars that were stored before as the prices of a split do. A
 * source whose prices are adjusted for splits gives those of today; what was stored before a split has those of its day.
 * Unlike a split among bars that came together, this one may lie anywhere in a session.
 */
export async function splitsAtEdges(store: BarStore, { key, bars, isOfLoad }: Answer): Promise<MetSplit[]> {
  const [first, last] = [bars.time[0], bars.time.at(-1)];
  if (first === undefined || last === undefined) return [];
  const reach = longestClosureMs + timeframeMs(key.timeframe);
  const before = await store.read(key, { start: first - reach, end: first });
  const after = await store.read(key, { start: last + 1, end: last + 1 + reach });
  const met: MetSplit[] = [];
  const add = (at: number, older: number, newer: number): void => {
    const split = splitBetween(older, newer);
    if (split !== undefined) met.push({ at, split: split.name });
  };
  const [previous, next] = [before.time.at(-1), after.time[0]];
  if (previous !== undefined && !isOfLoad(previous)) add(first, closeOf(before), openOf(bars));
  // The stored bars are the older ones here, too, whatever their place in time.
  if (next !== undefined && !isOfLoad(next)) add(next, openOf(after), closeOf(bars));
  return met;
}

function openOf({ open }: Bars): number {
  return open[0] ?? Number.NaN;
}

function closeOf(bars: Bars): number {
  return bars.close[barCount(bars) - 1] ?? Number.NaN;
}
