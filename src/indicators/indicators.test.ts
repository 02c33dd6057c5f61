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
  aroon: [{ period: 1, include_oscillator: true }, { period: 30 }],
  supertrend: [{ period: 1, multiplier: 0.5 }],
  parabolicsar: [{ initial_af: 0.1, step_af: 0.1, max_af: 1 }],
  rvi: [{ period: 4, signal: 1 }],
  fishertransform: [{ period: 2, smoothing: 1 }],
  keltnerchannels: [
    { period: 2, atr_period: 30 },
    { period: 30, atr_period: 1 },
  ],
  squeezeintensity: [
    { bb_period: 30, kc_period: 5, source: 'hl2' },
    { bb_period: 2, kc_period: 2 },
  ],
  vwap: [{ period: 0 }, { period: 1 }, { use_typical_price: false }],
  cmf: [{ period: 2 }],
  adline: [{ use_sma_smoothing: true, smoothing_period: 5 }],
  donchianchannels: [{ period: 2, include_middle: false }],
  zigzag: [{ threshold: 0.01 }, { threshold: 0.9, source: 'high' }],
  ichimoku: [
    { tenkan_period: 1, kijun_period: 1, senkou_b_period: 1, displacement: 1 },
    { tenkan_period: 50, kijun_period: 30, senkou_b_period: 20, displacement: 5 },
  ],
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
    ['bb_width', 'bollingerbandwidth'],
    ['stoch', 'stochastic'],
    ['psar', 'parabolicsar'],
    ['ParabolicSAR', 'parabolicsar'],
    ['donchian', 'donchianchannels'],
    ['KeltnerChannels', 'keltnerchannels'],
    ['ADLine', 'adline'],
    ['squeeze_intensity', 'squeezeintensity'],
    ['SuperTrend', 'supertrend'],
    ['volume_ratio', 'volumeratio'],
  ])('finds "%s" as %s', (name, type) => {
    expect(findIndicator(name).type).toBe(type);
  });

  it.each([
    ['rsy', 'There is no indicator of type "rsy"; did you mean "rsi"?'],
    ['stochastik', 'did you mean "stochastic"?'],
    ['bolingerbands', 'did you mean "bollingerbands"?'],
    ['heikinashi', 'use one of sma, ema, wma, macd'],
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
    ['psar', { initial_af: 0.1, max_af: 0.05 }, 'initial_af must not exceed max_af'],
  ])('refuses %s with %j', (type, parameters, message) => {
    expect(() => findIndicator(type).configure(parameters)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(message) }),
    );
  });
});
