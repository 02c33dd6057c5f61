import { allAtOnce, type Steps } from '../../base/index.ts';
import {
  allocateBars,
  barColumns,
  barCount,
  barsPerStep,
  emptyBars,
  indexAtOrAfter,
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
  return allAtOnce(compareBarsInSteps(held, incoming));
}

export function* compareBarsInSteps(held: Bars, incoming: Bars): Steps<Comparison> {
  const count = barCount(incoming);
  if (barCount(held) === 0)
    return { changed: incoming, added: count, unchanged: 0, older: emptyBars, firstChanges: [] };
  const found: Found = {
    changed: new Int32Array(count),
    older: new Int32Array(Math.min(count, barCount(held))),
    at: 0,
    changes: 0,
    differences: 0,
  };
  for (let from = 0; from < count; from += barsPerStep) {
    compareRows(held, { incoming, from, to: Math.min(from + barsPerStep, count) }, found);
    yield;
  }
  const changed = found.changed.subarray(0, found.changes);
  const older = found.older.subarray(0, found.differences);
  const replaced = yield* pick(held, older);
  const comparison = { changed: yield* pick(incoming, changed), older: replaced };
  return {
    ...comparison,
    added: changed.length - older.length,
    unchanged: count - changed.length,
    firstChanges: changesOf(comparison),
  };
}

/** Rows of the incoming bars that are new or differ, those of the held bars that they differ from, and how many. */
interface Found {
  readonly changed: Int32Array;
  readonly older: Int32Array;
  changes: number;
  differences: number;
  /** The first row of the held bars that is not older than what was looked at. */
  at: number;
}

function compareRows(
  held: Bars,
  { incoming, from, to }: { incoming: Bars; from: number; to: number },
  found: Found,
): void {
  let { at } = found;
  for (let index = from; index < to; index += 1) {
    const stamp = incoming.time[index] ?? Number.NaN;
    while ((held.time[at] ?? Infinity) < stamp) at += 1;
    const isHeld = held.time[at] === stamp;
    if (isHeld && isSameBar(held, at, { bars: incoming, index })) continue;
    found.changed[found.changes] = index;
    found.changes += 1;
    if (!isHeld) continue;
    found.older[found.differences] = at;
    found.differences += 1;
  }
  found.at = at;
}

function changesOf({ changed, older }: Pick<Comparison, 'changed' | 'older'>): BarChange[] {
  const listed = Math.min(barCount(older), listedChanges);
  return Array.from({ length: listed }, (_, index) => {
    const after = indexAtOrAfter(changed.time, older.time[index] ?? Number.NaN);
    return { before: rowAt(older, index), after: rowAt(changed, after) };
  });
}

/** What is left of a comparison where held bars stay as they are: bars that are new. */
export function newOnly(comparison: Comparison): Comparison {
  return allAtOnce(newOnlyInSteps(comparison));
}

export function* newOnlyInSteps(comparison: Comparison): Steps<Comparison> {
  const { changed, older, added } = comparison;
  const fresh = new Int32Array(added);
  let at = 0;
  let count = 0;
  for (let index = 0; index < barCount(changed); index += 1) {
    if (index % barsPerStep === 0) yield;
    if (older.time[at] === changed.time[index]) {
      at += 1;
    } else {
      fresh[count] = index;
      count += 1;
    }
  }
  return { ...comparison, changed: yield* pick(changed, fresh), older: emptyBars, firstChanges: [] };
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

function* pick(bars: Bars, indexes: Int32Array): Steps<Bars> {
  if (indexes.length === barCount(bars)) return bars;
  const [first, last] = [indexes[0], indexes.at(-1)];
  if (first === undefined || last === undefined) return emptyBars;
  if (last - first + 1 === indexes.length) return sliceBars(bars, first, last + 1);
  // A row for each of millions of bars would take gigabytes.
  const picked = allocateBars(indexes.length);
  for (const name of barColumns) {
    for (let from = 0; from < indexes.length; from += barsPerStep) {
      pickValues(bars[name], indexes.subarray(from, from + barsPerStep), picked[name].subarray(from));
      yield;
    }
  }
  return picked;
}

function pickValues(values: Float64Array, indexes: Int32Array, target: Float64Array): void {
  for (let place = 0; place < indexes.length; place += 1) target[place] = values[indexes[place] ?? 0] ?? Number.NaN;
}
