import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bars } from '../market/index.ts';
import { anyBars, type BarRow, barsOf, closesOf } from './bars.fixture.ts';
import { findIndicator } from './registry.ts';

const unknown = Number.NaN;

function columns(type: string, bars: Bars, parameters: unknown = {}): Record<string, number[]> {
  const computed = findIndicator(type).configure(parameters).compute(bars);
  return Object.fromEntries(Object.entries(computed).map(([output, column]) => [output, [...column]]));
}

/** To 1e-9. */
const rounded = (values: readonly number[] = []): number[] => values.map((value) => Math.round(value * 1e9) / 1e9);

const five: readonly BarRow[] = [
  [10, 12, 9, 11, 100],
  [11, 14, 11, 13, 200],
  [15, 16, 14, 15, 300],
  [13, 13, 10, 10, 400],
  [10, 11, 10, 10, 500],
];

describe('values worked out by hand', () => {
  it.each([
    ['sma', closesOf([1, 2, 3, 4, 5]), { period: 3 }, [unknown, unknown, 2, 3, 4]],
    ['ema', closesOf([1, 2, 3, 5]), { period: 3, adjust: false }, [unknown, unknown, 2, 3.5]],
    ['ema', closesOf([1, 2, 3]), { period: 2, adjust: true }, [unknown, 1.75, 34 / 13]],
    ['wma', closesOf([1, 2, 3, 4]), { period: 3 }, [unknown, unknown, 14 / 6, 20 / 6]],
    ['rsi', closesOf([1, 3, 2, 5]), { period: 2 }, [unknown, unknown, 200 / 3, (100 * 2) / 2.25]],
    ['roc', closesOf([100, 110, 99]), { period: 1 }, [unknown, 10, -10]],
    ['momentum', closesOf([100, 110, 99]), { period: 2 }, [unknown, unknown, -1]],
    ['bollingerbandwidth', closesOf([1, 2, 3]), { period: 3 }, [unknown, unknown, (4 * Math.sqrt(2 / 3)) / 2]],
    ['distancefromma', closesOf([1, 3, 8]), { period: 2 }, [unknown, 50, (100 * 2.5) / 5.5]],
    ['distancefromma', closesOf([1, 3, 8]), { period: 2, ma_type: 'EMA' }, [unknown, 50, 100 / 3]],
    ['atr', barsOf(five), { period: 2 }, [unknown, unknown, 3, 4, 2.5]],
    ['williamsr', barsOf(five), { period: 3 }, [unknown, unknown, -100 / 7, -100, -100]],
    ['cci', closesOf([1, 2, 3, 3]), { period: 3 }, [unknown, unknown, 100, 1 / 3 / (4 / 9) / 0.015]],
    ['obv', barsOf(five), {}, [100, 300, 600, 200, 200]],
    ['mfi', closesOf([1, 2, 3, 2, 2]), { period: 2 }, [unknown, unknown, 100, 60, 0]],
    ['volumeratio', barsOf(five), { period: 2 }, [unknown, 4 / 3, 1.2, 8 / 7, 10 / 9]],
    ['vwap', closesOf([1, 2, 6]), { period: 2 }, [unknown, 1.5, 4]],
    ['vwap', barsOf(five), { period: 0, use_typical_price: false }, [11, 37 / 3, 41 / 3, 12.2, 172 / 15]],
    ['parabolicsar', barsOf(five), {}, [unknown, 9, 9.1, 9.376, 9.64096]],
    [
      'zigzag',
      closesOf([100, 104, 103, 106, 100, 98, 99, 104]),
      { threshold: 0.05 },
      [100, 100, 100, 106, 100, 98, 98, 104],
    ],
  ])('%s', (type, bars, parameters, expected) => {
    expect(rounded(columns(type, bars, parameters)['value'])).toEqual(rounded(expected));
  });

  it('macd starts both averages and the signal as TA-Lib does', () => {
    const { line, signal, histogram } = columns('macd', closesOf([1, 4, 9, 16, 25]), { fast: 2, slow: 3, signal: 2 });
    // slow 14/3, 31/3, 53/3; fast from the second value 13/2, 77/6, 377/18; their distance 11/6, 5/2, 59/18
    expect(rounded(line)).toEqual(rounded([unknown, unknown, unknown, 5 / 2, 59 / 18]));
    expect(rounded(signal)).toEqual(rounded([unknown, unknown, unknown, 13 / 6, 157 / 54]));
    expect(rounded(histogram)).toEqual(rounded([unknown, unknown, unknown, 1 / 3, 20 / 54]));
  });

  it('bollingerbands divides by the whole period', () => {
    const { upper, middle, lower } = columns('bollingerbands', closesOf([1, 2, 3]), { period: 3, multiplier: 1 });
    expect(rounded(upper)).toEqual(rounded([unknown, unknown, 2 + Math.sqrt(2 / 3)]));
    expect(rounded(middle)).toEqual(rounded([unknown, unknown, 2]));
    expect(rounded(lower)).toEqual(rounded([unknown, unknown, 2 - Math.sqrt(2 / 3)]));
  });

  it('stochastic averages K, then D', () => {
    const { k, d } = columns('stochastic', barsOf(five), { k: 2, smooth_k: 2, d: 2 });
    // places in the range: -, 4/5, 4/5, 0, 0; their means over two: -, -, 4/5, 2/5, 0
    expect(rounded(k)).toEqual(rounded([unknown, unknown, unknown, 40, 0]));
    expect(rounded(d)).toEqual(rounded([unknown, unknown, unknown, 60, 20]));
  });

  it('supertrend turns with a close beyond its line, which until then never gives way', () => {
    const bars = closesOf([10, 11, 12, 20, 19, 18, 8]);
    const { trend, direction } = columns('supertrend', bars, { period: 1, multiplier: 2 });
    // ranges 1, 1, 8, 1, 1, 10. Ceilings 13, 13 (14 is higher), 13 (so is 36); the close at 20 breaks it.
    // Floors 9, 10, 10 (4 is lower), 17, 17 (16 is lower); the close at 8 breaks it, when the ceiling is at 20.
    expect(direction).toEqual([unknown, -1, -1, 1, 1, 1, -1]);
    expect(trend).toEqual([unknown, 13, 13, 10, 17, 17, 20]);
  });

  it('ichimoku holds the cloud that was thrown to the bar, and the close itself as lagging line', () => {
    const bars = closesOf([1, 2, 3, 4, 9]);
    const lines = columns('ichimoku', bars, { tenkan_period: 1, kijun_period: 2, senkou_b_period: 3, displacement: 1 });
    expect(lines).toEqual({
      tenkan: [unknown, unknown, unknown, 4, 9],
      kijun: [unknown, unknown, unknown, 3.5, 6.5],
      senkou_a: [unknown, unknown, unknown, (3 + 2.5) / 2, (4 + 3.5) / 2],
      senkou_b: [unknown, unknown, unknown, 2, 3],
      chikou: [unknown, unknown, unknown, 4, 9],
    });
  });

  it('aroon counts the bars since the newest of the highest highs and the lowest lows', () => {
    const given = { period: 4, include_oscillator: true };
    const { up, down, oscillator } = columns('aroon', closesOf([5, 9, 3, 9, 4, 3, 6, 7]), given);
    expect(up).toEqual([unknown, unknown, unknown, unknown, 75, 50, 25, 0]);
    expect(down).toEqual([unknown, unknown, unknown, unknown, 50, 100, 75, 50]);
    expect(oscillator).toEqual([unknown, unknown, unknown, unknown, 25, -50, -50, -50]);
  });

  it('adx sums movement from the second bar and averages the first DX', () => {
    const { adx, plus_di: plus, minus_di: minus } = columns('adx', barsOf(five), { period: 2 });
    // true range 3, 3, 5, 1; movement up 2, 2, 0, 0; down 0, 0, 4, 0
    // sums at the third bar: range 3/2 + 3, up 1 + 2, down 0; fourth: 29/4, 3/2, 4; fifth: 37/8, 3/4, 2
    const dx = [100, (100 * 5) / 11, (100 * 5) / 11];
    expect(rounded(adx)).toEqual(
      rounded([unknown, unknown, unknown, (100 + (dx[1] ?? 0)) / 2, (100 + 3 * (dx[2] ?? 0)) / 4]),
    );
    expect(rounded(plus)).toEqual(rounded([unknown, unknown, unknown, (100 * 6) / 29, (100 * 6) / 37]));
    expect(rounded(minus)).toEqual(rounded([unknown, unknown, unknown, (100 * 16) / 29, (100 * 16) / 37]));
  });
});

describe('values from elsewhere', () => {
  it("rsi equals the worked example of StockCharts' ChartSchool", () => {
    const closes = [
      44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.1, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61, 46.28, 46.28, 46.0,
      46.03, 46.41, 46.22, 45.64,
    ];
    const { value } = columns('rsi', closesOf(closes));
    expect(value?.slice(14).map((rsi) => rsi.toFixed(2))).toEqual([
      '70.46',
      '66.25',
      '66.48',
      '69.35',
      '66.29',
      '57.92',
    ]);
  });
});

describe('a market that does not move', () => {
  const flat = barsOf(Array.from({ length: 60 }, () => [0.1, 0.1, 0.1, 0.1, 1000]));

  it.each([
    ['rsi', 'value', 50],
    ['stochastic', 'k', 50],
    ['williamsr', 'value', -50],
    ['mfi', 'value', 50],
    ['cci', 'value', 0],
    ['adx', 'adx', 0],
    ['atr', 'value', 0],
    ['bollingerbandwidth', 'value', 0],
    ['volumeratio', 'value', 1],
    ['obv', 'value', 1000],
    ['vwap', 'value', 0.1],
    ['cmf', 'cmf', 0],
    ['adline', 'line', 0],
    ['rvi', 'rvi', 0],
    ['fishertransform', 'fisher', 0],
    ['squeezeintensity', 'value', 0],
    ['aroon', 'up', 100],
    ['aroon', 'down', 100],
    ['keltnerchannels', 'upper', 0.1],
    ['donchianchannels', 'lower', 0.1],
    ['parabolicsar', 'value', 0.1],
    ['zigzag', 'value', 0.1],
  ])('has a neutral %s', (type, output, neutral) => {
    expect(columns(type, flat)[output]?.at(-1)).toBeCloseTo(neutral, 12);
  });
});

describe('what is not there', () => {
  const untraded = barsOf(Array.from({ length: 40 }, (_, index) => [1, 2, 1, 1 + (index % 2), unknown]));

  it.each(['obv', 'mfi', 'volumeratio', 'vwap', 'cmf', 'adline'])('%s is unknown without volumes', (type) => {
    expect(Object.values(columns(type, untraded)).flat().every(Number.isNaN)).toBe(true);
  });

  it('a ratio to 0 is unknown', () => {
    expect(columns('roc', closesOf([0, 1, 2]), { period: 1 })['value']).toEqual([unknown, unknown, 100]);
    expect(
      columns(
        'volumeratio',
        barsOf([
          [1, 1, 1, 1, 0],
          [1, 1, 1, 1, 0],
        ]),
        { period: 2 },
      )['value'],
    ).toEqual([unknown, unknown]);
  });
});

describe('laws', () => {
  const bars = anyBars({ minLength: 60, maxLength: 60 });
  const dust = 1e-9;

  it.each([
    ['rsi', 0, 100],
    ['stochastic', 0, 100],
    ['mfi', 0, 100],
    ['adx', 0, 100],
    ['williamsr', -100, 0],
    ['atr', 0, Infinity],
    ['bollingerbandwidth', 0, Infinity],
    ['aroon', 0, 100],
    ['rvi', -1, 1],
    ['squeezeintensity', 0, 0.5],
    ['fishertransform', -3.81, 3.81],
  ])('%s stays between %d and %d', (type, lowest, highest) => {
    fc.assert(
      fc.property(bars, (bars) => {
        for (const value of Object.values(columns(type, bars)).flat()) {
          if (Number.isNaN(value)) continue;
          expect(value).toBeGreaterThanOrEqual(lowest - dust);
          expect(value).toBeLessThanOrEqual(highest + dust);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('an average lies between the lowest and the highest of its values', () => {
    fc.assert(
      fc.property(bars, fc.constantFrom('sma', 'wma'), (bars, type) => {
        const value = columns(type, bars, { period: 5 })['value'] ?? [];
        for (const [index, average] of value.entries()) {
          if (index < 4) continue;
          const window = bars.close.subarray(index - 4, index + 1);
          expect(average).toBeGreaterThanOrEqual(Math.min(...window) - dust);
          expect(average).toBeLessThanOrEqual(Math.max(...window) + dust);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('what was bought is a share of what was traded', () => {
    fc.assert(
      fc.property(bars, (bars) => {
        const { cmf = [], above_zero: above = [], below_zero: below = [] } = columns('cmf', bars);
        for (const [index, share] of cmf.entries()) {
          if (Number.isNaN(share)) continue;
          expect(Math.abs(share)).toBeLessThanOrEqual(1 + dust);
          expect((above[index] ?? 0) - (below[index] ?? 0)).toBe(Math.sign(share));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('the zigzag is never as far from the price as its threshold', () => {
    fc.assert(
      fc.property(bars, fc.double({ min: 0.01, max: 0.5, noNaN: true }), (bars, threshold) => {
        for (const [index, furthest] of (columns('zigzag', bars, { threshold })['value'] ?? []).entries()) {
          expect(Math.abs((bars.close[index] ?? 0) - furthest)).toBeLessThan(threshold * furthest + dust);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('the supertrend is a floor below the closes or a ceiling above them, and gives way only when it turns', () => {
    fc.assert(
      fc.property(bars, (bars) => {
        const { trend = [], direction = [] } = columns('supertrend', bars, { period: 3, multiplier: 1 });
        for (let index = 3; index < trend.length; index += 1) {
          const side = direction[index] ?? 0;
          expect(side * ((bars.close[index] ?? 0) - (trend[index] ?? 0))).toBeGreaterThanOrEqual(0);
          if (index > 3 && direction[index - 1] === side) {
            expect(side * ((trend[index] ?? 0) - (trend[index - 1] ?? 0))).toBeGreaterThanOrEqual(0);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each(['bollingerbands', 'keltnerchannels', 'donchianchannels'])('the bands of %s keep their order', (type) => {
    fc.assert(
      fc.property(bars, (bars) => {
        const { upper = [], middle = [], lower = [] } = columns(type, bars);
        for (const [index, center] of middle.entries()) {
          if (Number.isNaN(center)) continue;
          expect(upper[index]).toBeGreaterThanOrEqual(center);
          expect(lower[index]).toBeLessThanOrEqual(center);
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['rsi', 1],
    ['stochastic', 1],
    ['williamsr', 1],
    ['mfi', 1],
    ['adx', 1],
    ['roc', 1],
    ['cci', 1],
    ['bollingerbandwidth', 1],
    ['distancefromma', 1],
    ['sma', 2],
    ['ema', 2],
    ['wma', 2],
    ['macd', 2],
    ['atr', 2],
    ['momentum', 2],
    ['bollingerbands', 2],
    ['aroon', 1],
    ['cmf', 1],
    ['adline', 1],
    ['rvi', 1],
    ['fishertransform', 1],
    ['squeezeintensity', 1],
    ['vwap', 2],
    ['donchianchannels', 2],
    ['keltnerchannels', 2],
    ['ichimoku', 2],
    ['parabolicsar', 2],
    ['zigzag', 2],
  ])('with prices in half dollars, %s is multiplied by %d, bit for bit', (type, factor) => {
    const twice = (column: Float64Array): Float64Array => column.map((value) => 2 * value);
    fc.assert(
      fc.property(bars, (bars) => {
        const { open, high, low, close } = bars;
        const doubled = { ...bars, open: twice(open), high: twice(high), low: twice(low), close: twice(close) };
        const expected = Object.entries(columns(type, bars)).map(([output, values]) => [
          output,
          values.map((value) => factor * value),
        ]);
        expect(columns(type, doubled)).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 10 },
    );
  });

  it('the two beginnings of an exponential average converge', () => {
    const closes = Array.from({ length: 400 }, (_, index) => 100 + 10 * Math.sin(index / 7) + (index % 5));
    const adjusted = columns('ema', closesOf(closes), { adjust: true })['value'] ?? [];
    const seeded = columns('ema', closesOf(closes), { adjust: false })['value'] ?? [];
    expect(Math.abs((adjusted[19] ?? 0) - (seeded[19] ?? 0))).toBeGreaterThan(0.01);
    expect(adjusted.at(-1)).toBeCloseTo(seeded.at(-1) ?? 0, 9);
  });
});
