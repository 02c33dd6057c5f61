import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type Compressors,
  type ParquetParsers,
  type SchemaElement,
} from 'hyparquet';
import { KtrdrError } from '../../base/index.ts';
import { BarCollector, type Cell } from './bar-collector.ts';
import { FileFault } from './file-fault.ts';
import { findColumns } from './header.ts';
import type { BarsOfFile, ReadOptions } from './read-bars-file.ts';
import type { FileStamp } from './stamps.ts';

/** @throws FileFault for a file that cannot be read, and for the first row that is not as it must be. */
export async function readParquet(path: string, options: ReadOptions): Promise<BarsOfFile> {
  const file = await asyncBufferFromFile(path);
  const metadata = await readable(() => parquetMetadataAsync(file, { parsers }));
  const fields = metadata.schema.slice(1).filter(({ num_children: children = 0 }) => children === 0);
  const columns = findColumns(fields.map(({ name }) => name));
  const collector = new BarCollector(columns, { ...options, firstRow: 1 });
  const stamps = columns.time.map((place) => stampOf(fields[place]));
  for (let rowStart = 0, group = 0; rowStart < Number(metadata.num_rows); group += 1) {
    options.token.throwIfCancelled('the reading of the file');
    const rowEnd = rowStart + Number(metadata.row_groups[group]?.num_rows ?? 0);
    let rows: Cell[][] = [];
    const onComplete = (complete: unknown[][]): void => void (rows = complete as Cell[][]);
    await readable(() => parquetRead({ file, metadata, rowStart, rowEnd, parsers, compressors, onComplete }));
    for (const row of rows) {
      for (const [index, place] of columns.time.entries()) row[place] = stamps[index]?.(row[place]) ?? row[place];
      collector.add(row);
    }
    rowStart = rowEnd;
    options.onProgress(rowEnd, Number(metadata.num_rows));
  }
  return { bars: collector.bars(), ignored: columns.ignored, firstRow: 1 };
}

/** Times as numbers, milliseconds since 1970; dates do not become objects. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros) => Number(micros) / 1_000,
  timestampFromNanoseconds: (nanos) => Number(nanos) / 1_000_000,
  dateFromDays: (days) => days * 86_400_000,
};

/** Turns what a typed column of times holds into a stamp; undefined for columns that are stamps by their text or number. */
function stampOf(field: SchemaElement | undefined): (cell: Cell) => FileStamp | undefined {
  const { converted_type: converted, logical_type: logical } = field ?? {};
  if (converted === 'DATE' || logical?.type === 'DATE') {
    return (cell) => (typeof cell === 'number' ? { kind: 'wall-clock', ms: cell, isDate: true } : undefined);
  }
  const isTime = logical?.type === 'TIMESTAMP' || converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS';
  if (!isTime) return () => undefined;
  const kind = logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC ? 'wall-clock' : 'instant';
  return (cell) => (typeof cell === 'number' ? { kind, ms: cell } : undefined);
}

/** Snappy is built in. */
const compressors: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ZSTD: refuse('zstd'),
  LZ4: refuse('lz4'),
  LZ4_RAW: refuse('lz4'),
  LZO: refuse('lzo'),
};

function refuse(codec: string): () => Uint8Array {
  return () => {
    throw new Error(`it is packed with ${codec}; write it with snappy or without compression`);
  };
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new FileFault({}, `the Parquet file cannot be read: ${KtrdrError.from(cause).message}`, cause);
  }
}
