import {
  calendarOf,
  dayMs,
  finalBefore,
  sliceBars,
  timeframeMs,
  type Bars,
  type CalendarId,
  type ReportedDay,
  type Timeframe,
  type TimeRange,
} from '../../market/index.ts';
import { FileFault } from './file-fault.ts';
import { cellNames, longerTimeframe } from './market-cells.ts';

interface ImportSeries {
  readonly timeframe: Timeframe;
  readonly calendar: CalendarId;
  readonly hours?: readonly ReportedDay[];
  readonly now: number;
}

/**
 * The finished bars among those of a file, which must be bars of this timeframe, oldest first. A bar that is still being
 * formed would change; it is left out, as in a load.
 * @param rowOf tells where in the file a bar stood, for the error.
 * @throws FileFault for the first row that cannot be such a bar.
 */
export function checkImport(
  bars: Bars,
  { now, ...series }: ImportSeries,
  rowOf: (index: number) => number | undefined,
): { bars: Bars; unfinished: number } {
  const { timeframe, calendar, hours } = series;
  const count = bars.time.length;
  const cellOf = cellNames(series, datesWithin(bars, now));
  let previous = -Infinity;
  let closest = Infinity;
  for (let index = 0; index < count; index += 1) {
    const why =
      brokenRule(bars, index) ?? brokenOrder(bars.time[index] ?? Number.NaN, { previous, cellOf, now, timeframe });
    if (why !== undefined) throw new FileFault(placeOf(rowOf(index)), why);
    const stamp = bars.time[index] ?? Number.NaN;
    closest = Math.min(closest, stamp - previous);
    previous = stamp;
  }
  if (count >= 3 && closest >= 1.9 * timeframeMs(timeframe)) {
    throw new FileFault(
      {},
      `no two of its bars lie closer than ${span(closest)}, so they are not bars of ${timeframe}`,
    );
  }
  const longer = longerTimeframe(bars, series);
  if (longer !== undefined) {
    throw new FileFault(
      {},
      `all its first bars begin where bars of ${longer} do, so they are not bars of ${timeframe}`,
    );
  }
  const final = finalBefore(calendarOf(calendar, hours), timeframe, now);
  const finished = bars.time.findIndex((stamp) => stamp >= final);
  const kept = finished === -1 ? count : finished;
  return { bars: sliceBars(bars, 0, kept), unfinished: count - kept };
}

function brokenRule({ open, high, low, close, volume }: Bars, index: number): string | undefined {
  const [o, h, l, c, v] = [open, high, low, close, volume].map((column) => column[index] ?? Number.NaN);
  if (o === undefined || h === undefined || l === undefined || c === undefined || v === undefined) return undefined;
  if (!(Math.min(o, h, l, c) > 0 && Math.max(o, h, l, c) < Infinity)) return 'prices must be finite and above zero';
  if (h < Math.max(o, c)) return `the high ${h} lies below open ${o} or close ${c}`;
  if (l > Math.min(o, c)) return `the low ${l} lies above open ${o} or close ${c}`;
  return v < 0 || v === Infinity ? `the volume ${v} is negative or not finite` : undefined;
}

function brokenOrder(
  stamp: number,
  {
    previous,
    cellOf,
    now,
    timeframe,
  }: { previous: number; cellOf: (stamp: number) => number; now: number; timeframe: Timeframe },
): string | undefined {
  if (!Number.isInteger(stamp) || stamp < earliest)
    return 'its time is not a whole millisecond of the years from 1901 on';
  if (stamp > now + timeframeMs(timeframe)) return `${iso(stamp)} lies in the future`;
  if (stamp === previous)
    return `${iso(stamp)} is the time of the row before, too ("--repair unique" keeps the later one)`;
  if (stamp < previous) return `${iso(stamp)} lies before the row before it ("--repair sort" puts rows in order)`;
  if (cellOf(stamp) === cellOf(previous)) {
    return `${iso(stamp)} lies in the same bar of ${timeframe} as the row before it; the file holds bars of another timeframe`;
  }
  return undefined;
}

/** Calendars look some days around a date, and begin in 1900. */
const earliest = Date.UTC(1901, 0, 1);

/** Where bars lie that may pass; a calendar answers for no others. */
function datesWithin({ time }: Bars, now: number): TimeRange {
  let [start, end] = [Infinity, -Infinity];
  for (const stamp of time) {
    if (!(stamp >= earliest && stamp <= now + longestMs)) continue;
    start = Math.min(start, stamp);
    end = Math.max(end, stamp + 1);
  }
  return start < end ? { start, end } : { start: now, end: now };
}

const longestMs = timeframeMs('1M');

function placeOf(row: number | undefined): { row?: number } {
  return row === undefined ? {} : { row };
}

function iso(stamp: number): string {
  return new Date(stamp).toISOString();
}

function span(ms: number): string {
  if (ms % dayMs === 0) return `${ms / dayMs} d`;
  return ms % 3_600_000 === 0 ? `${ms / 3_600_000} h` : `${ms / 60_000} min`;
}
