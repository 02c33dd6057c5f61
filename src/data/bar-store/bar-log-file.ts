import { join } from 'node:path';
import { z } from 'zod';
import { calendarIds, emptyBars, timeframes, type Timeframe } from '../../market/index.ts';
import {
  decodeEntry,
  emptyLog,
  encodeEntry,
  withEntries,
  type BarLog,
  type GrowingLog,
  type LogEntry,
} from './bar-log.ts';
import { decodeBarRecord, encodeBarRecord } from './bar-record.ts';
import { appendDurably, openIfPresent, placeFile, readFileIfPresent } from './durable-file.ts';
import { logName } from './file-names.ts';
import { decodeExtent, encodeExtent, extentBytes, hasExtent, nextNote } from './log-extent.ts';
import { decodeRecords } from './records.ts';
import { remedyOfUnnamed } from './remedies.ts';
import { damagedFile, type SeriesPlace } from './series-place.ts';
import type { SeriesKey } from './series.ts';

/**
 * Makes the log that follows a save, whose manifest will name it. Its name is on the disk only after `syncNames`.
 * @returns what is in it: nothing yet.
 */
export async function createLog(place: SeriesPlace, label: Omit<LogLabel, keyof SeriesKey>): Promise<BarLog> {
  const { generation } = label;
  const record = encodeBarRecord({ ...place.key, ...label }, emptyBars);
  const length = extentBytes + record.length;
  const extent = encodeExtent(length);
  await placeFile(join(place.folder, logName(generation)), Buffer.concat([extent, record]));
  return { ...emptyLog(generation), extent: decodeExtent(extent), length };
}

/**
 * The log of a generation, or undefined where there is none and none is named.
 * @throws KtrdrError `data_corrupt` for one that is missing, damaged, cut off or another series'.
 */
export async function readBarLog(
  place: SeriesPlace,
  { generation, isNamed, remedy }: { generation: number; isNamed: boolean; remedy: string },
): Promise<BarLog | undefined> {
  const name = logName(generation);
  try {
    const bytes = await readWithBeginning(join(place.folder, name));
    if (bytes === undefined && isNamed) throw new Error('it is missing');
    return bytes === undefined ? undefined : decodeLog(bytes, { ...place.key, generation, isNamed });
  } catch (error) {
    throw damagedFile(place, { name, cause: error, remedy });
  }
}

/** Adds to the end of the log. Durable when it resolves; when it fails the log is as it was, or holds the whole entry. */
export async function appendToLog({ folder }: SeriesPlace, log: GrowingLog, entry: LogEntry): Promise<BarLog> {
  const record = encodeEntry(entry);
  const length = log.length + record.length;
  const { extent, ...afterwards } = nextNote(log.extent, length);
  await appendDurably(join(folder, logName(log.generation)), record, { length: log.length, afterwards });
  return { ...withEntries(log, [entry]), extent, length };
}

/** To which series the log of a generation says that it belongs; undefined where there is no log that says so. */
export async function readLogLabel(
  { folder, timeframe }: { folder: string; timeframe: Timeframe },
  generation: number,
): Promise<LogLabel | undefined> {
  const name = logName(generation);
  const bytes = await readFileIfPresent(join(folder, name));
  if (bytes === undefined) return undefined;
  try {
    const [first] = decodeRecords(bytes, recordsFrom(bytes)).payloads;
    return first === undefined ? undefined : readLabel(first);
  } catch (error) {
    const place = { folder, key: { symbol: '', timeframe } };
    throw damagedFile(place, { name, cause: error, remedy: remedyOfUnnamed });
  }
}

const labelSchema = z.object({
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  generation: z.number(),
});

type LogLabel = z.infer<typeof labelSchema>;

/** Its beginning first: when the rest is read, the log goes at least as far as its beginning says, whoever adds to it. */
async function readWithBeginning(path: string): Promise<Uint8Array | undefined> {
  const file = await openIfPresent(path);
  if (file === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(extentBytes), 0, extentBytes, 0);
    const bytes = await file.readFile();
    bytes.set(buffer.subarray(0, Math.min(bytesRead, bytes.length)));
    return bytes;
  } finally {
    await file.close();
  }
}

function decodeLog(
  bytes: Uint8Array,
  { generation, isNamed, ...key }: SeriesKey & { generation: number; isNamed: boolean },
): BarLog {
  const extent = isNamed || hasExtent(bytes) ? decodeExtent(bytes) : undefined;
  if (extent !== undefined && bytes.length < extent.length)
    throw new Error(`it is cut off: it has ${bytes.length} of its ${extent.length} bytes`);
  const { payloads, length } = decodeRecords(bytes, recordsFrom(bytes));
  if (extent !== undefined && length < extent.length)
    throw new Error(`the record at byte ${length} does not match its checksum`);
  const log = { ...emptyLog(generation), extent, length, tornBytes: bytes.length - length };
  const [first, ...entries] = payloads;
  if (first === undefined) return { ...log, length: 0 };
  const label = readLabel(first);
  if (label.symbol !== key.symbol || label.timeframe !== key.timeframe || label.generation !== generation)
    throw new Error(`it was written as generation ${label.generation} of ${label.symbol} ${label.timeframe}`);
  return withEntries(log, entries.map(decodeEntry));
}

function recordsFrom(bytes: Uint8Array): number {
  return hasExtent(bytes) ? extentBytes : 0;
}

function readLabel(record: Uint8Array): LogLabel {
  return labelSchema.parse(decodeBarRecord(record).about);
}
