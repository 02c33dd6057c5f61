import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { z } from 'zod';
import { subtractRanges, unionRanges, type ReportedDay, type TimeRange } from '../../market/index.ts';
import { requireKnownVersion } from './known-version.ts';
import { cutOut, overlayAll, provenanceSchema, type ProvenanceInterval } from './provenance.ts';

/** What a series knows beside its bars. The lists are sorted and disjoint. */
export interface Ledger {
  /** Known to hold no bar where no bar is: instants for intraday bars, dates for slower ones. */
  readonly confirmedEmpty: readonly TimeRange[];
  readonly provenance: readonly ProvenanceInterval[];
  /** Days of which the source has reported other hours than the calendar's rules give them. */
  readonly hours: readonly ReportedDay[];
}

export const emptyLedger: Ledger = { confirmedEmpty: [], provenance: [], hours: [] };

export function addToLedger(
  ledger: Ledger,
  added: { confirmedEmpty: readonly TimeRange[]; provenance: readonly ProvenanceInterval[] },
): Ledger {
  const confirmedEmpty = addRanges(ledger.confirmedEmpty, unionRanges(added.confirmedEmpty));
  return { ...ledger, confirmedEmpty, provenance: overlayAll(ledger.provenance, added.provenance) };
}

/** Forgets what is known of a range. When the market was open stays known: no source tells it of days that are past. */
export function cutLedger(ledger: Ledger, range: TimeRange): Ledger {
  return {
    ...ledger,
    confirmedEmpty: subtractRanges(ledger.confirmedEmpty, [range]),
    provenance: cutOut(ledger.provenance, range),
  };
}

/** The union of two sorted, disjoint lists; looks only at those of the first that lie where the second does. */
function addRanges(held: readonly TimeRange[], added: readonly TimeRange[]): readonly TimeRange[] {
  const [first, last] = [added[0], added.at(-1)];
  if (first === undefined || last === undefined) return held;
  // The one that begins before the first may reach it.
  const from = Math.max(0, countBegun(held, first.start) - 1);
  const to = countBegun(held, last.end);
  return held.slice(0, from).concat(unionRanges([...held.slice(from, to), ...added]), held.slice(to));
}

/** True when a range lies in one of sorted, disjoint ranges. */
export function isCovered(ranges: readonly TimeRange[], { start, end }: TimeRange): boolean {
  return start >= end || (ranges[countBegun(ranges, start) - 1]?.end ?? -Infinity) >= end;
}

/** How many of some sorted ranges begin at an instant or before it. */
function countBegun(ranges: readonly TimeRange[], instant: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.start ?? Infinity) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Version 2 added the hours; a ledger without any is still written as version 1, which older programs read. */
const newestVersion = 2;

const ledgerSchema = z.object({
  version: z.union([z.literal(1), z.literal(newestVersion)]),
  /** Start of the first range, then by turns the length of a range and of the space behind it, in units of `unitMs`. */
  confirmedEmpty: z.object({ unitMs: z.number().int().positive(), lengths: z.custom<number[]>(isListOfNumbers) }),
  origins: z.array(provenanceSchema.pick({ source: true, settings: true })),
  /** Start, end, index of the origin, request, time of the answer, revision. */
  provenance: z.array(z.tuple([z.number(), z.number(), z.number(), z.string(), z.number(), z.number()])),
  /** Date, then by turns the opening and the close of a session. */
  hours: z.array(z.tuple([z.number()], z.number())).default([]),
});

/** Ranges of an illiquid series count by the hundred thousand; like this each takes about two bytes. */
export async function encodeLedger({ confirmedEmpty, provenance, hours }: Ledger): Promise<Uint8Array> {
  const origins = new Map<string, number>();
  const rows = provenance.map((one): z.infer<typeof ledgerSchema>['provenance'][number] => {
    const origin = JSON.stringify({ source: one.source, settings: one.settings });
    if (!origins.has(origin)) origins.set(origin, origins.size);
    return [one.start, one.end, origins.get(origin) ?? 0, one.requestId, one.fetchedAt, one.revision];
  });
  const text = JSON.stringify({
    version: hours.length === 0 ? 1 : newestVersion,
    confirmedEmpty: encodeRanges(confirmedEmpty),
    origins: [...origins.keys()].map((origin): unknown => JSON.parse(origin)),
    provenance: rows,
    ...(hours.length === 0 ? {} : { hours: hours.map(encodeDay) }),
  });
  return promisify(gzip)(text, { level: 3 });
}

/** @throws Error for bytes that are no ledger; KtrdrError `failed_precondition` for one that a newer version wrote. */
export function decodeLedger(bytes: Uint8Array, name: string): Ledger {
  const content: unknown = JSON.parse(gunzipSync(bytes).toString('utf8'));
  requireKnownVersion(content, newestVersion, `The ledger ${name}`);
  const ledger = ledgerSchema.parse(content);
  const provenance = ledger.provenance.map(([start, end, origin, requestId, fetchedAt, revision]) => {
    const { source, settings } = ledger.origins[origin] ?? { source: '', settings: {} };
    return { start, end, source, settings, requestId, fetchedAt, revision };
  });
  return { confirmedEmpty: decodeRanges(ledger.confirmedEmpty), provenance, hours: ledger.hours.map(decodeDay) };
}

function encodeDay({ date, sessions }: ReportedDay): number[] {
  return [date, ...sessions.flatMap(({ open, close }) => [open, close])];
}

function decodeDay([date, ...edges]: readonly [number, ...number[]]): ReportedDay {
  const opens = edges.filter((_, index) => index % 2 === 0);
  return { date, sessions: opens.map((open, index) => ({ date, open, close: edges[2 * index + 1] ?? open })) };
}

function encodeRanges(ranges: readonly TimeRange[]): { unitMs: number; lengths: number[] } {
  let at = 0;
  let unitMs = 0;
  const lengths: number[] = [];
  for (const { start, end } of ranges) {
    lengths.push(start - at, end - start);
    unitMs = greatestCommonDivisor(greatestCommonDivisor(unitMs, start - at), end - start);
    at = end;
  }
  if (unitMs === 0) return { unitMs: 1, lengths };
  return { unitMs, lengths: lengths.map((length) => length / unitMs) };
}

function decodeRanges({ unitMs, lengths }: { unitMs: number; lengths: readonly number[] }): TimeRange[] {
  const ranges: TimeRange[] = [];
  let at = 0;
  for (let index = 0; index < lengths.length; index += 2) {
    const start = at + (lengths[index] ?? 0) * unitMs;
    at = start + (lengths[index + 1] ?? 0) * unitMs;
    ranges.push({ start, end: at });
  }
  return ranges;
}

/** A schema for each number of a list would take longer than all the rest. */
function isListOfNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'number');
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}
