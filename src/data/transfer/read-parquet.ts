import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type ColumnData,
  type Compressors,
  type ParquetParsers,
  type SchemaElement,
} from 'hyparquet';
import { KtrdrError } from '../../base/index.ts';
import { BarCollector, type Cell } from './bar-collector.ts';
import { FileFault } from './file-fault.ts';
import { findColumns } from './header.ts';
import { unpackLz4Block } from './lz4.ts';
import type { BarsOfFile, ReadOptions } from './read-bars-file.ts';
import type { FileStamp } from './stamps.ts';
import { dayMs } from '../../market/index.ts';

/** @throws FileFault for a file that cannot be read, and for the first row that is not as it must be. */
export async function readParquet(path: string, options: ReadOptions): Promise<BarsOfFile> {
  const file = await asyncBufferFromFile(path);
  const metadata = await readable(() => parquetMetadataAsync(file, { parsers }));
  const fields = metadata.schema.slice(1).filter(({ num_children: children = 0 }) => children === 0);
  const compressors = await loadCompressors();
  const columns = findColumns(fields.map(({ name }) => name));
  const collector = new BarCollector(columns, { ...options, firstRow: 1 });
  const meanings = fields.map(meaningOf);
  let rowStart = 0;
  for (const { num_rows: rowsInGroup } of metadata.row_groups) {
    options.token.throwIfCancelled('the reading of the file');
    const rowEnd = rowStart + Number(rowsInGroup);
    const group = new RowGroup(rowStart);
    const onChunk = (chunk: ColumnData): void => group.take(chunk);
    await readable(() => parquetRead({ file, metadata, rowStart, rowEnd, parsers, compressors, onChunk }));
    collector.addBatch({
      rows: rowEnd - rowStart,
      numbers: (place) => group.numbers(fields[place]?.name ?? ''),
      cell: (place, row) => {
        const value = group.cell(fields[place]?.name ?? '', row);
        return meanings[place]?.(value) ?? value;
      },
    });
    rowStart = rowEnd;
    options.onProgress(rowEnd, Number(metadata.num_rows));
  }
  if (rowStart !== Number(metadata.num_rows))
    throw new FileFault({}, 'the Parquet file does not have the rows it announces');
  return { bars: collector.bars(), ignored: columns.ignored, firstRow: 1 };
}

/** The columns of one row group, each in the pieces in which they come. */
class RowGroup {
  readonly #start: number;
  readonly #columns = new Map<string, ColumnData[]>();

  constructor(start: number) {
    this.#start = start;
  }

  take(chunk: ColumnData): void {
    const pieces = this.#columns.get(chunk.columnName);
    if (pieces === undefined) this.#columns.set(chunk.columnName, [chunk]);
    else pieces.push(chunk);
  }

  /** A column that came as one piece of doubles. */
  numbers(name: string): Float64Array | undefined {
    const [only, ...more] = this.#columns.get(name) ?? [];
    return more.length === 0 && only?.rowStart === this.#start && only.columnData instanceof Float64Array
      ? only.columnData
      : undefined;
  }

  cell(name: string, row: number): Cell {
    const at = this.#start + row;
    const piece = this.#columns.get(name)?.find(({ rowStart, rowEnd }) => rowStart <= at && at < rowEnd);
    return piece === undefined ? undefined : (piece.columnData[at - piece.rowStart] as Cell);
  }
}

/** Times as numbers, milliseconds since 1970; dates do not become objects. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros) => Number(micros) / 1_000,
  timestampFromNanoseconds: (nanos) => Number(nanos / 1_000n) / 1_000,
  dateFromDays: (days) => days * dayMs,
};

/** Turns a value into what the type of its column says that it is; undefined where it is what it looks like. */
function meaningOf({
  converted_type: converted,
  logical_type: logical,
  scale = 0,
}: SchemaElement): (cell: Cell) => FileStamp | number | undefined {
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    // The library multiplies by a power of ten, which is off by the last digit of a double.
    return (cell) => (typeof cell === 'number' ? Number(cell.toFixed(scale)) : undefined);
  }
  if (converted === 'DATE' || logical?.type === 'DATE') {
    return (cell) => (typeof cell === 'number' ? { kind: 'wall-clock', ms: cell, isDate: true } : undefined);
  }
  const isTime = logical?.type === 'TIMESTAMP' || converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS';
  if (!isTime) return () => undefined;
  const kind = logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC ? 'wall-clock' : 'instant';
  return (cell) => (typeof cell === 'number' ? { kind, ms: cell } : undefined);
}

/** How pages may be packed, beside snappy, which is built in. The lengths are those that the pages announce. */
async function loadCompressors(): Promise<Compressors> {
  const { decompress } = await import('fzstd');
  return {
    GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(length, 1) }),
    BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(length, 1) }),
    ZSTD: (input, length) => decompress(input, new Uint8Array(length)),
    LZ4_RAW: unpackLz4Block,
    LZ4: refuse('the lz4 of Hadoop'),
    LZO: refuse('lzo'),
  };
}

function refuse(codec: string): () => Uint8Array {
  return () => {
    throw new Error(`it is compressed with ${codec}; write it with zstd, snappy or without compression`);
  };
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new FileFault({}, `the Parquet file cannot be read: ${KtrdrError.from(cause).message}`, cause);
  }
}
