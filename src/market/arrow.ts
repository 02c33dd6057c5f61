import type { Data, Field, Float64, RecordBatch, Schema, Table, TimestampMillisecond } from 'apache-arrow';
import { KtrdrError } from '../base/index.ts';
import { allocateBars, barColumns, barCount, emptyBars, type BarColumn, type Bars } from './bars.ts';
import { checkBars } from './check-bars.ts';
import { fromInt64, toInt64 } from './int64.ts';

/** Says how many bars the stream holds, so that one cut off between two batches is noticed. */
const countKey = 'ktrdr.count';

/**
 * Writes bars as an Arrow IPC stream: `time` as a timestamp in milliseconds UTC, which pandas and polars read as such,
 * the rest as float64, no nulls.
 */
export async function barsToArrow(bars: Bars): Promise<Uint8Array> {
  const arrow = await loadArrow();
  const schema = barSchema(arrow, new Map([[countKey, String(barCount(bars))]]));
  return arrow.tableToIPC(new arrow.Table(schema, [recordBatch(arrow, schema, bars)]), 'stream');
}

/**
 * Bars that come in pieces as an Arrow IPC file, piece by piece: what pandas, polars and DuckDB take `.arrow` and Feather
 * to be. Its last bytes tell where each batch lies, so it is one to be kept, where the stream is one to be sent.
 */
export async function* arrowFileChunks(pieces: AsyncIterable<Bars>): AsyncGenerator<Uint8Array> {
  const arrow = await loadArrow();
  const schema = barSchema(arrow, new Map());
  let isWanted = true;
  async function* batches(): AsyncGenerator<RecordBatch> {
    let isEmpty = true;
    for await (const bars of pieces) {
      if (!isWanted) return;
      isEmpty = false;
      yield recordBatch(arrow, schema, bars);
    }
    // Without any batch the file would not tell its columns.
    if (isEmpty) yield recordBatch(arrow, schema, emptyBars);
  }
  const writer = new arrow.RecordBatchFileWriter();
  const written = writer.writeAll(batches());
  // Whoever reads would wait for ever; why it ended is heard below.
  written.catch((cause: unknown) => isWanted && writer.abort(cause));
  try {
    for await (const chunk of writer) yield chunk;
  } catch (ended) {
    await written;
    throw ended;
  } finally {
    isWanted = false;
  }
  await written;
}

/**
 * Reads bars from an Arrow IPC stream as `barsToArrow` writes it.
 * @throws KtrdrError `data_corrupt` for bytes that are no such stream, end early or hold bars that `checkBars` refuses.
 */
export async function barsFromArrow(bytes: Uint8Array): Promise<Bars> {
  const arrow = await loadArrow();
  const table = parseTable(arrow, bytes);
  const announced = table.schema.metadata.get(countKey);
  if (announced !== undefined && announced !== String(table.numRows)) {
    throw corrupt(`it holds ${table.numRows} bars where it announces ${announced}`);
  }
  const bars = allocateBars(table.numRows);
  for (const column of barColumns) fillColumn({ arrow, table, column, target: bars[column] });
  checkBars(bars, 'Bars from an Arrow stream');
  return bars;
}

type Arrow = typeof import('apache-arrow');

function barSchema(arrow: Arrow, metadata: Map<string, string>): Schema {
  const fields = barColumns.map(
    (column): Field =>
      new arrow.Field(column, column === 'time' ? new arrow.TimestampMillisecond('UTC') : new arrow.Float64(), false),
  );
  return new arrow.Schema(fields, metadata);
}

function recordBatch(arrow: Arrow, schema: Schema, bars: Bars): RecordBatch {
  const length = barCount(bars);
  const children = barColumns.map((column): Data<TimestampMillisecond> | Data<Float64> =>
    column === 'time'
      ? arrow.makeData({
          type: new arrow.TimestampMillisecond('UTC'),
          length,
          nullCount: 0,
          data: toInt64(bars.time),
        })
      : arrow.makeData({ type: new arrow.Float64(), length, nullCount: 0, data: bars[column] }),
  );
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type: new arrow.Struct(schema.fields), length, nullCount: 0, children }),
  );
}

/** The library is large; a program that never speaks Arrow does not load it. */
function loadArrow(): Promise<Arrow> {
  return import('apache-arrow');
}

function parseTable(arrow: Arrow, bytes: Uint8Array): Table {
  try {
    return arrow.tableFromIPC(bytes);
  } catch (error) {
    throw corrupt(error instanceof Error ? error.message : String(error), error);
  }
}

function fillColumn({
  arrow,
  table,
  column,
  target,
}: {
  arrow: Arrow;
  table: Table;
  column: BarColumn;
  target: Float64Array;
}): void {
  const vector = table.getChild(column);
  if (vector === null) throw corrupt(`it has no column "${column}"`);
  const fits =
    column === 'time'
      ? arrow.DataType.isTimestamp(vector.type) && vector.type.unit === arrow.TimeUnit.MILLISECOND
      : arrow.DataType.isFloat(vector.type);
  if (!fits) throw corrupt(`its column "${column}" has the type ${String(vector.type)}`);
  if (vector.nullCount > 0) throw corrupt(`its column "${column}" holds nulls`);
  let offset = 0;
  for (const { values, length } of vector.data) {
    if (values instanceof Float64Array) target.set(values.subarray(0, length), offset);
    else if (values instanceof BigInt64Array) fromInt64(values.subarray(0, length), target.subarray(offset));
    else throw corrupt(`its column "${column}" has the type ${String(vector.type)}`);
    offset += length;
  }
}

function corrupt(reason: string, cause?: unknown): KtrdrError {
  return new KtrdrError('data_corrupt', `Bars cannot be read from an Arrow stream: ${reason}. Ask for them again.`, {
    cause,
  });
}
