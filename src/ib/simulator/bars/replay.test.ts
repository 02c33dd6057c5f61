import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseBarSize } from './bar-size.ts';
import { GeneratedBars } from './generated-bars.ts';
import { catalogue } from '../instruments/catalogue.ts';
import { loadReplay, type Market } from './replay.ts';

const generated: Market = { instruments: catalogue, source: new GeneratedBars(1) };

describe('a replay of written files', () => {
  it('serves the rows as they are and no other timeframe', async () => {
    const market = await replayOf({
      'ACME_1d_raw.csv':
        'date,open,high,low,close,volume\n2021-03-30,1.005,2,0.30000000000000004,1e0,5\n2021-03-31,3,4,2,3,6\n',
      'notes.csv': 'anything',
    });
    const bars = read(market, { symbol: 'ACME', size: '1 day' });
    expect([...bars.time]).toEqual([Date.parse('2021-03-30'), Date.parse('2021-03-31')]);
    expect([...bars.open]).toEqual([1.005, 3]);
    expect([...bars.low]).toEqual([0.30000000000000004, 2]);
    expect([...bars.volume]).toEqual([5, 6]);
    expect(read(market, { symbol: 'ACME', size: '1 hour' }).time).toHaveLength(0);
    expect(market.source.first(instrumentIn(market, 'ACME'), 'TRADES')).toBe(Date.parse('2021-03-30T13:30:00Z'));
    expect(read(market, { symbol: 'AAPL', size: '1 day' }).time.length, 'others stay generated').toBeGreaterThan(100);
  });

  it('serves bid, ask and their exact mean of a pair', async () => {
    const market = await replayOf({
      'EURUSD_1h.csv':
        'timestamp,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\r\n' +
        '2021-03-30T14:00:00Z,1.31927,1.31955,1.3187,1.31935,1.32027,1.32055,1.3197,1.32036\r\n',
    });
    const what = (whatToShow: string) => read(market, { symbol: 'EUR.USD', size: '1 hour', whatToShow }).close[0];
    expect([what('BID'), what('MIDPOINT'), what('ASK')]).toEqual([1.31935, 1.319855, 1.32036]);
    expect(what('TRADES')).toBeUndefined();
  });

  it('keeps a row in regular hours when its cell overlaps the session', async () => {
    const hours = ['12:00', '13:00', '19:00', '20:00'];
    const rows = hours.map((hour) => `2021-03-30T${hour}:00Z,1,1,1,1`).join('\n');
    const market = await replayOf({ 'ACME_1h.csv': `timestamp,open,high,low,close\n${rows}\n` });
    const times = (regularHoursOnly: boolean) =>
      [...read(market, { symbol: 'ACME', size: '1 hour', regularHoursOnly }).time].map((time) =>
        new Date(time).toISOString().slice(11, 16),
      );
    expect(times(true)).toEqual(['13:00', '19:00']);
    expect(times(false)).toEqual(hours);
  });

  it('keeps the prints that a feed recorded after an early close', async () => {
    const rows = ['17:00', '18:00', '20:00', '21:00'].map((hour) => `2020-11-27T${hour}:00Z,1,1,1,1`).join('\n');
    const market = await replayOf({ 'ACME_1h.csv': `timestamp,open,high,low,close\n${rows}\n` });
    const window = { start: Date.parse('2020-11-01'), end: Date.parse('2020-12-01') };
    const { time } = read(market, { symbol: 'ACME', size: '1 hour', window });
    expect([...time].map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(['17:00', '18:00', '20:00']);
  });

  it.each([
    ['date,open,high,low,close\n2021-03-30,1,2\n', 'line 2: 3 values where the header names 5'],
    ['date,open,high,low,close\n2021-03-30,1,2,1,x\n', 'line 2: "x" in column "close" is not a number'],
    ['date,open,high,low,close\n2021-03-30,1,2,,1\n', 'line 2: "" in column "low" is not a number'],
    ['date,open,high,low,close\n2021-03-30,1,1,1,1\n2021-03-30,1,1,1,1\n', 'line 3: "2021-03-30" does not come after'],
    ['date,open,high,low,close\n30.03.2021,1,1,1,1\n', 'line 2: "30.03.2021" is not a date'],
    ['timestamp,open,high,low,close\n', 'line 1: the first column must be "date"'],
    ['date,open,high,close\n', 'line 1: the column "low" is missing'],
  ])('refuses %j', async (text, reason) => {
    await expect(replayOf({ 'ACME_1d.csv': text })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(new RegExp(`ACME_1d\\.csv, ${reason}`)),
    });
  });

  it('refuses two files with the same data, a directory without files and one that does not exist', async () => {
    const text = 'date,open,high,low,close\n2021-03-30,1,1,1,1\n';
    await expect(replayOf({ 'ACME_1d_a.csv': text, 'ACME_1d_b.csv': text })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(replayOf({})).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(loadReplay(join(tmpdir(), 'no-such-replay'), generated)).rejects.toMatchObject({ code: 'not_found' });
  });
});

const data = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

describe.skipIf(!existsSync(data))('a replay of recorded data (skipped where ../shared/data is absent)', () => {
  it('serves every hour of a year of SPY', async () => {
    const market = await loadReplay(data, generated);
    const bars = read(market, {
      symbol: 'SPY',
      size: '1 hour',
      window: { start: Date.parse('2020-01-01'), end: Date.parse('2021-01-01') },
    });
    expect(bars.time.length).toBeGreaterThan(1750);
    expect(new Date(bars.time[0] ?? 0).toISOString()).toBe('2020-01-02T14:00:00.000Z');
    const minutes = (regularHoursOnly: boolean) =>
      read(market, {
        symbol: 'SPY',
        size: '1 min',
        regularHoursOnly,
        window: { start: Date.parse('2013-10-04'), end: Date.parse('2013-10-05') },
      });
    expect(minutes(true).time).toHaveLength(390);
    expect(minutes(false).time.length).toBeGreaterThan(600);
    expect(market.source.first(instrumentIn(market, 'EUR.USD'), 'BID')).toBe(Date.parse('2007-01-01T21:00:00Z'));
  });
});

async function replayOf(files: Record<string, string>): Promise<Market> {
  const directory = await mkdtemp(join(tmpdir(), 'ktrdr-replay-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    return await loadReplay(directory, generated);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function instrumentIn(market: Market, localSymbol: string) {
  const found = market.instruments.find((instrument) => instrument.localSymbol === localSymbol);
  if (found === undefined) throw new Error(`the market lacks ${localSymbol}`);
  return found;
}

const year2021 = { start: Date.parse('2021-01-01'), end: Date.parse('2021-12-31') };

interface Asked {
  symbol: string;
  size: string;
  whatToShow?: string;
  regularHoursOnly?: boolean;
  window?: { start: number; end: number };
}

function read(
  market: Market,
  { symbol, size, whatToShow = 'TRADES', regularHoursOnly = true, window = year2021 }: Asked,
) {
  const barSize = parseBarSize(size);
  if (barSize === undefined) throw new Error(`${size} is no bar size`);
  return market.source.bars({
    instrument: instrumentIn(market, symbol),
    barSize,
    whatToShow,
    regularHoursOnly,
    window,
    now: Infinity,
  });
}
