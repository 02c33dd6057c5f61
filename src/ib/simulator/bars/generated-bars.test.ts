import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  barCount,
  calendarOf,
  checkBars,
  expectedBars,
  timeframes,
  type Bars,
  type Timeframe,
  type TimeRange,
} from '../../../market/index.ts';
import { parseBarSize, type BarSize } from './bar-size.ts';
import { GeneratedBars } from './generated-bars.ts';
import { catalogue } from '../instruments/catalogue.ts';
import type { Instrument } from '../instruments/instruments.ts';

const now = Date.parse('2026-11-20T16:00:30Z');
const hour = 3_600_000;
const day = 24 * hour;

const sizeTexts: Record<Timeframe, string> = {
  '1m': '1 min',
  '5m': '5 mins',
  '15m': '15 mins',
  '30m': '30 mins',
  '1h': '1 hour',
  '2h': '2 hours',
  '4h': '4 hours',
  '1d': '1 day',
  '1w': '1 week',
  '1M': '1 month',
};

const apple = instrumentOf('AAPL');
const euro = instrumentOf('EUR.USD');

describe('generated bars', () => {
  const source = new GeneratedBars(1);

  it.each(timeframes.filter((timeframe) => timeframe !== '1w' && timeframe !== '1M'))(
    'have valid prices and stand exactly where the calendar expects %s bars',
    (timeframe) => {
      const window = { start: Date.parse('2024-10-21T04:00:00Z'), end: Date.parse('2024-11-16T05:00:00Z') };
      for (const instrument of [apple, euro]) {
        const bars = source.bars(query({ instrument, size: sizeTexts[timeframe], window }));
        checkBars(bars, `${instrument.localSymbol} ${timeframe}`);
        const expected = expectedBars(calendarOf(instrument.calendar), timeframe, {
          start: window.start,
          end: window.end,
        });
        const within = [...bars.time].filter((time) => time >= window.start && time < window.end);
        expect(within).toEqual([...expected.start]);
      }
    },
  );

  it('are the same bar in every answer', () => {
    const year = source.bars(query({ size: '5 mins', window: { start: now - 365 * day, end: now } }));
    const held = new Map([...year.time].map((time, index) => [time, barAt(year, index)]));
    const other = new GeneratedBars(1);
    const start = fc.integer({ min: 0, max: 364 * 24 * 60 }).map((minutes) => now - 365 * day + minutes * 60_000);
    fc.assert(
      fc.property(start, fc.integer({ min: 1, max: 3000 }), (from, minutes) => {
        const window = { start: from, end: Math.min(now, from + minutes * 60_000) };
        const bars = other.bars(query({ size: '5 mins', window }));
        const inside = barIndices(bars).filter((index) => (bars.time[index] ?? 0) >= now - 365 * day);
        for (const index of inside) expect(barAt(bars, index)).toEqual(held.get(bars.time[index] ?? 0));
      }),
      { numRuns: 40 },
    );
  });

  describe.each([
    ['1 secs', '1 min', { start: '2025-03-05T14:30:00Z', end: '2025-03-05T14:40:00Z' }],
    ['1 min', '3 mins', { start: '2025-03-05T14:30:00Z', end: '2025-03-07T21:00:00Z' }],
    ['1 min', '5 mins', { start: '2025-03-05T14:30:00Z', end: '2025-03-07T21:00:00Z' }],
    ['5 mins', '1 hour', { start: '2025-03-05T14:30:00Z', end: '2025-03-07T21:00:00Z' }],
    ['30 mins', '4 hours', { start: '2025-03-05T14:30:00Z', end: '2025-03-12T21:00:00Z' }],
  ])('of %s', (fine, coarse, { start, end }) => {
    it.each([apple, euro])(`add up to those of ${coarse}`, (instrument) => {
      const window = { start: Date.parse(start), end: Date.parse(end) };
      const wide = { start: window.start - 8 * hour, end: window.end + 8 * hour };
      for (const regularHoursOnly of [true, false]) {
        const whole = source.bars(query({ instrument, regularHoursOnly, window, size: coarse }));
        const parts = source.bars(query({ instrument, regularHoursOnly, window: wide, size: fine }));
        expect(barCount(whole)).toBeGreaterThan(9);
        for (const index of barIndices(whole).slice(0, -1)) {
          const cell = { start: whole.time[index] ?? 0, end: whole.time[index + 1] ?? 0 };
          expect(barAt(whole, index)).toEqual(sumOf(parts, cell));
        }
      }
    });
  });

  it.each([true, false])('of a day are the sum of its hours (regular hours only: %s)', (regularHoursOnly) => {
    const window = { start: Date.parse('2025-03-05T05:00:00Z'), end: Date.parse('2025-03-08T05:00:00Z') };
    const days = source.bars(query({ regularHoursOnly, window, size: '1 day' }));
    const hours = source.bars(query({ regularHoursOnly, window, size: '1 hour' }));
    expect([...days.time]).toEqual(['2025-03-05', '2025-03-06', '2025-03-07'].map((date) => Date.parse(date)));
    for (const index of barIndices(days)) {
      const date = days.time[index] ?? 0;
      const newYorkDay = { start: date + 5 * hour, end: date + 29 * hour };
      expect(barAt(days, index)).toEqual({ ...sumOf(hours, newYorkDay), time: date });
    }
  });

  it('end with the bar in progress, cut at the clock', () => {
    const window = { start: now - day, end: now };
    const hours = source.bars(query({ size: '1 hour', window }));
    const minutes = source.bars(query({ size: '1 min', window }));
    expect(hours.time.at(-1)).toBe(Date.parse('2026-11-20T16:00:00Z'));
    expect(barAt(hours, barCount(hours) - 1)).toEqual(barAt(minutes, barCount(minutes) - 1));
    const later = source.bars({
      ...query({ size: '1 hour', window: { ...window, end: now + 600_000 } }),
      now: now + 600_000,
    });
    expect(later.open.at(-1)).toBe(hours.open.at(-1));
    expect(later.volume.at(-1)).toBeGreaterThan(hours.volume.at(-1) ?? Infinity);
  });

  it('begin with the listing', () => {
    const first = source.first(apple, 'TRADES');
    expect(first).toBe(Date.parse('1998-01-02T14:30:00Z'));
    const bars = source.bars(query({ size: '1 day', window: { start: 0, end: now } }));
    expect(bars.time[0]).toBe(Date.parse('1998-01-02'));
    expect(source.first(euro, 'TRADES')).toBeUndefined();
  });

  it('differ between seeds and between instruments', () => {
    const window = { start: now - 30 * day, end: now };
    const closes = (seed: number, symbol: string) =>
      [
        ...new GeneratedBars(seed).bars(query({ instrument: instrumentOf(symbol), size: '1 day', window })).close,
      ].join();
    expect(new Set([closes(1, 'AAPL'), closes(2, 'AAPL'), closes(1, 'MSFT')]).size).toBe(3);
  });

  it('quote the bid one tick below and the ask one tick above the middle', () => {
    const window = { start: now - 3 * day, end: now };
    const [bid, middle, ask] = ['BID', 'MIDPOINT', 'ASK'].map((what) =>
      source.bars(query({ instrument: euro, size: '1 hour', window, what })),
    );
    for (const index of barIndices(middle as Bars)) {
      expect((ask?.close[index] ?? 0) - (middle?.close[index] ?? 0)).toBeCloseTo(0.00005, 9);
      expect((middle?.close[index] ?? 0) - (bid?.close[index] ?? 0)).toBeCloseTo(0.00005, 9);
    }
  });

  it('move like a market: volatility as told, trends, a busy opening', () => {
    const days = source.bars(query({ size: '1 day', window: { start: 0, end: now } }));
    const moves = barIndices(days)
      .slice(1)
      .map((index) => Math.log((days.close[index] ?? 1) / (days.close[index - 1] ?? 1)));
    const variance = moves.reduce((sum, move) => sum + move * move, 0) / moves.length;
    expect(Math.sqrt(variance)).toBeGreaterThan(0.012);
    expect(Math.sqrt(variance)).toBeLessThan(0.02);
    const product = moves.slice(1).reduce((sum, move, index) => sum + move * (moves[index] ?? 0), 0) / moves.length;
    expect(product / variance, 'moves follow their predecessors').toBeGreaterThan(0.03);
    const hours = source.bars(query({ size: '1 hour', window: { start: now - 365 * day, end: now } }));
    const volumeAt = (time: string) =>
      barIndices(hours)
        .filter(
          (index) =>
            new Date(hours.time[index] ?? 0).toLocaleTimeString('en-GB', { timeZone: 'America/New_York' }) === time,
        )
        .reduce((sum, index) => sum + (hours.volume[index] ?? 0), 0);
    expect(volumeAt('15:00:00')).toBeGreaterThan(1.5 * volumeAt('12:00:00'));
  });
});

interface Asked {
  instrument?: Instrument;
  size: string;
  window: TimeRange;
  what?: string;
  regularHoursOnly?: boolean;
}

function query({ instrument = apple, size, window, what, regularHoursOnly = true }: Asked) {
  const whatToShow = what ?? (instrument.secType === 'CASH' ? 'MIDPOINT' : 'TRADES');
  return { instrument, barSize: barSizeOf(size), whatToShow, regularHoursOnly, window, now };
}

function instrumentOf(localSymbol: string): Instrument {
  const found = catalogue.find((instrument) => instrument.localSymbol === localSymbol);
  if (found === undefined) throw new Error(`the catalogue lacks ${localSymbol}`);
  return found;
}

function barSizeOf(text: string): BarSize {
  const size = parseBarSize(text);
  if (size === undefined) throw new Error(`${text} is no bar size`);
  return size;
}

function barIndices(bars: Bars): number[] {
  return [...bars.time.keys()];
}

function barAt(bars: Bars, index: number) {
  return {
    time: bars.time[index],
    open: bars.open[index],
    high: bars.high[index],
    low: bars.low[index],
    close: bars.close[index],
    volume: bars.volume[index],
  };
}

function sumOf(bars: Bars, { start, end }: TimeRange) {
  const inside = barIndices(bars).filter((index) => (bars.time[index] ?? 0) >= start && (bars.time[index] ?? 0) < end);
  const pick = (column: Float64Array) => inside.map((index) => column[index] ?? Number.NaN);
  return {
    time: pick(bars.time)[0],
    open: pick(bars.open)[0],
    high: Math.max(...pick(bars.high)),
    low: Math.min(...pick(bars.low)),
    close: pick(bars.close).at(-1),
    volume: pick(bars.volume).reduce((sum, volume) => sum + volume, 0),
  };
}
