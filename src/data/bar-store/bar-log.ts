import { z } from 'zod';
import {
  barCount,
  concatBars,
  emptyBars,
  sliceBars,
  type BarRow,
  type Bars,
  type TimeRange,
} from '../../market/index.ts';
import { decodeBarRecord, encodeBarRecord } from './bar-record.ts';
import { rowAt } from './compare-bars.ts';
import type { LogExtent } from './log-extent.ts';
import { answeredRangeSchema, type ProvenanceInterval } from './provenance.ts';

/** What was added to a series since its files were saved. All of its bars are newer than those of the files. */
export interface BarLog {
  readonly generation: number;
  /** How far it says that it goes; undefined for one of an older layout, and where there is none. */
  readonly extent: LogExtent | undefined;
  readonly bars: Bars;
  readonly unfinished: BarRow | undefined;
  /** As they came. */
  readonly confirmedEmpty: readonly TimeRange[];
  readonly provenance: readonly ProvenanceInterval[];
  readonly updatedAt: number | undefined;
  /** Where its whole records end; 0 when there is no log. */
  readonly length: number;
  /** Bytes behind the last whole record: one whose writing was cut short, and that nobody was promised. */
  readonly tornBytes: number;
}

export interface GrowingLog extends BarLog {
  readonly extent: LogExtent;
}

export interface LogEntry {
  readonly at: number;
  readonly bars: Bars;
  readonly lastIsUnfinished: boolean;
  readonly confirmedEmpty: readonly TimeRange[];
  readonly provenance: readonly ProvenanceInterval[];
}

export function emptyLog(generation: number): BarLog {
  return {
    generation,
    extent: undefined,
    bars: emptyBars,
    unfinished: undefined,
    confirmedEmpty: [],
    provenance: [],
    updatedAt: undefined,
    length: 0,
    tornBytes: 0,
  };
}

/** True for a log that can be added to: it says how far it goes, and nothing is behind that. */
export function canGrow(log: BarLog): log is GrowingLog {
  return log.extent !== undefined && log.tornBytes === 0;
}

/** What an entry takes in the log. */
export function entryBytes(entry: LogEntry): number {
  return encodeEntry(entry).length;
}

const entrySchema = z.object({
  at: z.number(),
  lastIsUnfinished: z.boolean(),
  confirmedEmpty: z.array(z.object({ start: z.number(), end: z.number() })),
  provenance: z.array(answeredRangeSchema.extend({ revision: z.number() })),
});

export function encodeEntry({ bars, ...about }: LogEntry): Uint8Array {
  return encodeBarRecord(about, bars);
}

export function decodeEntry(payload: Uint8Array): LogEntry {
  const { about, bars } = decodeBarRecord(payload);
  return { ...entrySchema.parse(about), bars };
}

/** The log that entries make of one; all at once, because joining bar by bar would copy the log for each. */
export function withEntries(log: BarLog, entries: readonly LogEntry[]): BarLog {
  const finished = entries.map(({ bars, lastIsUnfinished }) =>
    lastIsUnfinished ? sliceBars(bars, 0, barCount(bars) - 1) : bars,
  );
  const bars = concatBars([log.bars, ...finished.filter((part) => barCount(part) > 0)]);
  const newest = entries.findLast(({ lastIsUnfinished }) => lastIsUnfinished);
  const unfinished = newest === undefined ? log.unfinished : rowAt(newest.bars, -1);
  const isOver = unfinished !== undefined && unfinished.time <= (bars.time.at(-1) ?? -Infinity);
  return {
    ...log,
    bars,
    unfinished: isOver ? undefined : unfinished,
    confirmedEmpty: [...log.confirmedEmpty, ...entries.flatMap(({ confirmedEmpty }) => confirmedEmpty)],
    provenance: [...log.provenance, ...entries.flatMap(({ provenance }) => provenance)],
    updatedAt: entries.at(-1)?.at ?? log.updatedAt,
  };
}
