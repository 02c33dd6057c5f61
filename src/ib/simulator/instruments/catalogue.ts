import { futureSeries } from './futures.ts';
import { currencyPair, stock, stockIndex, type Instrument } from './instruments.ts';

const technology = { industry: 'Technology', category: 'Computers' };
const internet = { industry: 'Communications', category: 'Internet' };
const fund = { primaryExchange: 'ARCA', stockType: 'ETF' } as const;

const stocks: readonly Instrument[] = [
  stock({
    conId: 265598,
    symbol: 'AAPL',
    longName: 'APPLE INC',
    ...technology,
    walk: { dailyVolume: 6e7, startPrice: 16, growth: 0.095 },
  }),
  stock({
    conId: 272093,
    symbol: 'MSFT',
    longName: 'MICROSOFT CORP',
    ...technology,
    walk: { dailyVolume: 3e7, startPrice: 40 },
  }),
  stock({
    conId: 208813720,
    symbol: 'GOOG',
    longName: 'ALPHABET INC-CL C',
    ...internet,
    walk: { listed: '2004-08-19', startPrice: 50 },
  }),
  stock({ conId: 3691937, symbol: 'AMZN', longName: 'AMAZON.COM INC', ...internet, walk: { dailyVolume: 4e7 } }),
  stock({
    conId: 4815747,
    symbol: 'NVDA',
    longName: 'NVIDIA CORP',
    industry: 'Technology',
    category: 'Semiconductors',
    walk: { listed: '1999-01-22', dailyVolume: 5e7, dailyVolatility: 0.02 },
  }),
  stock({
    conId: 76792991,
    symbol: 'TSLA',
    longName: 'TESLA INC',
    industry: 'Consumer, Cyclical',
    category: 'Auto Manufacturers',
    walk: { listed: '2010-06-29', dailyVolume: 9e7, dailyVolatility: 0.025 },
  }),
  stock({
    conId: 8314,
    symbol: 'IBM',
    longName: 'INTL BUSINESS MACHINES CORP',
    primaryExchange: 'NYSE',
    ...technology,
    walk: { startPrice: 90, growth: 0.03 },
  }),
  // One name in two countries: a request that does not say which currency is ambiguous.
  stock({
    conId: 11034,
    symbol: 'RY',
    longName: 'ROYAL BANK OF CANADA',
    primaryExchange: 'NYSE',
    industry: 'Financial',
    category: 'Banks',
    walk: { startPrice: 25, growth: 0.05 },
  }),
  stock({
    conId: 4458964,
    symbol: 'RY',
    longName: 'ROYAL BANK OF CANADA',
    primaryExchange: 'TSE',
    currency: 'CAD',
    industry: 'Financial',
    category: 'Banks',
    walk: { startPrice: 35, growth: 0.05 },
  }),
];

const funds: readonly Instrument[] = [
  stock({
    conId: 756733,
    ...fund,
    tradingClass: 'SPY',
    symbol: 'SPY',
    longName: 'SPDR S&P 500 ETF TRUST',
    walk: { startPrice: 97, dailyVolatility: 0.011, dailyVolume: 8e7 },
  }),
  stock({
    conId: 320227571,
    ...fund,
    primaryExchange: 'NASDAQ',
    symbol: 'QQQ',
    longName: 'INVESCO QQQ TRUST SERIES 1',
    walk: { listed: '1999-03-10', startPrice: 51, dailyVolatility: 0.014, dailyVolume: 4e7 },
  }),
  stock({
    conId: 15547841,
    ...fund,
    primaryExchange: 'NASDAQ',
    symbol: 'TLT',
    longName: 'ISHARES 20+ YEAR TREASURY BD',
    walk: { listed: '2002-07-26', startPrice: 81, growth: 0.005, dailyVolatility: 0.009, dailyVolume: 2e7 },
  }),
];

const indices: readonly Instrument[] = [
  stockIndex({ conId: 416904, symbol: 'SPX', exchange: 'CBOE', longName: 'S&P 500 Stock Index' }),
  stockIndex({
    conId: 416843,
    symbol: 'NDX',
    exchange: 'NASDAQ',
    longName: 'NASDAQ 100 Stock Index',
    walk: { startPrice: 220, growth: 0.1, dailyVolatility: 0.014 },
  }),
  stockIndex({
    conId: 13455763,
    symbol: 'VIX',
    exchange: 'CBOE',
    longName: 'CBOE Volatility Index',
    walk: { startPrice: 18, growth: 0, dailyVolatility: 0.06 },
  }),
];

const pairs: readonly Instrument[] = [
  currencyPair('EUR', 'USD', { conId: 12087792, startPrice: 1.2 }),
  currencyPair('GBP', 'USD', { conId: 12087797, startPrice: 1.5 }),
  currencyPair('USD', 'JPY', { conId: 15016059, startPrice: 108 }),
  currencyPair('EUR', 'GBP', { conId: 12087807, startPrice: 0.8 }),
];

const futures: readonly Instrument[] = [
  ...futureSeries(
    {
      conId: 495512500,
      symbol: 'ES',
      longName: 'E-mini S&P 500',
      exchange: 'CME',
      multiplier: '50',
      minTick: 0.25,
      walk: { listed: '1997-09-09', startPrice: 930, growth: 0.07, dailyVolatility: 0.011, dailyVolume: 1.5e6 },
    },
    { first: 2015, last: 2030 },
  ),
  ...futureSeries(
    {
      conId: 620730900,
      symbol: 'NQ',
      longName: 'E-mini NASDAQ 100',
      exchange: 'CME',
      multiplier: '20',
      minTick: 0.25,
      walk: { listed: '1999-06-21', startPrice: 2200, growth: 0.09, dailyVolatility: 0.014, dailyVolume: 6e5 },
    },
    { first: 2015, last: 2030 },
  ),
];

/** The instruments whose prices are generated. Most contract ids and listings are those of the real ones. */
export const catalogue: readonly Instrument[] = [...stocks, ...funds, ...indices, ...pairs, ...futures];
