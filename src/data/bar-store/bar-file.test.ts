import * as fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { barColumns, barsFromRows, barsInRange, type Bars } from '../../market/index.ts';
import { decodeBarFile, encodeBarFile, type BarFileLabel } from './bar-file.ts';

const label: BarFileLabel = {
  symbol: 'EUR.USD "sha256:" \ud800',
  timeframe: '1m',
  calendar: 'currencies',
  name: '2020.parquet',
};
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
      const file = decodeBarFile(encodeBarFile(bars, label));
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
    expect(await decodeBarFile(encodeBarFile(bars, label)).bars()).toEqual(bars);
  });

  it('answers for a range within and across its row groups', async () => {
    const bars = series(120_000);
    const file = decodeBarFile(encodeBarFile(bars, label));
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
    const { buffer } = new Uint8Array(encodeBarFile(bars, label));
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

  it('with any one bit flipped is refused', () => {
    const bytes = encodeBarFile(series(200), label);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (index, bit) => {
        const flipped = Uint8Array.from(bytes);
        flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
        expect(() => decodeBarFile(flipped)).toThrow(/seal/);
      }),
      { numRuns: 1000 },
    );
  });

  it('cut off anywhere is refused', () => {
    const bytes = encodeBarFile(series(200), label);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => decodeBarFile(bytes.subarray(0, length))).toThrow(/seal/);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Comparing half a million numbers one by one takes seconds. */
function bitsOf(bars: Bars): Buffer {
  return Buffer.concat(barColumns.map((column) => Buffer.from(Float64Array.from(bars[column]).buffer)));
}
