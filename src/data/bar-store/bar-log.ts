import { join } from 'node:path';
import { z } from 'zod';
import { barCount, calendarIds, concatBars, emptyBars, sliceBars, timeframes } from '../../market/index.ts';
import type { BarRow, Bars, CalendarId, TimeRange } from '../../market/index.ts';
import { decodeBarRecord, encodeBarRecord } from './bar-record.ts';
import { rowAt } from './compare-bars.ts';
import { appendDurably, createDurably, readFileIfPresent } from './durable-file.ts';
import { logName } from './file-names.ts';
import { answeredRangeSchema, type ProvenanceInterval } from './provenance.ts';
import { decodeRecords } from './records.ts';
import { damagedFile, type SeriesPlace } from './series-place.ts';

/** What was added to a series since its files were saved. All of its bars are newer than those of the files. */
export interface BarLog {
  readonly generation: number;
  readonly calendar: CalendarId | undefined;
  readonly bars: Bars;
  readonly unfinished: BarRow | undefined;
  /** As they came. */
  readonly confirmedEmpty: readonly TimeRange[];
  readonly provenance: readonly ProvenanceInterval[];
  readonly updatedAt: number | undefined;
  /** Of the whole records; 0 when there is no log. */
  readonly length: number;
  /** Bytes behind the last whole record: one whose writing was cut short, and that nobody was promised. */
  readonly tornBytes: number;
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
    calendar: undefined,
    bars: emptyBars,
    unfinished: undefined,
    confirmedEmpty: [],
    provenance: [],
    updatedAt: undefined,
    length: 0,
    tornBytes: 0,
  };
}

/**
 * The log of a generation, or undefined when there is none.
 * @throws KtrdrError `data_corrupt` for one that is damaged or another series'.
 */
export async function readBarLog(place: SeriesPlace, generation: number): Promise<BarLog | undefined> {
  const name = logName(generation);
  const bytes = await readFileIfPresent(join(place.folder, name));
  if (bytes === undefined) return undefined;
  try {
    const { payloads, length } = decodeRecords(bytes);
    const [first, ...entries] = payloads;
    const tornBytes = bytes.length - length;
    if (first === undefined) return { ...emptyLog(generation), tornBytes };
    const label = labelSchema.parse(decodeBarRecord(first).about);
    const { symbol, timeframe } = place.key;
    if (label.symbol !== symbol || label.timeframe !== timeframe || label.generation !== generation)
      throw new Error(`it was written as generation ${label.generation} of ${label.symbol} ${label.timeframe}`);
    const empty = { ...emptyLog(generation), calendar: label.calendar };
    return { ...withEntries(empty, entries.map(decodeEntry)), length, tornBytes };
  } catch (error) {
    throw damagedFile(place, { name, cause: error });
  }
}

/** Adds to the end of the log. Durable when it resolves; when it fails the log is as it was, or holds the whole entry. */
export async function appendToLog(
  { folder, key }: SeriesPlace,
  { log, calendar, entry }: { log: BarLog; calendar: CalendarId; entry: LogEntry },
): Promise<BarLog> {
  const path = join(folder, logName(log.generation));
  const record = encodeEntry(entry);
  const label = encodeBarRecord({ ...key, calendar, generation: log.generation }, emptyBars);
  if (log.length > 0) await appendDurably(path, record, log.length);
  else await createDurably(path, Buffer.concat([label, record]));
  const length = (log.length > 0 ? log.length : label.length) + record.length;
  return { ...withEntries({ ...log, calendar }, [entry]), length };
}

/** What an entry takes in the log. */
export function entryBytes(entry: LogEntry): number {
  return encodeEntry(entry).length;
}

/** To which series the log of a generation says that it belongs; undefined where there is no log that says so. */
export async function readLogLabel(folder: string, generation: number): Promise<LogLabel | undefined> {
  const bytes = await readFileIfPresent(join(folder, logName(generation)));
  const [first] = bytes === undefined ? [] : decodeRecords(bytes).payloads;
  return first === undefined ? undefined : labelSchema.parse(decodeBarRecord(first).about);
}

const labelSchema = z.object({
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  generation: z.number(),
});

type LogLabel = z.infer<typeof labelSchema>;

const entrySchema = z.object({
  at: z.number(),
  lastIsUnfinished: z.boolean(),
  confirmedEmpty: z.array(z.object({ start: z.number(), end: z.number() })),
  provenance: z.array(answeredRangeSchema.extend({ revision: z.number() })),
});

function encodeEntry({ bars, ...about }: LogEntry): Uint8Array {
  return encodeBarRecord(about, bars);
}

function decodeEntry(payload: Uint8Array): LogEntry {
  const { about, bars } = decodeBarRecord(payload);
  return { ...entrySchema.parse(about), bars };
}

/** All at once, because joining bar by bar would copy the log for each. */
function withEntries(log: BarLog, entries: readonly LogEntry[]): BarLog {
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
