import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import {
  arrowFileChunks,
  barColumns,
  barCount,
  isIntraday,
  toInt64,
  type Bars,
  type Timeframe,
} from '../../market/index.ts';
import { barSchema } from '../bar-store/bar-file-format.ts';
import type { ExportFormat } from '../choices.ts';

/**
 * Bars that come in pieces, oldest first, as the bytes of one file, piece by piece. What is read back from it are the
 * same bars, bit for bit.
 */
export function encodeBars(
  pieces: AsyncIterable<Bars>,
  { format, timeframe }: { format: ExportFormat; timeframe: Timeframe },
): AsyncIterable<Uint8Array> {
  switch (format) {
    case 'csv':
      return encodeCsv(pieces, timeframe);
    case 'parquet':
      return encodeParquet(pieces);
    case 'arrow':
      return arrowFileChunks(pieces);
    default:
      return format satisfies never;
  }
}

const rowsAtOnce = 10_000;

/**
 * `timestamp,open,high,low,close,volume`, instants in ISO 8601 with zone; `date` instead for slower bars. Numbers in the
 * shortest form that means exactly them; a volume that there is not stays empty.
 */
async function* encodeCsv(pieces: AsyncIterable<Bars>, timeframe: Timeframe): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`${isIntraday(timeframe) ? 'timestamp' : 'date'},open,high,low,close,volume\n`);
  for await (const bars of pieces) {
    for (let from = 0; from < barCount(bars); from += rowsAtOnce) {
      let text = '';
      const to = Math.min(from + rowsAtOnce, barCount(bars));
      for (let index = from; index < to; index += 1) text += csvRow(bars, index, timeframe);
      yield encoder.encode(text);
    }
  }
}

function csvRow({ time, open, high, low, close, volume }: Bars, index: number, timeframe: Timeframe): string {
  const iso = new Date(time[index] ?? Number.NaN).toISOString();
  const stamp = isIntraday(timeframe) ? iso.replace('.000Z', 'Z') : iso.slice(0, 10);
  const amount = volume[index] ?? Number.NaN;
  return `${stamp},${open[index]},${high[index]},${low[index]},${close[index]},${Number.isNaN(amount) ? '' : amount}\n`;
}

/** As the store's own files, without their seal; each piece is at least one row group. */
async function* encodeParquet(pieces: AsyncIterable<Bars>): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({ writer: bytes, schema: barSchema, createdBy: 'ktrdr' });
  for await (const bars of pieces) {
    if (barCount(bars) === 0) continue;
    const columnData = barColumns.map((name) =>
      name === 'time'
        ? { name, data: toInt64(bars.time), encoding: 'DELTA_BINARY_PACKED' as const }
        : { name, data: bars[name] },
    );
    await writer.write({ columnData, rowGroupSize: 100_000 });
    yield drained(bytes);
  }
  await writer.finish();
  yield drained(bytes);
}

/** What has been written so far, taken out; places in the file go on counting. */
function drained(writer: ByteWriter): Uint8Array {
  const written = new Uint8Array(writer.buffer, 0, writer.index).slice();
  writer.index = 0;
  return written;
}
