import {
  dayMs,
  expectedBars,
  isIntraday,
  sessionCell,
  timeframeMs,
  type Timeframe,
  type TradingCalendar,
} from '../market/index.ts';

const longestClosureMs = 14 * dayMs;

/**
 * The stamp of the oldest bar of a history that begins at an instant: of the bar that it lies in, or of the next one when
 * the market is closed then. Where two sessions meet in a cell, the bar of the first of all begins with its own one. Pure.
 */
export function firstBar(calendar: TradingCalendar, timeframe: Timeframe, instant: number): number {
  const [session] = calendar.sessions({ start: instant, end: instant + longestClosureMs });
  if (session === undefined) return isIntraday(timeframe) ? instant : Math.floor(instant / dayMs) * dayMs;
  if (!isIntraday(timeframe)) {
    return expectedBars(calendar, timeframe, sessionCell(timeframe, session.date)).start[0] ?? session.date;
  }
  return Math.max(session.open, cellStart(calendar, timeframe, Math.max(session.open, instant)));
}

/** Where the cell of the grid begins that a stamp lies in; the stamp itself where no bar is expected. Pure. */
export function cellStart(calendar: TradingCalendar, timeframe: Timeframe, stamp: number): number {
  if (!isIntraday(timeframe)) return sessionCell(timeframe, stamp).start;
  // The cell's own stamp may lie before this one, but not before the cell.
  const range = { start: stamp - timeframeMs(timeframe), end: stamp + 1 };
  const cells = expectedBars(calendar, timeframe, range);
  return cells.cellStart.find((_, index) => (cells.cellEnd[index] ?? stamp) > stamp) ?? stamp;
}
