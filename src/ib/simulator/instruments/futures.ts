import type { Instrument, Walk } from './instruments.ts';
import { dayMs } from '../../../market/index.ts';

interface FutureFacts extends Pick<Instrument, 'symbol' | 'longName' | 'exchange' | 'multiplier' | 'minTick'> {
  /** Of the contract without an end; those that expire follow it. */
  readonly conId: number;
  readonly walk: Walk;
}

/** From the first to the last year in which a contract expires. */
interface Years {
  readonly first: number;
  readonly last: number;
}

/** A contract that never ends and the quarterly ones that expire, all on one generated price. */
export function futureSeries(facts: FutureFacts, years: Years): Instrument[] {
  const { symbol, conId } = facts;
  const common = {
    ...facts,
    currency: 'USD',
    primaryExchange: '',
    tradingClass: symbol,
    stockType: '',
    industry: 'Indices',
    category: 'Broad Range Equity Index',
    // Nearly around the clock, as currencies are.
    calendar: 'currencies',
    zone: 'US/Eastern',
    ticksPerUnit: Math.round(1 / facts.minTick),
    pathName: `${symbol}/FUT`,
  } as const;
  const quarters = Array.from({ length: 4 * (years.last - years.first + 1) }, (_, index) => ({
    year: years.first + (index >> 2),
    month: 3 * (index & 3) + 2,
    place: index + 1,
  }));
  return [
    { ...common, secType: 'CONTFUT', localSymbol: symbol, expiry: '' },
    ...quarters.map(({ year, month, place }): Instrument => {
      const expires = thirdFriday(year, month);
      return {
        ...common,
        conId: conId + place,
        secType: 'FUT',
        localSymbol: `${symbol}${monthCodes[month] ?? ''}${year % 10}`,
        expiry: new Date(expires).toISOString().slice(0, 10).replaceAll('-', ''),
        life: { start: Date.UTC(year - 1, month - 3, 1), end: expires + settledAtMs },
      };
    }),
  ];
}

/** The letters of the exchanges for the months that contracts expire in. */
const monthCodes: Readonly<Record<number, string>> = { 2: 'H', 5: 'M', 8: 'U', 11: 'Z' };

/** Index futures settle at the opening of their last day: 09:30 in New York, which is 13:30 UTC in summer. */
const settledAtMs = 13.5 * 3_600_000;

function thirdFriday(year: number, month: number): number {
  const first = Date.UTC(year, month, 1);
  const daysToFriday = (12 - new Date(first).getUTCDay()) % 7;
  return first + (daysToFriday + 14) * dayMs;
}
