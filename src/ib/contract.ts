import { KtrdrError } from '../base/index.ts';
import type { Instrument } from '../data/index.ts';
import { calendarOf, type CalendarId, type TradingCalendar } from '../market/index.ts';

/**
 * An instrument as it is asked for from IB: a stock or fund in US dollars by smart routing, a currency pair, an index, or
 * a future of one month.
 */
export interface IbContract {
  readonly secType: 'STK' | 'CASH' | 'IND' | 'FUT';
  readonly symbol: string;
  readonly currency: string;
  readonly exchange: string;
  /** Of a future: `yyyymm`. */
  readonly month?: string;
}

/** The currencies that IDEALPRO trades, by ISO code. */
const currencies = new Set(
  'AUD CAD CHF CNH CZK DKK EUR GBP HKD HUF ILS JPY KRW MXN NOK NZD PLN RUB SEK SGD TRY USD ZAR'.split(' '),
);

/** Indices by their exchange; no US stock has one of these names. */
const indexExchanges = new Map([
  ...['SPX', 'VIX', 'DJX', 'OEX', 'XSP'].map((symbol) => [symbol, 'CBOE'] as const),
  ['NDX', 'NASDAQ'],
  ['RUT', 'RUSSELL'],
  ['INDU', 'CME'],
]);

const futureExchanges = new Map([
  ...['ES', 'MES', 'NQ', 'MNQ', 'RTY', 'M2K', '6E', '6J', '6B'].map((symbol) => [symbol, 'CME'] as const),
  ...['YM', 'MYM', 'ZB', 'ZN', 'ZF', 'ZC', 'ZS', 'ZW'].map((symbol) => [symbol, 'CBOT'] as const),
  ...['CL', 'MCL', 'NG', 'RB'].map((symbol) => [symbol, 'NYMEX'] as const),
  ...['GC', 'MGC', 'SI', 'HG'].map((symbol) => [symbol, 'COMEX'] as const),
]);

/** The letters of the exchanges for January to December. */
const monthCodes = 'FGHJKMNQUVXZ';

/**
 * Understands a symbol in any case. `EUR.USD`, `EURUSD` and `EUR/USD` are the same pair, `ES-202603` and `ESH26` the same
 * future, `SPX` and `^SPX` the same index; anything else is a US stock or fund, in IB's spelling with a blank before the
 * class of a share (`BRK B`, also written `BRK.B`).
 * @throws KtrdrError `invalid_input` for text that can be no symbol.
 */
export function parseSymbol(text: string): IbContract {
  const symbol = text.trim().toUpperCase();
  const contract = pairOf(symbol) ?? indexOf(symbol) ?? futureOf(symbol) ?? stockOf(symbol);
  if (contract !== undefined) return contract;
  throw new KtrdrError(
    'invalid_input',
    `"${text.slice(0, 40)}" is not a symbol; write a US stock like AAPL, a currency pair like EUR.USD, an index like SPX, or a future like ES-202603.`,
  );
}

function pairOf(symbol: string): IbContract | undefined {
  const [, base = '', quote = ''] = /^([A-Z]{3})[./]?([A-Z]{3})$/.exec(symbol) ?? [];
  const isPair = base !== quote && currencies.has(base) && currencies.has(quote);
  return isPair ? { secType: 'CASH', symbol: base, currency: quote, exchange: 'IDEALPRO' } : undefined;
}

function indexOf(symbol: string): IbContract | undefined {
  const name = symbol.replace(/^\^/, '');
  const exchange = indexExchanges.get(name);
  return exchange === undefined ? undefined : { secType: 'IND', symbol: name, currency: 'USD', exchange };
}

function futureOf(symbol: string): IbContract | undefined {
  const [, root = '', code = '', year = '', month = ''] =
    /^([A-Z0-9]{2,3}?)(?:([FGHJKMNQUVXZ])(\d{2})|-(\d{4}(?:0[1-9]|1[0-2])))$/.exec(symbol) ?? [];
  const exchange = futureExchanges.get(root);
  if (exchange === undefined) return undefined;
  const named = `20${year}${String(monthCodes.indexOf(code) + 1).padStart(2, '0')}`;
  return { secType: 'FUT', symbol: root, currency: 'USD', exchange, month: month === '' ? named : month };
}

function stockOf(symbol: string): IbContract | undefined {
  if (!/^[A-Z0-9][A-Z0-9 ./-]{0,31}$/.test(symbol)) return undefined;
  return { secType: 'STK', symbol: symbol.replaceAll('.', ' '), currency: 'USD', exchange: 'SMART' };
}

/** The name under which the instrument's bars are kept, the same for every spelling. */
export function symbolOf({ secType, symbol, currency, month = '' }: IbContract): string {
  if (secType === 'CASH') return `${symbol}.${currency}`;
  return secType === 'FUT' ? `${symbol}-${month}` : symbol;
}

export type AssetType = Instrument['assetType'];

/** `stockType` is IB's word in the details of a contract; what is asked for as a stock may turn out to be a fund. */
export function assetTypeOf({ secType }: IbContract, stockType = ''): AssetType {
  const types = { CASH: 'currency', IND: 'index', FUT: 'future', STK: 'stock' } as const;
  return secType === 'STK' && stockType.toUpperCase() === 'ETF' ? 'etf' : types[secType];
}

/** Futures trade nearly around the clock, as currencies do; their own breaks are in the hours that IB reports. */
export function calendarIdOf({ secType }: IbContract): CalendarId {
  return secType === 'CASH' || secType === 'FUT' ? 'currencies' : 'us_equities';
}

export function calendarFor(contract: IbContract): TradingCalendar {
  return calendarOf(calendarIdOf(contract));
}

/** The name of an instrument in any spelling, and where it trades. Pure. @throws KtrdrError as `parseSymbol`. */
export function identifySymbol(text: string): { symbol: string; calendar: CalendarId } {
  const contract = parseSymbol(text);
  return { symbol: symbolOf(contract), calendar: calendarIdOf(contract) };
}
