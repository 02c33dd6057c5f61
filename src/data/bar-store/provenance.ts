import { z } from 'zod';
import type { TimeRange } from '../../market/index.ts';

/** Where an answer came from and under which settings it was asked for. */
export interface Provenance {
  /** Who answered, for example `ib`. */
  readonly source: string;
  /** Names the request once; the same name stands in the logs of whoever asked. */
  readonly requestId: string;
  /** Epoch milliseconds at which the answer came. */
  readonly fetchedAt: number;
  /** What changes the values: what to show, regular hours only, adjusted, exchange. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** An answer, and the range that it was asked for. */
export interface AnsweredRange extends Provenance, TimeRange {}

/** What an answer was asked for, less what later answers were. */
export interface ProvenanceInterval extends AnsweredRange {
  /** How many revisions the series had had when the answer was stored; see `SeriesRevision`. */
  readonly revision: number;
}

export const provenanceSchema = z.object({
  source: z.string(),
  requestId: z.string(),
  fetchedAt: z.number(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

export const answeredRangeSchema = provenanceSchema.extend({ start: z.number(), end: z.number() });

/**
 * Lays intervals over others, which are sorted and disjoint, one after the other: each takes the place of what is where
 * it lies. Neighbours of one answer, as a stream of single bars makes them, become one.
 */
export function overlayAll(
  held: readonly ProvenanceInterval[],
  added: readonly ProvenanceInterval[],
): ProvenanceInterval[] {
  let intervals = [...held];
  for (const run of risingRuns(added)) intervals = overlay(intervals, run);
  return intervals;
}

/** Lists that follow each other, as long as they can be while each is sorted and disjoint. */
function risingRuns(intervals: readonly ProvenanceInterval[]): ProvenanceInterval[][] {
  const runs: ProvenanceInterval[][] = [];
  for (const one of intervals) {
    const last = runs.at(-1);
    if (one.start >= (last?.at(-1)?.end ?? Infinity)) last?.push(one);
    else runs.push([one]);
  }
  return runs;
}

/** Lays a rising run over others, and looks only at those that lie where it does. */
function overlay(held: readonly ProvenanceInterval[], run: readonly ProvenanceInterval[]): ProvenanceInterval[] {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return [...held];
  const isBehind = (held.at(-1)?.end ?? -Infinity) <= first.start;
  const found = isBehind ? -1 : held.findIndex(({ end }) => end > first.start);
  const from = found < 0 ? held.length : found;
  let to = from;
  while ((held[to]?.start ?? Infinity) < last.end) to += 1;
  const intervals = held.slice(0, from);
  const added = new Set(run);
  for (const one of [...cutOutAll(held.slice(from, to), run), ...run].sort((a, b) => a.start - b.start)) {
    const before = intervals.at(-1);
    const isMore = before !== undefined && added.has(one) && isOneAnswer(before, one);
    if (isMore) intervals[intervals.length - 1] = { ...one, start: before.start };
    else intervals.push(one);
  }
  return [...intervals, ...held.slice(to)];
}

/** What is left of intervals outside a rising run. */
function cutOutAll(held: readonly ProvenanceInterval[], run: readonly TimeRange[]): ProvenanceInterval[] {
  const left: ProvenanceInterval[] = [];
  let next = 0;
  for (const one of held) {
    let { start } = one;
    while ((run[next]?.end ?? Infinity) <= start) next += 1;
    for (let at = next; (run[at]?.start ?? Infinity) < one.end; at += 1) {
      const { start: hole = start, end: after = start } = run[at] ?? {};
      if (start < hole) left.push({ ...one, start, end: hole });
      start = Math.max(start, after);
    }
    if (start < one.end) left.push({ ...one, start });
  }
  return left;
}

/** What is left of intervals outside a range. */
export function cutOut(held: readonly ProvenanceInterval[], { start, end }: TimeRange): ProvenanceInterval[] {
  if (!(start < end)) return [...held];
  return held
    .flatMap((one) => [cut(one, one.start, Math.min(one.end, start)), cut(one, Math.max(one.start, end), one.end)])
    .filter((one) => one.start < one.end);
}

function cut(interval: ProvenanceInterval, start: number, end: number): ProvenanceInterval {
  return { ...interval, start: Math.max(start, interval.start), end: Math.min(end, interval.end) };
}

function isOneAnswer(a: ProvenanceInterval, b: ProvenanceInterval): boolean {
  return (
    a.requestId === b.requestId &&
    a.source === b.source &&
    a.revision === b.revision &&
    JSON.stringify(a.settings) === JSON.stringify(b.settings)
  );
}
