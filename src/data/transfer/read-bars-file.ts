import { open, stat } from 'node:fs/promises';
import type { CancellationToken } from '../../async/index.ts';
import { KtrdrError, systemCode } from '../../base/index.ts';
import type { Bars } from '../../market/index.ts';
import { FileFault } from './file-fault.ts';
import { readArrow } from './read-arrow.ts';
import { readCsv } from './read-csv.ts';
import { readParquet } from './read-parquet.ts';
import type { StampOptions } from './stamps.ts';

export interface ReadOptions extends StampOptions {
  readonly token: CancellationToken;
  /** Hears how much of the file has been read, in any unit. */
  readonly onProgress: (done: number, total: number) => void;
  /** What a file may hold; see `BarCollector`. */
  readonly mostBars?: number;
  readonly mayLackPrices?: boolean;
}

/** The rows of a file as they stand in it, in any order. */
export interface BarsOfFile {
  readonly bars: Bars;
  /** Columns that mean nothing to a bar. */
  readonly ignored: readonly string[];
  /** The row of the file that holds the first bar, counted from 1. */
  readonly firstRow: number;
}

export type FileFormat = 'csv' | 'csv.gz' | 'parquet' | 'arrow';

/**
 * Reads a file of bars: CSV, also packed by gzip, Parquet, Arrow file or stream, told apart by their first bytes. The
 * text is read piece by piece; what stays is 48 bytes a bar.
 * @throws KtrdrError `not_found` for a file that is not there; `invalid_input` naming the file, and row and column of
 * the first thing that is wrong in it.
 */
export async function readBarsFile(
  path: string,
  options: ReadOptions,
): Promise<BarsOfFile & { format: FileFormat; bytes: number }> {
  try {
    const { format, size } = await formatOf(path);
    const read = { csv: readCsv, 'csv.gz': readCsv, parquet: readParquet, arrow: readArrow }[format];
    return { ...(await read(path, { ...options, gzip: format === 'csv.gz', size })), format, bytes: size };
  } catch (cause) {
    if (cause instanceof FileFault) {
      throw new KtrdrError('invalid_input', `Cannot read "${path}": ${cause.message}.`, {
        cause,
        details: cause.details,
      });
    }
    const why = unreadable.get(systemCode(cause) ?? '');
    if (why === undefined) throw cause;
    throw new KtrdrError(why.code, `Cannot read "${path}": ${why.words}.`, { cause });
  }
}

const unreadable: ReadonlyMap<string, { code: 'not_found' | 'invalid_input'; words: string }> = new Map([
  ['ENOENT', { code: 'not_found', words: 'there is no such file where the API runs' }],
  ['ENOTDIR', { code: 'not_found', words: 'there is no such file where the API runs' }],
  ['EISDIR', { code: 'invalid_input', words: 'it is a directory' }],
  ['EACCES', { code: 'invalid_input', words: 'the user that the API runs as may not read it' }],
  // So macOS says of a folder that the user has not opened to the program.
  ['EPERM', { code: 'invalid_input', words: 'the user that the API runs as may not read it' }],
  ['Z_DATA_ERROR', { code: 'invalid_input', words: 'its gzip compression is damaged' }],
  ['Z_BUF_ERROR', { code: 'invalid_input', words: 'its gzip data ends early' }],
]);

async function formatOf(path: string): Promise<{ format: FileFormat; size: number }> {
  const file = await stat(path);
  // A device or a pipe may never end.
  if (!file.isFile()) throw new FileFault({}, file.isDirectory() ? 'it is a directory' : 'it is not a regular file');
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return { format: formatByMagic(buffer.subarray(0, bytesRead)), size: file.size };
  } finally {
    await handle.close();
  }
}

function formatByMagic(head: Buffer): FileFormat {
  if (head.toString('latin1', 0, 4) === 'PAR1') return 'parquet';
  if (head.toString('latin1', 0, 6) === 'ARROW1') return 'arrow';
  // The continuation mark with which each message of a stream begins.
  if (head.length >= 4 && head.readUInt32LE(0) === 0xffff_ffff) return 'arrow';
  return head[0] === 0x1f && head[1] === 0x8b ? 'csv.gz' : 'csv';
}
