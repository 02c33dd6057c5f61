import { describe, expect, it } from 'vitest';
import { fingerprintOf, fingerprintsOf } from './data-fingerprint.ts';
import type { SymbolBars } from './features.ts';
import { walk } from './random-walk.fixture.ts';

function held(symbol: string, seed: number, count = 50): SymbolBars {
  return { symbol, calendar: 'us_equities', series: [{ timeframe: '1h', bars: walk({ seed, count }) }] };
}

const whole = (...symbols: SymbolBars[]): string => fingerprintOf(fingerprintsOf(symbols));

describe('fingerprintsOf()', () => {
  it('tells of each series what it is and from when to when', () => {
    const [first, second] = fingerprintsOf([held('AAA', 1), held('BBB', 2, 60)]);
    const { time } = walk({ seed: 1, count: 50 });
    expect(first).toMatchObject({ symbol: 'AAA', timeframe: '1h', calendar: 'us_equities', bars: 50 });
    expect([first?.first, first?.last]).toEqual([time[0], time[49]]);
    expect(second?.bars).toBe(60);
    expect(second?.sha256).not.toBe(first?.sha256);
    expect(second?.snapshot).toMatch(/^[0-9a-f]{64}$/);
    expect(second?.snapshot).not.toBe(first?.snapshot);
  });
});

describe('fingerprintOf()', () => {
  it('is the same for the same bars, and another for other bars, names or another order', () => {
    const known = whole(held('AAA', 1), held('BBB', 2));
    expect(known).toMatch(/^[0-9a-f]{64}$/);
    expect(whole(held('AAA', 1), held('BBB', 2))).toBe(known);
    const others = [
      whole(held('BBB', 2), held('AAA', 1)),
      whole(held('AAA', 1), held('CCC', 2)),
      whole(held('AAA', 1), held('BBB', 3)),
      whole(held('AAA', 1), held('BBB', 2, 49)),
      whole(held('AAA', 1)),
    ];
    expect(new Set([known, ...others]).size).toBe(6);
  });

  it('notices one bit of one price', () => {
    const changed = held('AAA', 1);
    const [series] = changed.series;
    if (series === undefined) throw new Error('It has a series.');
    series.bars.close[7] = (series.bars.close[7] ?? 0) + 2 ** -40;
    expect(whole(changed)).not.toBe(whole(held('AAA', 1)));
  });
});
