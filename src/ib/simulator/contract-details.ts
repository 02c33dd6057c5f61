import { escapeNonAscii, type Field } from './framing.ts';
import type { Instrument } from './instruments.ts';
import { hoursText } from './trading-hours.ts';

/** Message 10: all that the gateway tells of an instrument, in the order of the protocol at a version. */
export function contractDetails(
  { reqId, version, now }: { reqId: number; version: number; now: number },
  instrument: Instrument,
): Field[] {
  const stock = instrument.secType === 'STK';
  const at = (from: number, ...fields: Field[]): Field[] => (version >= from ? fields : []);
  const until = (below: number, ...fields: Field[]): Field[] => (version < below ? fields : []);
  return [
    10,
    ...until(164, 8),
    reqId,
    instrument.symbol,
    instrument.secType,
    '', // last trade date or contract month
    ...at(182, ''), // last trade date
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
    '', // multiplier
    orderTypes,
    validExchanges(instrument),
    1, // price magnifier
    0, // underlying contract id
    escapeNonAscii(instrument.longName),
    instrument.primaryExchange,
    '', // contract month
    instrument.industry,
    instrument.category,
    '', // subcategory
    instrument.zone,
    hoursText(instrument, { now, regularHoursOnly: false }),
    hoursText(instrument, { now, regularHoursOnly: true }),
    '', // economic value rule
    0, // economic value multiplier
    0, // number of security ids
    stock ? 1 : 4, // aggregated group
    '', // underlying symbol
    '', // underlying security type
    validExchanges(instrument)
      .split(',')
      .map(() => (stock ? 26 : 239))
      .join(','), // market rules, one for each exchange
    '', // real expiration date
    instrument.stockType,
    ...(version === 163 ? [stock ? 1 : 0.01] : []), // smallest size step
    ...at(164, ...sizes(stock)),
    ...at(186, 0), // number of ineligibility reasons
  ];
}

const orderTypes = 'ACTIVETIM,ADJUST,ALERT,ALGO,COND,DAY,GTC,GTD,IOC,LIT,LMT,LOC,MIT,MKT,MOC,STP,STPLMT,TRAIL,WHATIF';

function validExchanges({ secType, primaryExchange }: Instrument): string {
  return secType === 'STK'
    ? ['SMART', ...new Set(['AMEX', 'NYSE', 'ARCA', 'NASDAQ', 'BATS', primaryExchange])].join(',')
    : 'IDEALPRO';
}

/** Smallest size, its step, and the suggested step. */
function sizes(stock: boolean): [number, number, number] {
  return stock ? [1, 1, 100] : [1, 0.01, 1];
}
