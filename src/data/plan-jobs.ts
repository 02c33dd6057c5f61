import { indexAtOrAfter, type BarCells, type TimeRange } from '../market/index.ts';
import type { Gap, LoadMode } from './load-bars.ts';

/** One request to the source: a stretch of missing bars, cut at the edge of a bar. */
export interface DataLoadingJob {
  readonly range: TimeRange;
  /** The expected bars it asks for; never none. */
  readonly cells: BarCells;
}

/**
 * Splits gaps into requests that the source accepts. Newest first when going back, oldest first otherwise: what a
 * cancelled load has stored then borders on what was there, with no hole between.
 */
export function planJobs(
  gaps: readonly Gap[],
  cells: BarCells,
  { mode, maxSpanMs }: { mode: LoadMode; maxSpanMs: number },
): DataLoadingJob[] {
  const jobs = gaps.flatMap((gap) => splitGap(gap, cells, maxSpanMs));
  return mode === 'backfill' ? jobs.reverse() : jobs;
}

function splitGap(gap: Gap, cells: BarCells, maxSpanMs: number): DataLoadingJob[] {
  const jobs: DataLoadingJob[] = [];
  const last = indexAtOrAfter(cells.cellStart, gap.end);
  let from = indexAtOrAfter(cells.cellStart, gap.start);
  while (from < last) {
    const start = cells.cellStart[from] ?? gap.start;
    const limit = start + maxSpanMs;
    // A single bar longer than the span is still one request.
    const to = Math.max(from + 1, Math.min(last, indexAtOrAfter(cells.cellEnd, limit + 1)));
    // Up to the next expected bar where the span allows it: feeds have bars that nobody expects, and none may be lost.
    const reach = to < last ? Math.min(limit, cells.cellStart[to] ?? limit) : gap.end;
    const end = Math.max(reach, cells.cellEnd[to - 1] ?? reach);
    jobs.push({ range: { start, end }, cells: sliceCells(cells, from, to) });
    from = to;
  }
  return jobs;
}

/** The cells from index `from` up to, not including, index `to`: a view on the same memory. */
export function sliceCells({ start, cellStart, cellEnd }: BarCells, from: number, to: number): BarCells {
  return {
    start: start.subarray(from, to),
    cellStart: cellStart.subarray(from, to),
    cellEnd: cellEnd.subarray(from, to),
  };
}
