import { parquetMetadata, type FileMetaData, type ParquetParsers, type SchemaElement } from 'hyparquet';
import { z } from 'zod';
import { barColumns, calendarIds, timeframes, type Bars, type CalendarId, type TimeRange } from '../../market/index.ts';
import { readBytes, type ByteSource } from './byte-source.ts';
import type { SeriesKey } from './series.ts';

/** To which series the bars of a file belong and under which name; the file says so itself. */
export interface BarFileLabel extends SeriesKey {
  readonly calendar: CalendarId;
  readonly name: string;
}

/** A bar file whose footer is as it was written. Whatever is read from it is checked before it is given out. */
export interface BarFile {
  readonly label: BarFileLabel;
  readonly seal: string;
  readonly count: number;
  /** The time column, of the bars in the range when one is given. */
  stamps(range?: TimeRange): Promise<Float64Array>;
  bars(range?: TimeRange): Promise<Bars>;
  /** Reads all bars into columns that have their number. */
  fill(target: Bars): Promise<void>;
  /** Checks every byte, also those that no reading of bars looks at. */
  check(): Promise<void>;
}

/** What the footer says, and where it lies in the file, the magic bytes behind it included. */
export interface Footer {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly metadata: FileMetaData;
  readonly label: BarFileLabel;
}

/** Columns of a bar file to any Parquet reader: `time` is a timestamp in milliseconds UTC, the rest doubles, all required. */
export const barSchema: SchemaElement[] = [
  { name: 'bars', num_children: barColumns.length },
  ...barColumns.map((name): SchemaElement =>
    name === 'time'
      ? {
          name,
          type: 'INT64',
          repetition_type: 'REQUIRED',
          converted_type: 'TIMESTAMP_MILLIS',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        }
      : { name, type: 'DOUBLE', repetition_type: 'REQUIRED' },
  ),
];

/** The keys of what a bar file says of itself. The seal is found from the end of the file, so it comes last. */
export const fileKeys = { series: 'ktrdr.series', pages: 'ktrdr.pages', seal: 'ktrdr.seal' } as const;

/** Without this each stamp becomes a `Date`. */
export const stampParsers: Partial<ParquetParsers> = { timestampFromMilliseconds: Number };

const magicBytes = 4;
/** Nearly always holds the whole footer. */
const tailBytes = 16_384;

/** @throws Error that says in a few words what is wrong with the end of a file. */
export async function readFooter(source: ByteSource): Promise<Footer> {
  if (source.size < 3 * magicBytes) throw new Error('its seal is missing: it is cut off');
  let start = Math.max(0, source.size - tailBytes);
  let bytes = await readBytes(source, start, source.size);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 2 * magicBytes, true);
  const begins = source.size - 2 * magicBytes - length;
  if (begins < magicBytes) throw new Error('its seal is missing: its end is no footer');
  if (begins < start) bytes = await readBytes(source, begins, source.size);
  else bytes = bytes.slice(begins - start);
  start = begins;
  const metadata = parquetMetadata(exactBuffer(bytes), { parsers: stampParsers });
  return { bytes, start, metadata, label: readLabel(metadata) };
}

const labelSchema = z.object({
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  name: z.string(),
});

function readLabel(metadata: FileMetaData): BarFileLabel {
  const text = valueOf(metadata, fileKeys.series);
  if (text === undefined) throw new Error('it does not name its series');
  return labelSchema.parse(JSON.parse(text));
}

/** What a bar file says of itself under a key. */
export function valueOf(metadata: FileMetaData, key: string): string | undefined {
  return metadata.key_value_metadata?.find((entry) => entry.key === key)?.value;
}

/** `bytes` as a buffer of its own length, which is what the Parquet library reads. */
export function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength) return buffer;
  return new Uint8Array(bytes).buffer;
}
