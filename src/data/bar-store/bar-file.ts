import {
  parquetMetadata,
  parquetRead,
  type DecodedArray,
  type FileMetaData,
  type ParquetParsers,
  type SchemaElement,
} from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { z } from 'zod';
import {
  allocateBars,
  barColumns,
  calendarIds,
  indexAtOrAfter,
  timeframes,
  type BarColumn,
  type Bars,
  type CalendarId,
  type TimeRange,
} from '../../market/index.ts';
import { checkSeal, openSeal, writeSeal } from './seal.ts';
import type { SeriesKey } from './series.ts';

/** To which series the bars of a file belong and under which name; the file says so itself. */
export interface BarFileLabel extends SeriesKey {
  readonly calendar: CalendarId;
  readonly name: string;
}

/** A bar file whose seal holds: what it says is what was written. */
export interface BarFile {
  readonly label: BarFileLabel;
  /** Digest of the whole file. */
  readonly seal: string;
  readonly count: number;
  /** The time column, of the bars in the range when one is given. */
  stamps(range?: TimeRange): Promise<Float64Array>;
  bars(range?: TimeRange): Promise<Bars>;
}

/**
 * Writes bars as Parquet, sealed with a digest of the whole file. Any Parquet reader understands it: `time` is a
 * timestamp in milliseconds UTC, the rest doubles, all required.
 */
export function encodeBarFile(bars: Bars, label: BarFileLabel): Uint8Array {
  const written = parquetWriteBuffer({
    schema,
    rowGroupSize: 50_000,
    columnData: barColumns.map((name) =>
      name === 'time'
        ? { name, data: BigInt64Array.from(bars.time, BigInt), encoding: 'DELTA_BINARY_PACKED' }
        : { name, data: bars[name], statistics: false },
    ),
    createdBy: 'ktrdr',
    // The seal is found from the end of the file, so it comes last.
    kvMetadata: [
      { key: 'ktrdr.series', value: JSON.stringify(label) },
      { key: 'ktrdr.seal', value: openSeal },
    ],
  });
  const bytes = new Uint8Array(written);
  writeSeal(bytes);
  return bytes;
}

/**
 * Opens the bytes of a bar file.
 * @throws Error that says in a few words what is wrong with them.
 */
export function decodeBarFile(bytes: Uint8Array): BarFile {
  const seal = checkSeal(bytes);
  const buffer = exactBuffer(bytes);
  const metadata = parquetMetadata(buffer, { parsers });
  const count = Number(metadata.num_rows);
  const source = { buffer, metadata };
  const rowsOf = async (range: TimeRange | undefined): Promise<{ time: Float64Array; rows: Rows }> => {
    if (range === undefined)
      return { time: await readTime(source, { start: 0, end: count }), rows: { start: 0, end: count } };
    const near = rowsNear(metadata, range);
    const time = await readTime(source, near);
    const from = indexAtOrAfter(time, range.start);
    const to = Math.max(from, indexAtOrAfter(time, range.end));
    return { time: time.subarray(from, to), rows: { start: near.start + from, end: near.start + to } };
  };
  return {
    label: readLabel(metadata),
    seal,
    count,
    stamps: async (range) => (await rowsOf(range)).time,
    bars: async (range) => {
      const { time, rows } = await rowsOf(range);
      const bars = { ...allocateBars(rows.end - rows.start), time };
      await readRows(source, { rows, columns: barColumns.filter((column) => column !== 'time'), target: bars });
      return bars;
    },
  };
}

const schema: SchemaElement[] = [
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

const labelSchema = z.object({
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  name: z.string(),
});

function readLabel(metadata: FileMetaData): BarFileLabel {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'ktrdr.series')?.value;
  if (text === undefined) throw new Error('it does not name its series');
  return labelSchema.parse(JSON.parse(text));
}

/** Without this each stamp becomes a `Date`. */
const parsers: Partial<ParquetParsers> = { timestampFromMilliseconds: Number };

interface Source {
  readonly buffer: ArrayBuffer;
  readonly metadata: FileMetaData;
}

/** Row numbers, `[start, end)`. */
type Rows = TimeRange;

/** The rows of the row groups that may hold bars of a range, by the bounds that each group states for its times. */
function rowsNear(metadata: FileMetaData, range: TimeRange): Rows {
  const rows = { start: 0, end: 0 };
  let row = 0;
  for (const group of metadata.row_groups) {
    const { min_value: min, max_value: max } = group.columns[0]?.meta_data?.statistics ?? {};
    const next = row + Number(group.num_rows);
    if (!(Number(max) < range.start || Number(min) >= range.end)) {
      if (rows.end === 0) rows.start = row;
      rows.end = next;
    }
    row = next;
  }
  return rows;
}

async function readTime(source: Source, rows: Rows): Promise<Float64Array> {
  const time = new Float64Array(rows.end - rows.start);
  await readRows(source, { rows, columns: ['time'], target: { time } });
  return time;
}

/** Fills columns from their chunks in place; collecting rows first would take several times as long. */
async function readRows(
  { buffer, metadata }: Source,
  { rows, columns, target }: { rows: Rows; columns: BarColumn[]; target: Partial<Record<BarColumn, Float64Array>> },
): Promise<void> {
  if (rows.start >= rows.end) return;
  let filled = 0;
  await parquetRead({
    file: buffer,
    metadata,
    columns,
    rowStart: rows.start,
    rowEnd: rows.end,
    parsers,
    onChunk: ({ columnName, columnData, rowStart, rowEnd }) => {
      // Chunks reach beyond the rows that were asked for.
      const from = Math.max(rowStart, rows.start);
      const to = Math.min(rowEnd, rows.end);
      const column = columns.find((name) => name === columnName);
      if (from >= to || column === undefined || !isNumeric(columnData)) return;
      target[column]?.set(columnData.slice(from - rowStart, to - rowStart), from - rows.start);
      filled += to - from;
    },
  });
  if (filled !== columns.length * (rows.end - rows.start))
    throw new Error('its columns are not of the expected type or length');
}

/** Plain doubles come as a typed array, dictionary-coded and converted ones as an array. */
function isNumeric(data: DecodedArray): data is Float64Array | number[] {
  return data instanceof Float64Array || (Array.isArray(data) && typeof data[0] === 'number');
}

function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength) return buffer;
  return new Uint8Array(bytes).buffer;
}
