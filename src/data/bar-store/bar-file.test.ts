import * as fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { allAtOnce } from '../../base/index.ts';
import { barColumns, barsFromRows, barsInRange, type Bars } from '../../market/index.ts';
import { openBarFile } from './bar-file.ts';
import type { BarFile, BarFileLabel } from './bar-file-format.ts';
import { sourceOfBytes } from './byte-source.ts';
import { encodeBarFile } from './encode-bar-file.ts';

const label: BarFileLabel = {
  symbol: 'EUR.USD "sha256:" \ud800',
  timeframe: '1m',
  calendar: 'currencies',
  name: '2020.parquet',
};
function written(bars: Bars): Uint8Array {
  return Buffer.concat(allAtOnce(encodeBarFile(bars, label)).parts);
}

function opened(bytes: Uint8Array): Promise<BarFile> {
  return openBarFile(sourceOfBytes(bytes));
}

const start = Date.UTC(2020, 0, 1);

function series(count: number): Bars {
  return barsFromRows(
    Array.from({ length: count }, (_, index) => {
      const open = 100 + Math.round(Math.sin(index) * 1e4) / 1e3;
      return {
        time: start + index * 60_000,
        open,
        high: open + 0.1,
        low: open - 0.1,
        close: open + 0.05,
        volume: index % 7 === 0 ? Number.NaN : index,
      };
    }),
  );
}

describe('a bar file', () => {
  it('brings bars and label back bit for bit', async () => {
    for (const count of [1, 2, 999, 3000]) {
      const bars = series(count);
      const file = await opened(written(bars));
      expect(file.label).toEqual(label);
      expect(file.count).toBe(count);
      expect(await file.bars()).toEqual(bars);
      expect(await file.stamps()).toEqual(bars.time);
    }
  });

  it('keeps extreme values', async () => {
    const bars = barsFromRows([
      { time: -8.64e15, open: 5e-324, high: 1.7e308, low: 5e-324, close: 1, volume: 0 },
      { time: 8.64e15, open: 0.1 + 0.2, high: 1, low: 0.1, close: 1 / 3, volume: 2 ** 53 },
    ]);
    expect(await (await opened(written(bars))).bars()).toEqual(bars);
  });

  it('answers for a range within and across its row groups', async () => {
    const bars = series(120_000);
    const file = await opened(written(bars));
    const ends = [-5, 0, 1, 49_999, 50_000, 50_001, 99_999, 100_000, 119_999, 120_000, 130_000];
    for (const from of ends) {
      for (const to of [from, from + 1, from + 60_000]) {
        const range = { start: start + from * 60_000, end: start + to * 60_000 };
        expect((await file.stamps(range)).length).toBe(barsInRange(bars, range).time.length);
        expect(bitsOf(await file.bars(range)).equals(bitsOf(barsInRange(bars, range)))).toBe(true);
      }
    }
  });

  it('is plain Parquet to other programs: required columns, UTC milliseconds, doubles', async () => {
    const bars = series(3);
    const { buffer } = new Uint8Array(written(bars));
    const { schema, created_by } = parquetMetadata(buffer);
    expect(created_by).toBe('ktrdr');
    expect(schema.slice(1).map(({ name, type, repetition_type }) => `${name} ${type} ${repetition_type}`)).toEqual([
      'time INT64 REQUIRED',
      ...['open', 'high', 'low', 'close', 'volume'].map((name) => `${name} DOUBLE REQUIRED`),
    ]);
    expect(schema[1]?.logical_type).toEqual({ type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' });
    const [first] = await parquetReadObjects({ file: buffer });
    expect(first).toMatchObject({ time: new Date(start), open: bars.open[0] });
  });

  it('with any one bit flipped is refused by its check, and gives out no wrong bar', async () => {
    const bars = series(200);
    const bytes = written(bars);
    await (await opened(bytes)).check();
    const anyBit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(anyBit, async ([index, bit]) => {
        const flipped = Uint8Array.from(bytes);
        flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
        const read = await opened(flipped)
          .then((file) => file.bars())
          .catch(() => undefined);
        if (read !== undefined) expect(bitsOf(read).equals(bitsOf(bars))).toBe(true);
        await expect(opened(flipped).then((file) => file.check())).rejects.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it('cut off anywhere is refused', async () => {
    const bytes = written(series(200));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        await expect(opened(bytes.subarray(0, length))).rejects.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it('reads for a slice no more than the groups of rows that it lies in', async () => {
    const bars = series(200_000);
    const memory = sourceOfBytes(written(bars));
    let read = 0;
    const file = await openBarFile({
      size: memory.size,
      read: (targets, position) => {
        read += targets.reduce((sum, { length }) => sum + length, 0);
        return memory.read(targets, position);
      },
    });
    const day = { start: start + 70_000 * 60_000, end: start + 71_440 * 60_000 };
    expect(bitsOf(await file.bars(day)).equals(bitsOf(barsInRange(bars, day)))).toBe(true);
    expect(read).toBeLessThan(memory.size / 5);
  });
});

/** Comparing half a million numbers one by one takes seconds. */
function bitsOf(bars: Bars): Buffer {
  return Buffer.concat(barColumns.map((column) => Buffer.from(Float64Array.from(bars[column]).buffer)));
}
