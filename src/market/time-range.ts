/** A half-open span of time `[start, end)` in epoch milliseconds. A list of ranges is sorted and disjoint unless said otherwise. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

/** True when no instant lies in the range. */
export function isEmptyRange(range: TimeRange): boolean {
  return !(range.start < range.end);
}

/** The common part of two ranges; an empty range where they have none. */
export function intersectRange(a: TimeRange, b: TimeRange): TimeRange {
  const start = Math.max(a.start, b.start);
  return { start, end: Math.max(start, Math.min(a.end, b.end)) };
}

/** Brings any list of ranges into normal form: sorted, disjoint, none empty, touching ones joined. */
export function unionRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const union: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.filter((range) => !isEmptyRange(range)).sort((a, b) => a.start - b.start)) {
    const last = union.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else union.push({ start, end });
  }
  return union;
}

/** What is left of the first list when the second is taken away. Either list may be in any order; the answer is in normal form. */
export function subtractRanges(from: readonly TimeRange[], remove: readonly TimeRange[]): TimeRange[] {
  const removed = unionRanges(remove);
  const left: TimeRange[] = [];
  let next = 0;
  for (const range of unionRanges(from)) {
    let start = range.start;
    while (next < removed.length && (removed[next]?.end ?? Infinity) <= start) next += 1;
    for (let index = next; index < removed.length; index += 1) {
      const hole = removed[index];
      if (hole === undefined || hole.start >= range.end) break;
      if (start < hole.start) left.push({ start, end: hole.start });
      start = Math.max(start, hole.end);
    }
    if (start < range.end) left.push({ start, end: range.end });
  }
  return left;
}

/** The instants that lie in both lists. Either list may be in any order; the answer is in normal form. */
export function intersectRanges(a: readonly TimeRange[], b: readonly TimeRange[]): TimeRange[] {
  return subtractRanges(a, subtractRanges(a, b));
}

/** The milliseconds that a list of ranges covers, each counted once. */
export function rangesLength(ranges: readonly TimeRange[]): number {
  return unionRanges(ranges).reduce((sum, { start, end }) => sum + (end - start), 0);
}
