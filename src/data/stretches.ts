import { endOfRun, stampAt, type BarRun, type TimeRange } from '../market/index.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';

/** Of an expected bar: is it there, has the source confirmed that there is none, or is it missing? */
export type BarState = 'present' | 'confirmed_empty' | 'missing';

/** Neighbouring cells of one run that are in the same state. */
export interface Stretch extends BarRun {
  readonly state: BarState;
}

interface StretchInput {
  /** What the calendar expects, oldest first. */
  readonly runs: readonly BarRun[];
  /** Stamps of the bars there are, rising. A bar counts for the cell its stamp falls in. */
  readonly present: Float64Array;
  /** Where the source has confirmed that there is nothing, sorted and disjoint; a cell that begins there is empty. */
  readonly confirmedEmpty: readonly TimeRange[];
}

/** The state of every expected bar, oldest first. Looks at each stamp once, and at no cell but by arithmetic. */
export function stretchesOf({ runs, present, confirmedEmpty }: StretchInput): Stretch[] {
  const stretches: Stretch[] = [];
  let stamp = 0;
  let empty = 0;
  for (const run of runs) {
    const { cellStart, step, count } = run;
    for (let from = 0; from < count;) {
      const edge = cellStart + from * step;
      while ((present[stamp] ?? Infinity) < edge) stamp += 1;
      let to = heldUntil(run, from, { present, stamp });
      let state: BarState = 'present';
      if (to === from) {
        while ((confirmedEmpty[empty]?.end ?? Infinity) <= edge) empty += 1;
        const { start, end } = confirmedEmpty[empty] ?? nothing;
        const isEmpty = start <= edge;
        state = isEmpty ? 'confirmed_empty' : 'missing';
        const absent = Math.floor(((present[stamp] ?? Infinity) - cellStart) / step);
        to = Math.min(count, absent, Math.ceil(((isEmpty ? end : start) - cellStart) / step));
      } else {
        stamp += to - from;
      }
      stretches.push({ state, start: stampAt(run, from), cellStart: edge, step, count: to - from });
      from = to;
    }
  }
  return stretches;
}

/** What the store holds of the expected bars of a series. */
export async function storedStretches(store: BarStore, key: SeriesKey, runs: readonly BarRun[]): Promise<Stretch[]> {
  const [first, last] = [runs[0], runs.at(-1)];
  const info = await store.info(key);
  const nothingHeld = info === undefined || first === undefined || last === undefined;
  const held = nothingHeld ? undefined : { start: first.cellStart, end: endOfRun(last) };
  const present = held === undefined ? new Float64Array() : await store.stamps(key, held);
  return stretchesOf({ runs, present, confirmedEmpty: info?.confirmedEmpty ?? [] });
}

const nothing: TimeRange = { start: Infinity, end: Infinity };

/** The index of the first cell, from `from` on, without a bar; `stamp` is the first that is not before cell `from`. */
function heldUntil(
  { cellStart, step, count }: BarRun,
  from: number,
  { present, stamp }: { present: Float64Array; stamp: number },
): number {
  let next = stamp;
  let edge = cellStart + from * step;
  const end = cellStart + count * step;
  while (edge < end) {
    const time = present[next] ?? Infinity;
    next += 1;
    // Most bars are stamped where their cell begins. Where they lie off the grid, one cell may have several.
    if (time === edge || (time > edge && time < edge + step)) edge += step;
    else if (time >= edge) break;
  }
  return (edge - cellStart) / step;
}
