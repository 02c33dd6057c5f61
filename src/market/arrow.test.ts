import { tableFromIPC } from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrowFileChunks, barsFromArrow, barsToArrow } from './arrow.ts';
import { barsFromRows, barsInRange, emptyBars, type Bars } from './bars.ts';

function series(count: number): Bars {
  return barsFromRows(
    Array.from({ length: count }, (_, index) => ({
      time: 1_700_000_000_000 + index * 60_000,
      open: 10,
      high: 11 + index,
      low: 9,
      close: 10.25,
      volume: index % 3 === 0 ? Number.NaN : index,
    })),
  );
}

describe('Arrow streams', () => {
  it('bring bars back bit for bit', async () => {
    for (const bars of [emptyBars, series(1), series(2000)])
      expect(await barsFromArrow(await barsToArrow(bars))).toEqual(bars);
  });

  it('hold a view of a longer series without the rest of it', async () => {
    const view = barsInRange(series(2000), { start: 1_700_000_600_000, end: 1_700_001_200_000 });
    const bytes = await barsToArrow(view);
    expect(bytes.length).toBeLessThan(5000);
    expect(await barsFromArrow(bytes)).toEqual(view);
  });

  it('show other programs a UTC timestamp in milliseconds and doubles, none null', async () => {
    const { schema } = tableFromIPC(await barsToArrow(series(3)));
    expect(schema.fields.map(({ name, type, nullable }) => `${name} ${String(type)} ${nullable}`)).toEqual([
      'time Timestamp<MILLISECOND, UTC> false',
      ...['open', 'high', 'low', 'close', 'volume'].map((name) => `${name} Float64 false`),
    ]);
  });

  it('cut off anywhere are refused', async () => {
    const bytes = await barsToArrow(series(50));
    const endOfStream = 8;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - endOfStream - 1), async (length) => {
        await expect(barsFromArrow(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'data_corrupt' });
      }),
    );
  });

  it('with bars that break a rule are refused', async () => {
    const bars = series(3);
    bars.high[1] = 1;
    await expect(barsFromArrow(await barsToArrow(bars))).rejects.toThrow(/the bar 1 .* high must not be below/);
  });

  it('of something else are refused', async () => {
    await expect(barsFromArrow(new TextEncoder().encode('{"error": "not found"}'))).rejects.toMatchObject({
      code: 'data_corrupt',
    });
    const { tableFromArrays, tableToIPC } = await import('apache-arrow');
    await expect(barsFromArrow(tableToIPC(tableFromArrays({ time: [1, 2, 3] }), 'stream'))).rejects.toThrow(
      /column "time" has the type/,
    );
  });
});

describe('arrowFileChunks', () => {
  const piece = (time: number): Bars => barsFromRows([{ time, open: 1, high: 2, low: 1, close: 2, volume: 3 }]);

  async function* pieces(count: number, onPiece = (_index: number): void => {}): AsyncGenerator<Bars> {
    for (let index = 0; index < count; index += 1) {
      onPiece(index);
      yield piece(index * 60_000);
    }
  }

  const fileOf = async (from: AsyncIterable<Bars>): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of arrowFileChunks(from)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('makes a file, not a stream, with a batch for each piece', async () => {
    const file = await fileOf(pieces(3));
    expect([file.toString('latin1', 0, 6), file.toString('latin1', file.length - 6)]).toEqual(['ARROW1', 'ARROW1']);
    expect(tableFromIPC(file).batches.length).toBe(3);
    expect((await barsFromArrow(file)).time).toEqual(Float64Array.of(0, 60_000, 120_000));
  });

  it('names the columns of no bars', async () => {
    expect(await barsFromArrow(await fileOf(pieces(0)))).toEqual(emptyBars);
  });

  it('ends as its pieces do', async () => {
    const failing = pieces(3, (index) => {
      if (index === 2) throw new Error('the page is lost');
    });
    await expect(fileOf(failing)).rejects.toThrow('the page is lost');
  });

  it('asks for no more when nobody reads on', async () => {
    let asked = 0;
    for await (const _ of arrowFileChunks(pieces(1_000_000, () => (asked += 1)))) break;
    const atTheEnd = asked;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBeLessThanOrEqual(atTheEnd + 1);
  });
});
