import { parquetRead, type DecodedArray, type FileMetaData } from 'hyparquet';
import {
  allocateBars,
  barColumns,
  indexAtOrAfter,
  type BarColumn,
  type Bars,
  type TimeRange,
} from '../../market/index.ts';
import { exactBuffer, stampParsers, type BarFile, type Footer } from './bar-file-format.ts';
import { readBytes, type ByteSource } from './byte-source.ts';
import { checkSeal } from './seal.ts';

/**
 * A bar file of an older layout: compressed columns, and one digest of the whole file, which is therefore read and
 * checked as a whole before anything is taken from it.
 */
export async function openSealedBarFile(source: ByteSource, { metadata, label }: Footer): Promise<BarFile> {
  const bytes = await readBytes(source, 0, source.size);
  const seal = checkSeal(bytes);
  const file: Source = { buffer: exactBuffer(bytes), metadata };
  const count = Number(metadata.num_rows);
  const rowsOf = async (range: TimeRange | undefined): Promise<{ time: Float64Array; rows: Rows }> => {
    if (range === undefined)
      return { time: await readTime(file, { start: 0, end: count }), rows: { start: 0, end: count } };
    const near = rowsNear(metadata, range);
    const time = await readTime(file, near);
    const from = indexAtOrAfter(time, range.start);
    const to = Math.max(from, indexAtOrAfter(time, range.end));
    return { time: time.subarray(from, to), rows: { start: near.start + from, end: near.start + to } };
  };
  const bars = async (range?: TimeRange): Promise<Bars> => {
    const { time, rows } = await rowsOf(range);
    const columns = { ...allocateBars(rows.end - rows.start), time };
    await readRows(file, { rows, columns: barColumns.filter((column) => column !== 'time'), target: columns });
    return columns;
  };
  return {
    label,
    seal,
    count,
    stamps: async (range) => (await rowsOf(range)).time,
    bars,
    fill: async (target) => {
      const all = await bars();
      for (const column of barColumns) target[column].set(all[column]);
    },
    check: async () => {},
  };
}

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
    parsers: stampParsers,
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
