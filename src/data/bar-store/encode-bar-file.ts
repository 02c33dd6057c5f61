import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ColumnChunk, ColumnMetaData, RowGroup } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { Steps } from '../../base/index.ts';
import { barColumns, barCount, sliceBars, toInt64, type BarColumn, type Bars } from '../../market/index.ts';
import { barSchema, fileKeys, type BarFileLabel } from './bar-file-format.ts';
import { rowsPerGroup } from './paged-bar-file.ts';
import { openSeal, writeSeal } from './seal.ts';

/** The parts of a bar file in their order, and its seal. */
export interface EncodedBarFile {
  readonly parts: readonly Uint8Array[];
  readonly seal: string;
}

const magic = new TextEncoder().encode('PAR1');

/**
 * Bars as Parquet: groups of rows, in which each column is one plain, uncompressed page with its CRC-32 (a reader copies
 * it as it is). The footer holds the checksums of all pages once more, with their SHA-256, and is itself sealed with a
 * SHA-256; so the seal speaks for every byte, and a slice is checked without the rest of the file.
 */
export function* encodeBarFile(bars: Bars, label: BarFileLabel): Steps<EncodedBarFile> {
  const parts: Uint8Array[] = [];
  let pending: Uint8Array[] = [magic];
  let offset = magic.length;
  const groups: RowGroup[] = [];
  let digests = '';
  for (let from = 0; from < barCount(bars); from += rowsPerGroup) {
    const rows = sliceBars(bars, from, Math.min(from + rowsPerGroup, barCount(bars)));
    const columns: ColumnChunk[] = [];
    const start = offset;
    for (const name of barColumns) {
      const page = encodePage(name, rows);
      columns.push({ file_offset: BigInt(offset), meta_data: describePage(name, rows, { offset, page }) });
      pending.push(page.header, page.data);
      offset += page.header.length + page.data.length;
      digests += page.digests;
      yield;
    }
    groups.push({ columns, total_byte_size: BigInt(offset - start), num_rows: BigInt(barCount(rows)) });
    parts.push(Buffer.concat(pending));
    pending = [];
    yield;
  }
  const footer = encodeFooter({ rows: barCount(bars), groups, label, digests });
  const seal = writeSeal(footer);
  return { parts: [...parts, Buffer.concat([...pending, footer])], seal };
}

interface Page {
  readonly header: Uint8Array;
  readonly data: Uint8Array;
  readonly digests: string;
}

function encodePage(name: BarColumn, rows: Bars): Page {
  const values = name === 'time' ? toInt64(rows.time) : rows[name];
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const crc = crc32(data);
  const writer = new ByteWriter(64);
  writePageHeader(writer, {
    type: 'DATA_PAGE',
    uncompressed_page_size: data.length,
    compressed_page_size: data.length,
    crc: crc | 0,
    data_page_header: {
      num_values: barCount(rows),
      encoding: 'PLAIN',
      definition_level_encoding: 'RLE',
      repetition_level_encoding: 'RLE',
    },
  });
  const header = writer.getBytes();
  const sha256 = createHash('sha256').update(header).update(data).digest('hex');
  return { header, data, digests: `${crc.toString(16).padStart(8, '0')}${sha256}` };
}

function describePage(
  name: BarColumn,
  { time }: Bars,
  { offset, page }: { offset: number; page: Page },
): ColumnMetaData {
  const size = BigInt(page.header.length + page.data.length);
  const bounds = { min_value: BigInt(time[0] ?? 0), max_value: BigInt(time.at(-1) ?? 0), null_count: 0n };
  return {
    type: name === 'time' ? 'INT64' : 'DOUBLE',
    encodings: ['PLAIN', 'RLE'],
    path_in_schema: [name],
    codec: 'UNCOMPRESSED',
    num_values: BigInt(time.length),
    total_uncompressed_size: size,
    total_compressed_size: size,
    data_page_offset: BigInt(offset),
    ...(name === 'time' ? { statistics: bounds } : {}),
  };
}

function encodeFooter({
  rows,
  groups,
  label,
  digests,
}: {
  rows: number;
  groups: RowGroup[];
  label: BarFileLabel;
  digests: string;
}): Uint8Array {
  const writer = new ByteWriter(4096 + digests.length);
  writeMetadata(writer, {
    version: 2,
    schema: barSchema,
    num_rows: BigInt(rows),
    row_groups: groups,
    key_value_metadata: [
      { key: fileKeys.series, value: JSON.stringify(label) },
      { key: fileKeys.pages, value: digests },
      { key: fileKeys.seal, value: openSeal },
    ],
    created_by: 'ktrdr',
    metadata_length: 0,
  });
  writer.appendBytes(magic);
  return writer.getBytes();
}
