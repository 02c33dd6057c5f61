import {
  dayMs,
  endOfRun,
  expectedRuns,
  isIntraday,
  sessionCell,
  timeframeMs,
  type Session,
  type SessionTimeframe,
  type Timeframe,
  type TimeRange,
  type TradingCalendar,
} from '../market/index.ts';

/**
 * The instant at which each bar was complete, for stamps as in `Bars.time`. An intraday bar is complete when its cell of
 * the grid or the last session in it has ended, a `1d`, `1w` or `1M` bar when the last session in it has closed. A bar that the calendar does not
 * know is taken to last its nominal time.
 */
export function barCloses(calendar: TradingCalendar, timeframe: Timeframe, times: Float64Array): Float64Array {
  const step = timeframeMs(timeframe);
  const closes = new Float64Array(times.length);
  for (let index = 0; index < closes.length; index += 1) closes[index] = (times[index] ?? Number.NaN) + step;
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined) return closes;
  const range = { start: first - 2 * dayMs, end: last + 2 * dayMs };
  if (isIntraday(timeframe)) {
    closeCells(closes, { calendar, timeframe, times, range });
  } else {
    const { end } = sessionCell(timeframe, last);
    closeSessions(closes, {
      timeframe,
      times,
      sessions: calendar.sessions({ start: range.start, end: end + 2 * dayMs }),
    });
  }
  return closes;
}

interface DatedBars {
  readonly timeframe: SessionTimeframe;
  readonly times: Float64Array;
  readonly sessions: readonly Session[];
}

function closeSessions(closes: Float64Array, { timeframe, times, sessions }: DatedBars): void {
  const cellOf = (date: number): number => sessionCell(timeframe, date).start;
  // Sessions come oldest first, so the last one of a cell is what stays.
  const closeOf = new Map(sessions.map(({ date, close }) => [cellOf(date), close]));
  for (const [index, date] of times.entries()) closes[index] = closeOf.get(cellOf(date)) ?? closes[index] ?? date;
}

interface Cells {
  readonly calendar: TradingCalendar;
  readonly timeframe: Timeframe;
  readonly times: Float64Array;
  readonly range: TimeRange;
}

function closeCells(closes: Float64Array, { calendar, timeframe, times, range }: Cells): void {
  const sessions = calendar.sessions({ start: range.start - timeframeMs(timeframe), end: range.end });
  const closeOf = (place: number): number => sessions[place]?.close ?? Infinity;
  let index = 0;
  let session = 0;
  let sessionEnd = closeOf(session);
  for (const run of expectedRuns(calendar, timeframe, range)) {
    const runEnd = endOfRun(run);
    while ((times[index] ?? Infinity) < run.cellStart) index += 1;
    let end = run.cellStart + run.step;
    for (; (times[index] ?? Infinity) < runEnd; index += 1) {
      while (end <= (times[index] ?? 0)) end += run.step;
      if (end > sessionEnd) {
        while (closeOf(session) <= end - run.step) session += 1;
        sessionEnd = closeOf(session);
      }
      // Two assignments: V8 allocates each number that could also have come from a call.
      if (end <= sessionEnd) closes[index] = end;
      else closes[index] = lastTrade(sessions, session, end);
    }
  }
}

/** The end of trading in a cell that ends at `end`, where `from` is the first session not over before the cell. */
function lastTrade(sessions: readonly Session[], from: number, end: number): number {
  let close = end;
  for (let index = from; (sessions[index]?.open ?? Infinity) < end; index += 1) {
    close = Math.min(end, sessions[index]?.close ?? end);
  }
  return close;
}
