import { describe, expect, it } from 'vitest';
import { allocateBars, barColumns, barsFromRows, barsPerStep, emptyBars, type BarRow } from './bars.ts';
import { checkBars } from './check-bars.ts';

function bar(time: number, price = 10): BarRow {
  return { time, open: price, high: price + 1, low: price - 1, close: price, volume: 100 };
}

describe('checkBars()', () => {
  const good = [bar(0), bar(60_000), bar(120_000)];

  it('accepts good bars, and NaN as the volume of a market that has none', () => {
    expect(() =>
      checkBars(barsFromRows(good.map((row) => ({ ...row, volume: Number.NaN }))), 'EUR.USD 1m'),
    ).not.toThrow();
    expect(() => checkBars(emptyBars, 'nothing')).not.toThrow();
  });

  it.each<[string, Partial<BarRow>, RegExp]>([
    ['a repeated time', { time: 0 }, /strictly rising/],
    ['a time that is not whole', { time: 60_000.5 }, /whole epoch milliseconds/],
    ['a missing time', { time: Number.NaN }, /whole epoch milliseconds/],
    ['a price of zero', { low: 0 }, /above zero/],
    ['a missing price', { close: Number.NaN }, /prices must be finite/],
    ['an infinite price', { high: Infinity }, /prices must be finite/],
    ['a high below the close', { close: 11.5 }, /high must not be below/],
    ['a low above the open', { open: 8.5 }, /low must not be above/],
    ['a negative volume', { volume: -1 }, /volume/],
  ])('refuses %s and names the bar', (_what, wrong, rule) => {
    const bars = barsFromRows(good.map((row, index) => (index === 1 ? { ...row, ...wrong } : row)));
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(rule);
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(
      expect.objectContaining({ code: 'data_corrupt', details: expect.objectContaining({ index: 1 }) }),
    );
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(/^SPY 1m: the bar 1 at /);
  });

  it('refuses columns of different length', () => {
    const bars = barsFromRows(good);
    expect(() => checkBars({ ...bars, low: bars.low.subarray(1) }, 'SPY 1m')).toThrow(
      /"low" has 2 values where "time" has 3/,
    );
  });

  it('names a bar that is not behind the last one of the step before', () => {
    const bars = allocateBars(barsPerStep + 1);
    for (const column of barColumns) bars[column].fill(1);
    for (const index of bars.time.keys()) bars.time[index] = index;
    expect(() => checkBars(bars, 'SPY 1m')).not.toThrow();
    bars.time[barsPerStep] = barsPerStep - 1;
    expect(() => checkBars(bars, 'SPY 1m')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ index: barsPerStep }) }),
    );
  });
});
