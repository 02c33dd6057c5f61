import { KtrdrError } from '../base/index.ts';
import { calendarOf, type CalendarId, type TradingCalendar } from '../market/index.ts';

/** An instrument as it is asked for from IB: a stock in US dollars by smart routing, or a currency pair. */
export interface IbContract {
  readonly secType: 'STK' | 'CASH';
  readonly symbol: string;
  readonly currency: string;
  readonly exchange: 'SMART' | 'IDEALPRO';
}

/** The currencies that IDEALPRO trades, by ISO code. */
const currencies = new Set(
  'AUD CAD CHF CNH CZK DKK EUR GBP HKD HUF ILS JPY KRW MXN NOK NZD PLN RUB SEK SGD TRY USD ZAR'.split(' '),
);

/**
 * Understands a symbol. `EUR.USD`, `EURUSD` and `EUR/USD` are the same pair; anything else is a US stock or fund, in
 * IB's spelling with a blank before the class of a share (`BRK B`, also written `BRK.B`).
 * @throws KtrdrError `invalid_input` for text that can be no symbol.
 */
export function parseSymbol(text: string): IbContract {
  const symbol = text.trim().toUpperCase();
  if (!/^[A-Z0-9][A-Z0-9 ./-]{0,31}$/.test(symbol)) {
    throw new KtrdrError(
      'invalid_input',
      `"${text.slice(0, 40)}" is not a symbol; write a US stock like AAPL or a currency pair like EUR.USD.`,
    );
  }
  const [, base = '', quote = ''] = /^([A-Z]{3})[./]?([A-Z]{3})$/.exec(symbol) ?? [];
  return base !== quote && currencies.has(base) && currencies.has(quote)
    ? { secType: 'CASH', symbol: base, currency: quote, exchange: 'IDEALPRO' }
    : { secType: 'STK', symbol: symbol.replaceAll('.', ' '), currency: 'USD', exchange: 'SMART' };
}

/** The name under which the instrument's bars are kept, the same for every spelling. */
export function symbolOf({ secType, symbol, currency }: IbContract): string {
  return secType === 'CASH' ? `${symbol}.${currency}` : symbol;
}

export type AssetType = 'stock' | 'currency';

export function assetTypeOf({ secType }: IbContract): AssetType {
  return secType === 'CASH' ? 'currency' : 'stock';
}

export function calendarIdOf({ secType }: IbContract): CalendarId {
  return secType === 'CASH' ? 'currencies' : 'us_equities';
}

export function calendarFor(contract: IbContract): TradingCalendar {
  return calendarOf(calendarIdOf(contract));
}

/** The name of an instrument in any spelling, and where it trades. Pure. @throws KtrdrError as `parseSymbol`. */
export function identifySymbol(text: string): { symbol: string; calendar: CalendarId } {
  const contract = parseSymbol(text);
  return { symbol: symbolOf(contract), calendar: calendarIdOf(contract) };
}
