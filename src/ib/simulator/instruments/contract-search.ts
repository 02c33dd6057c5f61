import type { Instrument } from './instruments.ts';
import type { ContractQuery } from '../protocol/requests.ts';
import { dayMs } from '../../../market/index.ts';

/** Of a future that expired longer ago than this the gateway knows nothing any more. */
const rememberedMs = 2 * 365.25 * dayMs;

/** Every instrument that a query may mean at a time; none when it names nothing this gateway knows. */
export function findInstruments(known: readonly Instrument[], query: ContractQuery, now: number): Instrument[] {
  return known.filter((instrument) => names(query, instrument) && isListed(instrument, query, now));
}

/** Instruments whose symbol begins with a pattern or whose name contains it, as the gateway's symbol search finds them. */
export function searchInstruments(known: readonly Instrument[], pattern: string): Instrument[] {
  const wanted = pattern.trim().toUpperCase();
  if (wanted === '') return [];
  return known.filter(
    ({ secType, symbol, localSymbol, longName }) =>
      // A search names the underlyings; their futures are found through contract details.
      secType !== 'FUT' &&
      secType !== 'CONTFUT' &&
      (symbol.startsWith(wanted) || localSymbol.startsWith(wanted) || longName.toUpperCase().includes(wanted)),
  );
}

function names(query: ContractQuery, instrument: Instrument): boolean {
  if (query.conId !== 0) return query.conId === instrument.conId;
  if (query.symbol === '' && query.localSymbol === '') return false;
  const elsewhere = [instrument.primaryExchange, ...aliases(instrument)];
  return (
    agrees(query.symbol, instrument.symbol) &&
    agrees(query.localSymbol, instrument.localSymbol) &&
    // Only who asks for the contract without an end means it.
    (query.secType === '' ? instrument.secType !== 'CONTFUT' : agrees(query.secType, instrument.secType)) &&
    agrees(query.currency, instrument.currency) &&
    agrees(query.tradingClass, instrument.tradingClass) &&
    agrees(query.multiplier, instrument.multiplier) &&
    instrument.expiry.startsWith(query.expiry) &&
    agrees(query.primaryExchange, ...elsewhere) &&
    agrees(query.exchange, instrument.exchange, ...elsewhere)
  );
}

/** A contract that has expired is found by who asks for expired ones, and for two years only. */
function isListed({ life }: Instrument, { includeExpired }: ContractQuery, now: number): boolean {
  if (life === undefined) return true;
  return life.start <= now && now < (includeExpired ? life.end + rememberedMs : life.end);
}

function agrees(asked: string, ...accepted: readonly string[]): boolean {
  return asked === '' || accepted.includes(asked.toUpperCase());
}

/** NASDAQ was called ISLAND for years, and clients still say so. */
function aliases({ primaryExchange }: Instrument): string[] {
  return primaryExchange === 'NASDAQ' ? ['ISLAND'] : [];
}
