import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { BarCollector } from './bar-collector.ts';
import { csvRows } from './csv-rows.ts';
import { FileFault } from './file-fault.ts';
import { findColumns } from './header.ts';
import type { BarsOfFile, ReadOptions } from './read-bars-file.ts';

/** @throws FileFault for the first row that is not as it must be. */
export async function readCsv(
  path: string,
  options: ReadOptions & { gzip: boolean; size: number },
): Promise<BarsOfFile> {
  let collector: BarCollector | undefined;
  let ignored: readonly string[] = [];
  for await (const rows of csvRows(pieces(path, options))) {
    for (const cells of rows) {
      if (collector === undefined) {
        const columns = findColumns(cells);
        ({ ignored } = columns);
        collector = new BarCollector(columns, { ...options, firstRow: 2 });
      } else {
        collector.add(cells);
      }
    }
  }
  if (collector === undefined) throw new FileFault({}, 'the file is empty');
  return { bars: collector.bars(), ignored, firstRow: 2 };
}

/** The file piece by piece, unpacked where it is packed; progress counts what has been read of the file itself. */
async function* pieces(
  path: string,
  { gzip, size, token, onProgress }: ReadOptions & { gzip: boolean; size: number },
): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  let readBytes = 0;
  file.on('data', (chunk) => (readBytes += chunk.length));
  const stream = gzip ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      token.throwIfCancelled('the reading of the file');
      yield chunk;
      onProgress(readBytes, size);
    }
  } finally {
    file.destroy();
  }
}
