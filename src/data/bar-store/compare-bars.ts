import {
  allocateBars,
  barColumns,
  barCount,
  emptyBars,
  sliceBars,
  type BarRow,
  type Bars,
} from '../../market/index.ts';
import type { BarChange } from './bar-segment.ts';

/** Incoming bars against those held at the same stamps. */
export interface Comparison {
  /** Incoming bars that are new or differ from the one held. */
  readonly changed: Bars;
  readonly added: number;
  readonly unchanged: number;
  /** Held bars that an incoming one differs from. */
  readonly older: Bars;
  readonly firstChanges: readonly BarChange[];
}

const listedChanges = 20;

/** Both oldest first. */
export function compareBars(held: Bars, incoming: Bars): Comparison {
  const changed: number[] = [];
  const older: number[] = [];
  const firstChanges: BarChange[] = [];
  let added = 0;
  let at = 0;
  for (let index = 0; index < barCount(incoming); index += 1) {
    const stamp = incoming.time[index] ?? Number.NaN;
    while ((held.time[at] ?? Infinity) < stamp) at += 1;
    if (held.time[at] !== stamp) {
      added += 1;
      changed.push(index);
    } else if (!isSameBar(held, at, { bars: incoming, index })) {
      changed.push(index);
      older.push(at);
      if (firstChanges.length < listedChanges)
        firstChanges.push({ before: rowAt(held, at), after: rowAt(incoming, index) });
    }
  }
  return {
    changed: pick(incoming, changed),
    added,
    unchanged: barCount(incoming) - changed.length,
    older: pick(held, older),
    firstChanges,
  };
}

/** What is left of a comparison where held bars stay as they are: bars that are new. */
export function newOnly(comparison: Comparison): Comparison {
  const { changed, older } = comparison;
  const fresh: number[] = [];
  let at = 0;
  for (let index = 0; index < barCount(changed); index += 1) {
    if (older.time[at] === changed.time[index]) at += 1;
    else fresh.push(index);
  }
  return { ...comparison, changed: pick(changed, fresh), older: emptyBars, firstChanges: [] };
}

export function rowAt(bars: Bars, index: number): BarRow {
  const value = (name: keyof Bars): number => bars[name].at(index) ?? Number.NaN;
  return {
    time: value('time'),
    open: value('open'),
    high: value('high'),
    low: value('low'),
    close: value('close'),
    volume: value('volume'),
  };
}

function isSameBar(held: Bars, at: number, { bars, index }: { bars: Bars; index: number }): boolean {
  for (const name of barColumns) {
    const before = held[name][at];
    const after = bars[name][index];
    if (before !== after && !(Number.isNaN(before) && Number.isNaN(after))) return false;
  }
  return true;
}

function pick(bars: Bars, indexes: readonly number[]): Bars {
  if (indexes.length === barCount(bars)) return bars;
  const [first, last] = [indexes[0], indexes.at(-1)];
  if (first === undefined || last === undefined) return emptyBars;
  if (last - first + 1 === indexes.length) return sliceBars(bars, first, last + 1);
  // A row for each of millions of bars would take gigabytes.
  const picked = allocateBars(indexes.length);
  for (const name of barColumns) {
    const [from, to] = [bars[name], picked[name]];
    for (let place = 0; place < indexes.length; place += 1) to[place] = from[indexes[place] ?? 0] ?? Number.NaN;
  }
  return picked;
}
