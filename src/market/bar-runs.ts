import type { TimeRange } from './time-range.ts';

/**
 * Neighbouring cells of the grid as an arithmetic sequence: a session of minutes is one of them. Cell `n` is
 * `[cellStart + n * step, cellStart + (n + 1) * step)`, and a bar stamped anywhere in it is that bar. Its stamp is where
 * it begins, but for the first one, which is stamped `start`.
 */
export interface BarRun {
  readonly start: number;
  readonly cellStart: number;
  readonly step: number;
  readonly count: number;
}

/** Where the last cell of a run ends. */
export function endOfRun({ cellStart, step, count }: BarRun): number {
  return cellStart + count * step;
}

/** The stamp of cell `index`. */
export function stampAt({ start, cellStart, step }: BarRun, index: number): number {
  return index === 0 ? start : cellStart + index * step;
}

/** How many cells of a run have their stamp before an instant. */
export function cellsBefore({ start, cellStart, step, count }: BarRun, instant: number): number {
  return instant <= start ? 0 : Math.min(count, Math.ceil((instant - cellStart) / step));
}

/** The cells from index `from` up to, not including, index `to`. */
export function partOfRun(run: BarRun, from: number, to: number): BarRun {
  const { cellStart, step } = run;
  return { start: stampAt(run, from), cellStart: cellStart + from * step, step, count: to - from };
}

/** The cells that lie in a range from edge to edge. */
export function runsWithin(runs: readonly BarRun[], { start, end }: TimeRange): BarRun[] {
  return runs.flatMap((run) => {
    const from = Math.max(0, Math.ceil((start - run.cellStart) / run.step));
    const to = Math.min(run.count, Math.floor((end - run.cellStart) / run.step));
    return from < to ? [partOfRun(run, from, to)] : [];
  });
}
