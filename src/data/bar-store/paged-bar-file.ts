import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  allocateBars,
  barColumns,
  barsInRange,
  fromInt64,
  type BarColumn,
  type Bars,
  type TimeRange,
} from '../../market/index.ts';
import type { BarFile, Footer } from './bar-file-format.ts';
import { readBytes, type ByteSource } from './byte-source.ts';
import { checkSeal } from './seal.ts';

/** What a slice reads at least, and the finest that a checksum covers: 1.5 MiB of bars. */
export const rowsPerGroup = 32_768;

/**
 * A bar file whose pages are checked one by one, so that a slice is read and trusted without the rest of the file. The
 * pages hold the numbers as memory does; they are read into the columns in place.
 */
export function openPagedBarFile(source: ByteSource, footer: Footer, digests: string): BarFile {
  const seal = checkSeal(footer.bytes);
  const groups = groupsOf(footer, digests);
  const count = groups.at(-1)?.rows.end ?? 0;
  const read = async (columns: readonly BarColumn[], range?: TimeRange): Promise<Bars> => {
    const near = range === undefined ? groups : groups.filter(({ times }) => overlap(times, range));
    const from = near[0]?.rows.start ?? 0;
    const bars = allocateColumns(columns, (near.at(-1)?.rows.end ?? from) - from);
    await Promise.all(near.map((group) => readGroup(source, group, { columns, bars, from })));
    return range === undefined ? bars : barsInRange(bars, range);
  };
  return {
    label: footer.label,
    seal,
    count,
    stamps: async (range) => (await read(['time'], range)).time,
    bars: (range) => read(barColumns, range),
    fill: async (bars) => {
      await Promise.all(groups.map((group) => readGroup(source, group, { columns: barColumns, bars, from: 0 })));
    },
    check: async () => {
      const magic = await readBytes(source, 0, 4);
      if (Buffer.from(magic).toString('latin1') !== 'PAR1') throw new Error('its first bytes are not those of Parquet');
      for (const { pages } of groups) for (const page of pages) await checkPage(source, page);
      if ((groups.at(-1)?.pages.at(-1)?.end ?? 4) !== footer.start) throw new Error('there are bytes without a seal');
    },
  };
}

interface Page {
  readonly column: BarColumn;
  /** Of the page with its header, in the file. */
  readonly start: number;
  readonly end: number;
  readonly crc: number;
  readonly sha256: string;
}

interface Group {
  readonly rows: TimeRange;
  /** The stamps of the first and the last row. */
  readonly times: { readonly first: number; readonly last: number };
  readonly pages: readonly Page[];
}

const digestLength = 8 + 64;

function groupsOf({ metadata }: Footer, digests: string): Group[] {
  let row = 0;
  return metadata.row_groups.map(({ columns, num_rows }, groupIndex) => {
    const rows = { start: row, end: row + Number(num_rows) };
    row = rows.end;
    const { min_value: first, max_value: last } = columns[0]?.meta_data?.statistics ?? {};
    const pages = barColumns.map((column, index): Page => {
      const chunk = columns[index]?.meta_data;
      const at = (groupIndex * barColumns.length + index) * digestLength;
      const digest = digests.slice(at, at + digestLength);
      if (chunk === undefined || digest.length < digestLength) throw new Error(`its column ${column} is not described`);
      const start = Number(chunk.data_page_offset);
      return {
        column,
        start,
        end: start + Number(chunk.total_compressed_size),
        crc: Number.parseInt(digest.slice(0, 8), 16),
        sha256: digest.slice(8),
      };
    });
    return { rows, times: { first: Number(first), last: Number(last) }, pages };
  });
}

function overlap({ first, last }: Group['times'], { start, end }: TimeRange): boolean {
  return !(last < start || first >= end);
}

function allocateColumns(columns: readonly BarColumn[], count: number): Bars {
  const bars = allocateBars(0);
  return { ...bars, ...Object.fromEntries(columns.map((column) => [column, new Float64Array(count)])) };
}

async function readGroup(
  source: ByteSource,
  { rows, pages }: Group,
  { columns, bars, from }: { columns: readonly BarColumn[]; bars: Bars; from: number },
): Promise<void> {
  const wanted = pages.filter(({ column }) => columns.includes(column));
  const [first] = wanted;
  if (first === undefined) return;
  const targets: Uint8Array[] = [];
  const data = wanted.map(({ column, start, end }) => {
    const values = bars[column].subarray(rows.start - from, rows.end - from);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    // The page lies at the end of its chunk; what is before it is the page's header.
    targets.push(new Uint8Array(end - start - bytes.length), bytes);
    return { column, values, bytes };
  });
  await source.read(targets, first.start);
  for (const [index, { column, values, bytes }] of data.entries()) {
    if (crc32(bytes) !== wanted[index]?.crc) throw new Error(`its column ${column} does not match its checksum`);
    // They are numbers from here on, where they lie.
    if (column === 'time') fromInt64(new BigInt64Array(values.buffer, values.byteOffset, values.length), values);
  }
}

async function checkPage(source: ByteSource, { column, start, end, sha256 }: Page): Promise<void> {
  const found = createHash('sha256')
    .update(await readBytes(source, start, end))
    .digest('hex');
  if (found !== sha256) throw new Error(`its column ${column} does not match its seal`);
}
