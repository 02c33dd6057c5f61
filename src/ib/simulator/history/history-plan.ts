import { dayMs, type TimeRange } from '../../../market/index.ts';
import { parseBarSize, smallBarMs, type BarSize } from '../bars/bar-size.ts';
import type { Instrument } from '../instruments/instruments.ts';
import { Notice, refusals } from '../protocol/notices.ts';
import type { HistoryRequest } from '../protocol/requests.ts';
import { sessionsBefore } from '../instruments/trading-hours.ts';
import { parseEnd } from '../protocol/wire-time.ts';

/** A history request understood: what to answer it with. */
export interface HistoryPlan {
  readonly barSize: BarSize;
  readonly whatToShow: string;
  /** Instants between which the bars lie. */
  readonly window: TimeRange;
  /** The span that the answer names; for days it counts calendar days, although the bars count sessions. */
  readonly named: TimeRange;
  readonly endWithoutZone: boolean;
}

/** Checks a history request as the gateway does and works out its window. */
export function planHistory(
  request: HistoryRequest,
  { instrument, now }: { instrument: Instrument; now: number },
): HistoryPlan | Notice {
  const whatToShow = request.whatToShow.toUpperCase();
  if (!legalKinds.includes(whatToShow)) return refusals.whatToShow;
  const barSize = parseBarSize(request.barSize);
  if (barSize === undefined) return refusals.barSize;
  const duration = parseDuration(request.duration);
  if (duration === undefined) return refusals.duration;
  const tooMuch = checkDuration(duration, barSize);
  if (tooMuch !== undefined) return tooMuch;
  if (whatToShow === 'SCHEDULE' && barSize.unit !== 'day') return refusals.scheduleStep;
  if (request.end !== '' && (request.keepUpToDate || whatToShow === 'ADJUSTED_LAST')) return refusals.endNotAllowed;
  if (request.keepUpToDate && (barSize.ms < 5000 || !liveKinds.includes(whatToShow))) return refusals.liveBars;
  if (request.end !== '' && instrument.secType === 'CONTFUT') return refusals.continuousEnd;
  const end = parseEnd(request.end, { now, zone: instrument.zone });
  if (end === undefined) return refusals.endFormat;
  const named = { start: before(end.instant, duration), end: end.instant };
  const window =
    duration.unit === 'D' ? sessionsWindow(duration.count, { end: end.instant, instrument, request }) : named;
  return {
    barSize,
    // Generated prices know no splits and no dividends, so adjusted trades are the trades.
    whatToShow: whatToShow === 'ADJUSTED_LAST' ? 'TRADES' : whatToShow,
    window:
      barSize.ms <= smallBarMs ? { start: Math.max(window.start, before(now, sixMonths)), end: window.end } : window,
    named,
    endWithoutZone: end.assumedZone,
  };
}

type Unit = 'S' | 'D' | 'W' | 'M' | 'Y';

interface Duration {
  readonly count: number;
  readonly unit: Unit;
}

/** Bars of 30 seconds or less are kept for so long. */
const sixMonths: Duration = { count: 6, unit: 'M' };

const liveKinds = ['TRADES', 'MIDPOINT', 'BID', 'ASK'];

const legalKinds = [
  ...liveKinds,
  'BID_ASK',
  'ADJUSTED_LAST',
  'HISTORICAL_VOLATILITY',
  'OPTION_IMPLIED_VOLATILITY',
  'FEE_RATE',
  'YIELD_BID',
  'YIELD_ASK',
  'YIELD_BID_ASK',
  'YIELD_LAST',
  'SCHEDULE',
  'AGGTRADES',
];

/**
 * The shortest bars each unit allows and how many of it one request may span. IB's table names the longest bars as well,
 * and does not hold its clients to those: days are asked for in days by everybody.
 */
const limits: Readonly<Record<Unit, { shortestBarMs: number; most: number }>> = {
  S: { shortestBarMs: 1000, most: 86_400 },
  D: { shortestBarMs: 5000, most: 365 },
  W: { shortestBarMs: 10_000, most: 52 },
  M: { shortestBarMs: 30_000, most: 12 },
  Y: { shortestBarMs: 60_000, most: 68 },
};

const mostSecondsOfOneSecondBars = 2000;

function parseDuration(text: string): Duration | undefined {
  const match = /^([1-9]\d{0,5}) ([SDWMY])$/.exec(text);
  return match === null ? undefined : { count: Number(match[1]), unit: match[2] as Unit };
}

function checkDuration({ count, unit }: Duration, barSize: BarSize): Notice | undefined {
  if (barSize.ms < limits[unit].shortestBarMs) return refusals.invalidStep;
  if (unit === 'S' && barSize.ms === 1000 && count > mostSecondsOfOneSecondBars) return refusals.tooLong;
  if (count <= limits[unit].most) return undefined;
  return unit === 'D' ? refusals.daysAsYears : refusals.tooLong;
}

function before(end: number, { count, unit }: Duration): number {
  if (unit === 'S') return end - count * 1000;
  if (unit === 'D') return end - count * dayMs;
  if (unit === 'W') return end - count * 7 * dayMs;
  const date = new Date(end);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - (unit === 'Y' ? 12 * count : count));
  const lastOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, lastOfMonth));
}

/** "n D" means n sessions of the instrument, the one in progress included, not n calendar days. */
function sessionsWindow(
  count: number,
  { end, instrument, request }: { end: number; instrument: Instrument; request: HistoryRequest },
): TimeRange {
  const [first] = sessionsBefore(instrument, { end, count, regularHoursOnly: request.regularHoursOnly });
  return { start: first?.open ?? end, end };
}
