import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  Decimal,
  Float64,
  makeData,
  makeVector,
  Table,
  tableFromArrays,
  tableToIPC,
  vectorFromArray,
  type Vector,
} from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasMarketData, marketData, readMarketData } from '../market-data.fixture.ts';
import { CancellationSource, CancellationToken } from '../../async/index.ts';
import { barColumns, barsFromRows, emptyBars, sliceBars, type Bars, type Timeframe } from '../../market/index.ts';
import { encodeBars } from './encode-bars.ts';
import { readBarsFile, type BarsOfFile, type ReadOptions } from './read-bars-file.ts';
import { type ExportFormat, exportFormats } from '../choices.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktrdr-transfer-'));
});
afterAll(() => rm(folder, { recursive: true }));

const options: ReadOptions = { timeframe: '1h', token: CancellationToken.none, onProgress: () => {} };

async function read(content: string | Uint8Array, given: Partial<ReadOptions> = {}): Promise<BarsOfFile> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  return readBarsFile(path, { ...options, ...given });
}

async function encoded(pieces: Bars[], format: ExportFormat, timeframe: Timeframe): Promise<Uint8Array> {
  async function* inTurn(): AsyncGenerator<Bars> {
    yield* pieces;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeBars(inTurn(), { format, timeframe })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const two = barsFromRows([
  { time: Date.parse('2024-03-08T14:30Z'), open: 1, high: 3, low: 0.5, close: 2, volume: 10 },
  { time: Date.parse('2024-03-08T15:00Z'), open: 2, high: 4, low: 1.5, close: 3, volume: 20 },
]);
const header = 'timestamp,open,high,low,close,volume';
const rows = ['2024-03-08T14:30:00Z,1,3,0.5,2,10', '2024-03-08T15:00:00Z,2,4,1.5,3,20'];
const plain = [header, ...rows, ''].join('\n');

describe('readBarsFile()', () => {
  it.each([
    ['our own form', plain],
    ['other line ends', plain.replaceAll('\n', '\r\n')],
    ['no last line end', plain.trimEnd()],
    ['a byte order mark', `\uFEFF${plain}`],
    ['UTF-16, as Windows programs write it', Buffer.from(`\uFEFF${plain}`, 'utf16le')],
    ['semicolons', plain.replaceAll(',', ';')],
    ['tabs', plain.replaceAll(',', '\t')],
    ['quotes', plain.replaceAll(/[^,\n]+/g, '"$&"')],
    ['short names in capitals', plain.replace(header, 'Time,O,H,L,C,V')],
    ['names in angle brackets', plain.replace(header, '<DATETIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>')],
    ['an unnamed index', plain.replace('timestamp', '')],
    ['the index of a data frame as Parquet names it', plain.replace('timestamp', '__index_level_0__')],
    ['numbered rows before the dates', plain.replace('timestamp', ',Date').replaceAll('\n2024', '\n0,2024')],
    ['gzip', gzipSync(plain)],
  ])('reads CSV with %s', async (_, content) => {
    expect(await read(content)).toMatchObject({ bars: two });
  });

  it('reads date and time of day apart, in the zone that was named, in any order of columns, and tells what it leaves', async () => {
    const text =
      'Adj Close,Close,Date,Time,Open,High,Low\n9,2,2024-03-08,09:30,1,3,0.5\n9,3,2024-03-08,10:00:00,2,4,1.5\n';
    const { bars, ignored } = await read(text, { zone: 'America/New_York' });
    expect(bars).toEqual({ ...two, volume: Float64Array.of(Number.NaN, Number.NaN) });
    expect(ignored).toEqual(['Adj Close']);
  });

  it('reads how Interactive Brokers writes', async () => {
    const text = 'date,open,high,low,close,volume,average,barCount\n20240308 09:30:00 US/Eastern,1,3,0.5,2,10,1.5,3\n';
    expect((await read(text)).bars).toEqual(sliceBars(two, 0, 1));
  });

  it.each([
    ['', /the file is empty/],
    [plain.replace('open', 'opening'), /its header has no column "open"; it has "timestamp", "opening"/],
    [plain.replace('low', 'HIGH'), /its header has two columns "high"/],
    [rows.join('\n'), /its header has no column "time"/],
    [plain.replace('15:00', '15:0x'), /row 3, column "timestamp": "2024-03-08T15:0x:00Z" is not a time/],
    [plain.replace('1.5', '1,5'), /row 3: it has 7 cells where the first row, which names them, has 6/],
    [plain.replace('1.5', '0x1'), /row 3, column "low": "0x1" is not a number/],
    [plain.replace('1.5', 'Infinity'), /row 3, column "low": "Infinity" is not a number/],
    [plain.replace('1.5', ''), /row 3, column "low": there is no price/],
    [plain.replace('\n2024', '\n\n2024'), /row 2: it is empty/],
    [plain.replace('0.5', '"0.5'), /row 2: a quoted cell does not end/],
    [plain.replace('0.5', '"0.5"x'), /row 2: text follows a quoted cell/],
    [gzipSync(plain).subarray(0, 60), /gzip data ends early/],
    [Buffer.from([...Buffer.from(plain), 0xc3, 0x28]), /neither CSV text in UTF-8/],
    [Buffer.from(plain, 'utf16le'), /neither CSV text in UTF-8/],
    [Buffer.alloc(100_000, 'x'), /neither CSV text in UTF-8/],
    ['PAR1 and no more', /the Parquet file cannot be read/],
    [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 9, 9), /the Arrow file cannot be read|its header has no column/],
  ])('refuses a wrong file with one sentence (%#)', async (content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message) as string,
    });
  });

  it('refuses what is no file', async () => {
    await expect(readBarsFile(join(folder, 'none'), options)).rejects.toMatchObject({ code: 'not_found' });
    await expect(readBarsFile(folder, options)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('is a directory') as string,
    });
  });

  it('stops between two pieces of a file when it is cancelled', async () => {
    using source = new CancellationSource();
    const many = [header, ...Array.from({ length: 100_000 }, () => rows[0])].join('\n');
    const onProgress = (): void => source.cancel('user');
    await expect(read(many, { token: source.token, onProgress })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('reads what others write as Arrow and Parquet: other names, types and units', async () => {
    const arrow = tableToIPC(
      tableFromArrays({
        ts: [1_709_908_200n, 1_709_910_000n].map(Number),
        Open: two.open,
        High: two.high,
        Low: two.low,
        Close: two.close,
        Volume: two.volume,
      }),
      'file',
    );
    expect((await read(arrow)).bars).toEqual(two);
    const parquet = parquetWriteBuffer({
      columnData: [
        { name: 'datetime', data: ['2024-03-08 09:30', '2024-03-08 10:00'], type: 'STRING' },
        ...(['open', 'high', 'low', 'close', 'volume'] as const).map((name) => ({ name, data: two[name] })),
      ],
    });
    expect((await read(new Uint8Array(parquet), { zone: 'America/New_York' })).bars).toEqual(two);
  });
});

describe('decimal numbers of typed files', () => {
  // In binary fractions 115 · 0.01 is 1.1500000000000001.
  const unscaled = [115n, 10_010n];
  const exact = Float64Array.of(1.15, 100.1);
  const ts = [1_709_908_200, 1_709_910_000];

  it('are the nearest double as Parquet', async () => {
    const decimal = (name: string) => ({ name, data: unscaled });
    const bytes = parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 5 },
        { name: 'ts', type: 'DOUBLE', repetition_type: 'REQUIRED' },
        ...['open', 'high', 'low', 'close'].map((name) => ({
          name,
          type: 'INT64' as const,
          repetition_type: 'REQUIRED' as const,
          converted_type: 'DECIMAL' as const,
          scale: 2,
          precision: 18,
        })),
      ],
      columnData: [{ name: 'ts', data: ts }, decimal('open'), decimal('high'), decimal('low'), decimal('close')],
    });
    expect((await read(new Uint8Array(bytes))).bars.close).toEqual(exact);
  });

  it('are the nearest double as Arrow, also below zero and beyond 64 bits', async () => {
    const type = new Decimal(2, 38, 128);
    const words = (values: bigint[]) =>
      Uint32Array.from(
        values.flatMap((value) => [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & 0xffff_ffffn))),
      );
    const values = [...unscaled, -1n, 2n ** 70n];
    const data = makeData({ type, length: values.length, data: words(values) });
    const four = () => vectorFromArray([1, 2, 3, 4], new Float64());
    const time = vectorFromArray([...ts, ...ts], new Float64());
    const table = new Table({
      ts: time,
      open: four(),
      high: four(),
      low: four(),
      close: four(),
      volume: makeVector(data),
    });
    const { volume } = (await read(tableToIPC(table, 'file'))).bars;
    expect(volume).toEqual(Float64Array.of(...exact, -0.01, Number(`${2n ** 70n}e-2`)));
  });
});

describe('a file of more bars than memory may hold', () => {
  it('is refused in the middle, packed or not', async () => {
    const many = [header, ...Array.from({ length: 5_000 }, () => rows[0])].join('\n');
    for (const content of [many, gzipSync(many)])
      await expect(read(content, { mostBars: 2_000 })).rejects.toThrow(/more than 2,000 bars; import it in parts/);
    const parquet = await encoded([sliceBars(two, 0, 2)], 'parquet', '1h');
    await expect(read(parquet, { mostBars: 1 })).rejects.toThrow(/more than 1 bars/);
  });
});

describe('a typed file with a value that is not there', () => {
  const [ts, good, bad] = [
    [1_709_908_200, 1_709_910_000],
    [1, 2],
    [1, null],
  ];
  const columns = (low: (number | null)[]) => ({ ts, open: good, high: good, low, close: good });

  it('is refused with row and column as Arrow', async () => {
    const vectors = Object.entries(columns(bad)).map(([name, values]) => [
      name,
      vectorFromArray(values, new Float64()),
    ]);
    const file = tableToIPC(new Table(Object.fromEntries(vectors) as Record<string, Vector<Float64>>), 'file');
    await expect(read(file)).rejects.toThrow('row 2, column "low": there is no price');
  });

  it('is refused with row and column as Parquet', async () => {
    const columnData = Object.entries(columns(bad)).map(([name, data]) => ({ name, data, type: 'DOUBLE' as const }));
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData }));
    await expect(read(bytes)).rejects.toThrow('row 2, column "low": there is no price');
  });
});

describe('what encodeBars() writes', () => {
  const price = fc.double({ min: 1e-9, max: 1e12, noNaN: true });
  const series = fc
    .array(
      fc.record({
        step: fc.integer({ min: 1, max: 1e9 }),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: fc.oneof(fc.double({ min: 0, noNaN: true, max: 1e15 }), fc.constant(Number.NaN)),
      }),
      { maxLength: 20 },
    )
    .map((steps) => {
      let time = Date.UTC(1990, 0, 1);
      return barsFromRows(steps.map(({ step, ...row }) => ({ ...row, time: (time += step) })));
    });

  it.each(exportFormats)('is read back as the same bars, whatever the pieces: %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(series, fc.nat(20), fc.constantFrom('1m', '1d'), async (bars, cut, timeframe) => {
        const whole = timeframe === '1d' ? { ...bars, time: bars.time.map((_, index) => index * 86_400_000) } : bars;
        const pieces = [sliceBars(whole, 0, cut), emptyBars, sliceBars(whole, cut, whole.time.length)];
        const { bars: back } = await read(await encoded(pieces, format, timeframe), { timeframe });
        expect(back).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  it.skipIf(!hasMarketData)('is the same for real bars (skipped where ../shared/data is absent)', async () => {
    for (const [name, timeframe] of [
      ['AAPL_1d_raw.csv', '1d'],
      ['SPY_1h_raw.csv', '1h'],
    ] as const) {
      const original = await readMarketData(name);
      expect(hash((await readBarsFile(join(marketData, name), { ...options, timeframe })).bars), name).toBe(
        hash(original),
      );
      for (const format of exportFormats) {
        const half = original.time.length >>> 1;
        const pieces = [sliceBars(original, 0, half), sliceBars(original, half, original.time.length)];
        const { bars } = await read(await encoded(pieces, format, timeframe), { timeframe });
        expect(hash(bars), `${name} ${format}`).toBe(hash(original));
      }
    }
  });
});

/** Of every bit; comparing tens of thousands of bars one by one takes seconds. */
function hash(bars: Bars): string {
  const digest = createHash('sha256');
  for (const column of barColumns) digest.update(bars[column]);
  return digest.digest('hex');
}
