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
  for (const one of added) {
    const last = intervals.at(-1);
    // Nearly all come at the end, where the others need not be looked at.
    if (last === undefined || one.start >= last.end) intervals.push(...joined(intervals.pop(), one));
    else intervals = overlay(intervals, one);
  }
  return intervals;
}

function overlay(held: readonly ProvenanceInterval[], added: ProvenanceInterval): ProvenanceInterval[] {
  const found = held.findIndex(({ end }) => end > added.start);
  const from = found < 0 ? held.length : found;
  let to = from;
  while ((held[to]?.start ?? Infinity) < added.end) to += 1;
  const hidden = held.slice(from, to);
  const left = cutOut(hidden, added);
  const before = [...held.slice(0, from), ...left.filter(({ end }) => end <= added.start)];
  const after = [...left.filter(({ start }) => start >= added.end), ...held.slice(to)];
  return [...before.slice(0, -1), ...joined(before.at(-1), added), ...after];
}

function joined(before: ProvenanceInterval | undefined, added: ProvenanceInterval): ProvenanceInterval[] {
  if (before === undefined) return [added];
  return isOneAnswer(before, added) ? [{ ...added, start: before.start }] : [before, added];
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
