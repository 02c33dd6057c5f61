import type { CalendarId, TimeRange } from '../../../market/index.ts';

/** What the gateway knows of a security, an index, a future or a currency pair. */
export interface Instrument {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: 'STK' | 'CASH' | 'IND' | 'FUT' | 'CONTFUT';
  readonly currency: string;
  /** The one that a request names: `SMART` for stocks, `IDEALPRO` for pairs, else the exchange itself. */
  readonly exchange: string;
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
  readonly multiplier: string;
  /** Last trading day of a future, `yyyymmdd`; empty for what does not expire. */
  readonly expiry: string;
  /** When it could be traded, where that is less than always: a future is listed for a while. */
  readonly life?: TimeRange;
  /** Instruments of one name share one generated price: all futures on an index, for example. */
  readonly pathName: string;
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
  /** Shares on an average day; 0 for currencies and indices, whose data has no volume. */
  readonly dailyVolume: number;
}

/** Stocks trade early and late as well; everything else has only its session. */
export function hasExtendedHours({ secType }: Pick<Instrument, 'secType'>): boolean {
  return secType === 'STK';
}

const zone = 'US/Eastern';
const nothingSpecial = { stockType: '', industry: '', category: '', multiplier: '', expiry: '', zone } as const;

type StockFacts = Pick<Instrument, 'conId' | 'symbol' | 'longName'> &
  Partial<Pick<Instrument, 'primaryExchange' | 'tradingClass' | 'stockType' | 'industry' | 'category' | 'currency'>> & {
    walk?: Partial<Walk>;
  };

/** A stock or fund as the gateway would describe it; what is not told is ordinary. */
export function stock({ walk, ...facts }: StockFacts): Instrument {
  const { symbol, currency = 'USD' } = facts;
  return {
    ...nothingSpecial,
    secType: 'STK',
    exchange: 'SMART',
    primaryExchange: 'NASDAQ',
    localSymbol: symbol,
    tradingClass: 'NMS',
    stockType: 'COMMON',
    calendar: 'us_equities',
    minTick: 0.01,
    ticksPerUnit: 100,
    pathName: currency === 'USD' ? `${symbol}/STK` : `${symbol}/STK/${currency}`,
    currency,
    ...facts,
    walk: { listed: '1998-01-02', startPrice: 20, growth: 0.07, dailyVolatility: 0.015, dailyVolume: 8e6, ...walk },
  };
}

type IndexFacts = Pick<Instrument, 'conId' | 'symbol' | 'longName' | 'exchange'> & { walk?: Partial<Walk> };

/** A US stock index: values in regular hours and nothing else. */
export function stockIndex({ walk, ...facts }: IndexFacts): Instrument {
  return {
    ...nothingSpecial,
    secType: 'IND',
    currency: 'USD',
    primaryExchange: '',
    localSymbol: facts.symbol,
    tradingClass: facts.symbol,
    calendar: 'us_equities',
    minTick: 0.01,
    ticksPerUnit: 100,
    pathName: `${facts.symbol}/IND`,
    ...facts,
    walk: { listed: '1990-01-02', startPrice: 350, growth: 0.07, dailyVolatility: 0.011, ...walk, dailyVolume: 0 },
  };
}

/** A currency pair on IDEALPRO, for example EUR and USD for `EUR.USD`. */
export function currencyPair(base: string, quote: string, facts: { conId: number; startPrice?: number }): Instrument {
  const yen = quote === 'JPY';
  const name = `${base}.${quote}`;
  return {
    ...nothingSpecial,
    conId: facts.conId,
    symbol: base,
    secType: 'CASH',
    currency: quote,
    exchange: 'IDEALPRO',
    primaryExchange: '',
    localSymbol: name,
    tradingClass: name,
    longName: `${currencyNames[base] ?? base} / ${currencyNames[quote] ?? quote}`,
    calendar: 'currencies',
    minTick: yen ? 0.005 : 0.00005,
    ticksPerUnit: yen ? 200 : 20_000,
    pathName: `${name}/CASH`,
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
