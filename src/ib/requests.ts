import { dayMs, isIntraday, timeframeMs, type Session, type Timeframe, type TimeRange } from '../market/index.ts';
import { calendarFor, type AssetType, type IbContract } from './contract.ts';

/** One REQ_HISTORICAL_DATA, in IB's words. Dates are asked for as UTC and as epoch seconds. */
export interface HistoryQuery {
  readonly contract: IbContract;
  /** `yyyymmdd-hh:mm:ss`, UTC. */
  readonly endDateTime: string;
  readonly duration: string;
  readonly barSize: string;
  readonly whatToShow: WhatToShow;
  readonly regularHoursOnly: boolean;
}

export type WhatToShow = 'TRADES' | 'MIDPOINT';

const minuteMs = 60_000;

const barSizes: Readonly<Record<Timeframe, string>> = {
  '1m': '1 min',
  '5m': '5 mins',
  '15m': '15 mins',
  '30m': '30 mins',
  '1h': '1 hour',
  '2h': '2 hours',
  '4h': '4 hours',
  '1d': '1 day',
  '1w': '1 week',
  '1M': '1 month',
};

/**
 * The longest span of one request in days, never more than 4,000 bars: larger answers hold up the gateway, which serves
 * several short requests sooner than one long one. Stocks trade 390 minutes a session, currencies 1,425.
 */
const maxSpanDays: Readonly<Record<'stock' | 'currency', Readonly<Record<Timeframe, number>>>> = {
  stock: {
    '1m': 7,
    '5m': 30,
    '15m': 90,
    '30m': 120,
    '1h': 182,
    '2h': 365,
    '4h': 365,
    '1d': 730,
    '1w': 7300,
    '1M': 7300,
  },
  currency: {
    '1m': 1,
    '5m': 14,
    '15m': 30,
    '30m': 90,
    '1h': 182,
    '2h': 365,
    '4h': 365,
    '1d': 730,
    '1w': 7300,
    '1M': 7300,
  },
};

export function maxSpanMs(timeframe: Timeframe, assetType: AssetType): number {
  const isAroundTheClock = assetType === 'currency' || assetType === 'future';
  return maxSpanDays[isAroundTheClock ? 'currency' : 'stock'][timeframe] * dayMs;
}

/** Currencies have no trades, only quotes. */
export function whatToShow({ secType }: IbContract): WhatToShow {
  return secType === 'CASH' ? 'MIDPOINT' : 'TRADES';
}

/** For anything but stocks IB would cut the answer to equity hours. */
export function regularHoursOnly({ secType }: IbContract): boolean {
  return secType === 'STK';
}

/**
 * The query whose answer holds every bar of a range, and possibly older ones. The range is one of instants, or of
 * session dates for `1d` and slower; `now` bounds the end, because the future has no bars.
 */
export function historyQuery(
  contract: IbContract,
  { timeframe, range }: { timeframe: Timeframe; range: TimeRange },
  now: number,
): HistoryQuery {
  const span = isIntraday(timeframe) ? range : instantsOfDates(contract, range);
  const end = Math.min(span.end, now);
  return {
    contract,
    endDateTime: endTimeText(end),
    duration: duration(contract, { timeframe, span: { start: span.start, end: Math.max(end, span.start + minuteMs) } }),
    barSize: barSizes[timeframe],
    whatToShow: whatToShow(contract),
    regularHoursOnly: regularHoursOnly(contract),
  };
}

/** `20260105-21:00:00`: the form with a dash is read as UTC, whatever the login's zone is. */
export function endTimeText(instant: number): string {
  const [date = '', time = ''] = new Date(Math.ceil(instant / 1_000) * 1_000).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8)}`;
}

/**
 * IB counts days in sessions of the instrument, takes no more than 365 of them, and has no unit for hours. Seconds go
 * with minute bars only. Weeks and months are asked for in years, the one unit that holds whole ones of both.
 */
function duration(contract: IbContract, { timeframe, span }: { timeframe: Timeframe; span: TimeRange }): string {
  const length = span.end - span.start;
  if (length <= dayMs && timeframeMs(timeframe) === minuteMs) return `${Math.ceil(length / 1_000)} S`;
  // From a week or a month earlier, because the first week or month of an answer may be cut off at its beginning.
  if (timeframeMs(timeframe) > dayMs) return `${yearsBack({ ...span, start: span.start - timeframeMs(timeframe) })} Y`;
  const sessions = calendarFor(contract).sessions(span).length;
  if (sessions <= 365) return `${Math.max(1, sessions)} D`;
  return `${yearsBack(span)} Y`;
}

function yearsBack({ start, end }: TimeRange): number {
  const date = new Date(end);
  for (let years = 1; ; years += 1) {
    if (date.setUTCFullYear(date.getUTCFullYear() - 1) <= start) return years;
  }
}

/**
 * From the open of the first session with a date in the range up to the range's end, and not before the last session's
 * close; or to that where the next session opens before: a currency's Tuesday begins on Monday evening.
 */
function instantsOfDates(contract: IbContract, dates: TimeRange): TimeRange {
  const sessions = calendarFor(contract)
    .sessions({ start: dates.start - 2 * dayMs, end: dates.end + 2 * dayMs })
    .filter(({ date }) => date >= dates.start);
  const wanted = sessions.filter(({ date }) => date < dates.end);
  const [first, last, next]: (Session | undefined)[] = [wanted[0], wanted.at(-1), sessions[wanted.length]];
  if (first === undefined || last === undefined) return dates;
  const isNextOpen = next !== undefined && next.open < dates.end;
  return { start: first.open, end: isNextOpen ? last.close : Math.max(last.close, dates.end) };
}
