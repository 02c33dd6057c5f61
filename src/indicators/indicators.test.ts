import { describe, expect, it } from 'vitest';
import { testIndicator } from './indicators.contract.ts';
import { findIndicator, indicators, indicatorTypes } from './registry.ts';

/** Beside the defaults, which every indicator is tested with: the ends of the ranges and the odd ways through the code. */
const configurations: Readonly<Record<string, readonly unknown[]>> = {
  sma: [{ period: 2 }, { period: 3, source: 'hlc3' }, { period: 7, source: 'volume' }],
  ema: [{ period: 1 }, { adjust: false }, { period: 5, source: 'ohlc4' }],
  wma: [{ period: 2 }, { period: 4, source: 'hl2' }],
  macd: [
    { fast: 1, slow: 2, signal: 1 },
    { fast: 3, slow: 5, signal: 4, source: 'open' },
  ],
  adx: [{ period: 2 }, { period: 5 }],
  distancefromma: [{ period: 1 }, { ma_type: 'EMA' }],
  rsi: [{ period: 2 }, { period: 5, source: 'high' }],
  stochastic: [
    { k: 1, d: 1, smooth_k: 1 },
    { k: 5, d: 4, smooth_k: 2 },
  ],
  williamsr: [{ period: 1 }],
  cci: [{ period: 2 }],
  roc: [{ period: 1 }, { source: 'low' }],
  momentum: [{ period: 1 }],
  bollingerbands: [{ period: 2, multiplier: 0.5 }],
  bollingerbandwidth: [{ period: 2, multiplier: 10 }],
  atr: [{ period: 1 }],
  mfi: [{ period: 1 }],
  volumeratio: [{ period: 2 }],
};

for (const definition of indicators) testIndicator(definition, [{}, ...(configurations[definition.type] ?? [])]);

describe('findIndicator()', () => {
  it.each([
    ['rsi', 'rsi'],
    ['RSI', 'rsi'],
    ['simplemovingaverage', 'sma'],
    ['BollingerBands', 'bollingerbands'],
    ['bbands', 'bollingerbands'],
    ['bollinger_band_width', 'bollingerbandwidth'],
    ['WilliamsR', 'williamsr'],
    ['distance-from-ma', 'distancefromma'],
  ])('finds "%s" as %s', (name, type) => {
    expect(findIndicator(name).type).toBe(type);
  });

  it.each([
    ['rsy', 'There is no indicator of type "rsy"; did you mean "rsi"?'],
    ['stochastik', 'did you mean "stochastic"?'],
    ['bolingerbands', 'did you mean "bollingerbands"?'],
    ['ichimoku', 'use one of sma, ema, wma, macd'],
  ])('refuses "%s" with help', (name, message) => {
    expect(() => findIndicator(name)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(message) }),
    );
  });
});

describe('the catalogue', () => {
  it('has no name twice', () => {
    const names = indicators.flatMap(({ type, aliases }) => [type, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    expect(indicatorTypes()).toEqual(indicators.map(({ type }) => type));
  });

  it('fills in the defaults', () => {
    expect(findIndicator('macd').configure()).toMatchObject({
      type: 'macd',
      parameters: { fast: 12, slow: 26, signal: 9, source: 'close' },
      warmUp: 33,
    });
    expect(findIndicator('stochastic').configure({ d: 5 }).parameters).toEqual({ k: 14, d: 5, smooth_k: 3 });
  });

  it.each([
    ['rsi', { period: 1 }, 'period'],
    ['rsi', { period: 14.5 }, 'period'],
    ['rsi', { perod: 14 }, 'perod'],
    ['rsi', { source: 'vwap' }, 'source'],
    ['bbands', { multiplier: 0 }, 'multiplier'],
    ['macd', { fast: 26, slow: 12 }, 'fast must be less than slow'],
    ['obv', { period: 3 }, 'period'],
  ])('refuses %s with %j', (type, parameters, message) => {
    expect(() => findIndicator(type).configure(parameters)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(message) }),
    );
  });
});
