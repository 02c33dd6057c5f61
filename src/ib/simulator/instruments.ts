import type { CalendarId } from '../../market/index.ts';
import type { ContractQuery } from './requests.ts';

/** What the gateway knows of a security or a currency pair. */
export interface Instrument {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: 'STK' | 'CASH';
  readonly currency: string;
  readonly exchange: 'SMART' | 'IDEALPRO';
  readonly primaryExchange: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly longName: string;
  readonly stockType: '' | 'COMMON' | 'ETF';
  readonly industry: string;
  readonly category: string;
  readonly calendar: CalendarId;
  /** The name IB gives to the zone in which hours and stamps of this instrument are told. */
  readonly zone: string;
  readonly minTick: number;
  /** Prices are whole multiples of 1 / ticksPerUnit. */
  readonly ticksPerUnit: number;
  readonly walk: Walk;
}

/** How a generated price moves: facts of the instrument, not of a run. */
export interface Walk {
  /** First session, `yyyy-mm-dd`. */
  readonly listed: string;
  readonly startPrice: number;
  /** Mean growth of the logarithm of the price in a year. */
  readonly growth: number;
  /** Standard deviation of a day's move of the logarithm of the price. */
  readonly dailyVolatility: number;
  /** Shares on an average day; 0 for currencies, whose data has no volume. */
  readonly dailyVolume: number;
}

const zone = 'US/Eastern';

type StockFacts = Pick<Instrument, 'conId' | 'symbol' | 'longName'> &
  Partial<Pick<Instrument, 'primaryExchange' | 'tradingClass' | 'stockType' | 'industry' | 'category'>> & {
    walk?: Partial<Walk>;
  };

/** A US stock or fund as the gateway would describe it; what is not told is ordinary. */
export function stock({ walk, ...facts }: StockFacts): Instrument {
  return {
    secType: 'STK',
    currency: 'USD',
    exchange: 'SMART',
    primaryExchange: 'NASDAQ',
    localSymbol: facts.symbol,
    tradingClass: 'NMS',
    stockType: 'COMMON',
    industry: '',
    category: '',
    calendar: 'us_equities',
    zone,
    minTick: 0.01,
    ticksPerUnit: 100,
    ...facts,
    walk: { listed: '1998-01-02', startPrice: 20, growth: 0.07, dailyVolatility: 0.015, dailyVolume: 8e6, ...walk },
  };
}

/** A currency pair on IDEALPRO, for example EUR and USD for `EUR.USD`. */
export function currencyPair(base: string, quote: string, facts: { conId: number; startPrice?: number }): Instrument {
  const yen = quote === 'JPY';
  return {
    conId: facts.conId,
    symbol: base,
    secType: 'CASH',
    currency: quote,
    exchange: 'IDEALPRO',
    primaryExchange: '',
    localSymbol: `${base}.${quote}`,
    tradingClass: `${base}.${quote}`,
    longName: `${currencyNames[base] ?? base} / ${currencyNames[quote] ?? quote}`,
    stockType: '',
    industry: '',
    category: '',
    calendar: 'currencies',
    zone,
    minTick: yen ? 0.005 : 0.00005,
    ticksPerUnit: yen ? 200 : 20_000,
    walk: {
      listed: '2005-03-09',
      startPrice: facts.startPrice ?? 1,
      growth: 0,
      dailyVolatility: 0.005,
      dailyVolume: 0,
    },
  };
}

/** The currencies whose pairs the gateway quotes. */
const currencyNames: Readonly<Record<string, string>> = {
  AUD: 'Australian dollar',
  CAD: 'Canadian dollar',
  CHF: 'Swiss franc',
  EUR: 'European Monetary Union Euro',
  GBP: 'British pound',
  JPY: 'Japanese yen',
  NZD: 'New Zealand dollar',
  USD: 'United States dollar',
};

/** `EURUSD` or `EUR.USD` as its two currencies; undefined for a text that names no pair. */
export function currenciesOf(name: string): [base: string, quote: string] | undefined {
  const [, base = '', quote = ''] = /^([A-Z]{3})\.?([A-Z]{3})$/.exec(name) ?? [];
  const known = base !== quote && Object.hasOwn(currencyNames, base) && Object.hasOwn(currencyNames, quote);
  return known ? [base, quote] : undefined;
}

const technology = { industry: 'Technology', category: 'Computers' };
const internet = { industry: 'Communications', category: 'Internet' };

/** The instruments whose prices are generated. Contract ids and listings are those of the real ones. */
export const catalogue: readonly Instrument[] = [
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
  stock({
    conId: 756733,
    primaryExchange: 'ARCA',
    tradingClass: 'SPY',
    stockType: 'ETF',
    symbol: 'SPY',
    longName: 'SPDR S&P 500 ETF TRUST',
    walk: { startPrice: 97, dailyVolatility: 0.011, dailyVolume: 8e7 },
  }),
  currencyPair('EUR', 'USD', { conId: 12087792, startPrice: 1.2 }),
  currencyPair('GBP', 'USD', { conId: 12087797, startPrice: 1.5 }),
  currencyPair('USD', 'JPY', { conId: 15016059, startPrice: 108 }),
  currencyPair('EUR', 'GBP', { conId: 12087807, startPrice: 0.8 }),
];

/** Every instrument that a query may mean; none when it names nothing this gateway knows. */
export function findInstruments(known: readonly Instrument[], query: ContractQuery): Instrument[] {
  if (query.conId !== 0) return known.filter(({ conId }) => conId === query.conId);
  if (query.symbol === '' && query.localSymbol === '') return [];
  return known.filter(
    (instrument) =>
      agrees(query.symbol, instrument.symbol) &&
      agrees(query.localSymbol, instrument.localSymbol) &&
      agrees(query.secType, instrument.secType) &&
      agrees(query.currency, instrument.currency) &&
      agrees(query.tradingClass, instrument.tradingClass) &&
      agrees(query.primaryExchange, instrument.primaryExchange, ...aliases(instrument)) &&
      agrees(query.exchange, instrument.exchange, instrument.primaryExchange, ...aliases(instrument)),
  );
}

/** Instruments whose symbol begins with a pattern or whose name contains it, as the gateway's symbol search finds them. */
export function searchInstruments(known: readonly Instrument[], pattern: string): Instrument[] {
  const wanted = pattern.trim().toUpperCase();
  if (wanted === '') return [];
  return known.filter(
    ({ symbol, localSymbol, longName }) =>
      symbol.startsWith(wanted) || localSymbol.startsWith(wanted) || longName.toUpperCase().includes(wanted),
  );
}

function agrees(asked: string, ...accepted: readonly string[]): boolean {
  return asked === '' || accepted.includes(asked.toUpperCase());
}

/** NASDAQ was called ISLAND for years, and clients still say so. */
function aliases({ primaryExchange }: Instrument): string[] {
  return primaryExchange === 'NASDAQ' ? ['ISLAND'] : [];
}
