import { escapeNonAscii, type Field } from '../protocol/framing.ts';
import type { Instrument } from './instruments.ts';
import { hoursText } from './trading-hours.ts';

/** Message 10: all that the gateway tells of an instrument, in the order of the protocol at a version. */
export function contractDetails(
  { reqId, version, now }: { reqId: number; version: number; now: number },
  instrument: Instrument,
): Field[] {
  const { secType } = instrument;
  const stock = secType === 'STK';
  const at = (from: number, ...fields: Field[]): Field[] => (version >= from ? fields : []);
  const until = (below: number, ...fields: Field[]): Field[] => (version < below ? fields : []);
  const exchanges = validExchanges(instrument);
  const month = instrument.expiry.slice(0, 6);
  const underlying = isFuture(instrument);
  return [
    10,
    ...until(164, 8),
    reqId,
    instrument.symbol,
    secType,
    instrument.expiry, // last trade date or contract month
    ...at(182, instrument.expiry), // last trade date
    0, // strike
    '', // right
    instrument.exchange,
    instrument.currency,
    instrument.localSymbol,
    instrument.tradingClass, // market name
    instrument.tradingClass,
    instrument.conId,
    instrument.minTick,
    ...until(164, stock ? 100 : 1), // market data size multiplier
    instrument.multiplier,
    orderTypes,
    exchanges.join(','),
    1, // price magnifier
    0, // underlying contract id
    escapeNonAscii(instrument.longName),
    instrument.primaryExchange,
    month, // contract month
    instrument.industry,
    instrument.category,
    '', // subcategory
    instrument.zone,
    hoursText(instrument, { now, regularHoursOnly: false }),
    hoursText(instrument, { now, regularHoursOnly: true }),
    '', // economic value rule
    0, // economic value multiplier
    0, // number of security ids
    facts[secType].group, // aggregated group
    underlying ? instrument.symbol : '',
    underlying ? 'IND' : '',
    exchanges.map(() => facts[secType].marketRule).join(','), // market rules, one for each exchange
    instrument.expiry, // real expiration date
    instrument.stockType,
    ...(version === 163 ? [stock ? 1 : 0.01] : []), // smallest size step
    ...at(164, ...facts[secType].sizes),
    ...at(186, 0), // number of ineligibility reasons
  ];
}

const orderTypes = 'ACTIVETIM,ADJUST,ALERT,ALGO,COND,DAY,GTC,GTD,IOC,LIT,LMT,LOC,MIT,MKT,MOC,STP,STPLMT,TRAIL,WHATIF';

interface TypeFacts {
  readonly group: number;
  readonly marketRule: number;
  /** Smallest size, its step, and the suggested step. */
  readonly sizes: readonly [number, number, number];
}

const future: TypeFacts = { group: 2147483647, marketRule: 67, sizes: [1, 1, 1] };

const facts: Readonly<Record<Instrument['secType'], TypeFacts>> = {
  STK: { group: 1, marketRule: 26, sizes: [1, 1, 100] },
  CASH: { group: 4, marketRule: 239, sizes: [1, 0.01, 1] },
  IND: { group: 2147483647, marketRule: 32, sizes: [1, 1, 1] },
  FUT: future,
  CONTFUT: future,
};

function isFuture({ secType }: Instrument): boolean {
  return secType === 'FUT' || secType === 'CONTFUT';
}

function validExchanges({ secType, currency, exchange, primaryExchange }: Instrument): string[] {
  if (secType !== 'STK') return [exchange];
  const others = currency === 'USD' ? ['AMEX', 'NYSE', 'ARCA', 'NASDAQ', 'BATS'] : [];
  return [exchange, ...new Set([...others, primaryExchange])];
}
