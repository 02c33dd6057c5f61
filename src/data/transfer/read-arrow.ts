import { open } from 'node:fs/promises';
import type { Field, Vector } from 'apache-arrow';
import { KtrdrError } from '../../base/index.ts';
import { BarCollector, type Cell } from './bar-collector.ts';
import { FileFault } from './file-fault.ts';
import { findColumns } from './header.ts';
import { unpackLz4Frame } from './lz4.ts';
import type { BarsOfFile, ReadOptions } from './read-bars-file.ts';
import type { FileStamp } from './stamps.ts';

/** An Arrow IPC file (also named Feather) or stream. @throws FileFault as the other formats do. */
export async function readArrow(path: string, options: ReadOptions): Promise<BarsOfFile> {
  const arrow = await loadArrow();
  const handle = await open(path);
  try {
    const reader = await readable(async () => (await arrow.RecordBatchReader.from(handle)).open());
    // Of a stream without a first message the library knows no schema, and does not say so.
    const { fields = [] } = (reader.schema as typeof reader.schema | undefined) ?? {};
    const columns = findColumns(fields.map(({ name }: Field) => name));
    const collector = new BarCollector(columns, { ...options, firstRow: 1 });
    const meanings = fields.map((field: Field) => meaningOf(arrow, field));
    for (let done = 1; ; done += 1) {
      options.token.throwIfCancelled('the reading of the file');
      const { value: batch, done: isEnd } = await readable(async () => reader.next());
      if (isEnd === true) break;
      // How many batches there are is not known before the end.
      options.onProgress(done - 1, done);
      const vectors = fields.map((_: Field, place: number) => batch.getChildAt(place));
      collector.addBatch({
        rows: batch.numRows,
        numbers: (place) => numbersOf(vectors[place]),
        cell: (place, row) => {
          const value: unknown = vectors[place]?.get(row);
          return meanings[place]?.(value) ?? (value as Cell);
        },
      });
    }
    return { bars: collector.bars(), ignored: columns.ignored, firstRow: 1 };
  } finally {
    await handle.close();
  }
}

type Arrow = typeof import('apache-arrow');

/** The library is large; a program that never reads Arrow does not load it. It unpacks nothing by itself. */
async function loadArrow(): Promise<Arrow> {
  const [arrow, { decompress }] = await Promise.all([import('apache-arrow'), import('fzstd')]);
  const { compressionRegistry, CompressionType } = arrow;
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: unpackLz4Frame });
  compressionRegistry.set(CompressionType.ZSTD, { decode: (packed) => aligned(decompress(packed)) });
  return arrow;
}

/** Columns of doubles can only be looked at where eight bytes begin. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

/** The memory of a column of doubles without nulls. */
function numbersOf(vector: Vector | null | undefined): Float64Array | undefined {
  const [only, ...more] = vector?.data ?? [];
  if (only === undefined || more.length > 0 || only.nullCount > 0) return undefined;
  const values: unknown = only.values;
  return values instanceof Float64Array ? values.subarray(0, only.length) : undefined;
}

/** Turns a value into what the type of its column says that it is; undefined where it is what it looks like. */
function meaningOf(arrow: Arrow, { type }: Field): (cell: unknown) => FileStamp | number | undefined {
  if (arrow.DataType.isDecimal(type)) {
    const { scale } = type;
    return (cell) => (cell instanceof Uint32Array ? Number(`${integerOf(cell)}e${-scale}`) : undefined);
  }
  if (arrow.DataType.isDate(type)) {
    return (cell) =>
      cell === null || cell === undefined ? undefined : { kind: 'wall-clock', ms: Number(cell), isDate: true };
  }
  if (!arrow.DataType.isTimestamp(type)) return () => undefined;
  // An instant where it has a zone, else what a clock showed.
  const kind = type.timezone === null || type.timezone === undefined || type.timezone === '' ? 'wall-clock' : 'instant';
  return (cell) => (cell === null || cell === undefined ? undefined : { kind, ms: Number(cell) });
}

/** Of words of 32 bits, the lowest first, the highest with the sign. */
function integerOf(words: Uint32Array): bigint {
  const size = 32 * words.length;
  return BigInt.asIntN(
    size,
    words.reduce((sum, word, index) => sum + (BigInt(word) << BigInt(32 * index)), 0n),
  );
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new FileFault({}, `the Arrow file cannot be read: ${KtrdrError.from(cause).message}`, cause);
  }
}
