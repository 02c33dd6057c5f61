import { cellsBefore, partOfRun, stampAt, type BarRun } from './bar-runs.ts';
import type { Session, TradingCalendar } from './calendar.ts';
import { dayMs } from './dates.ts';
import { sessionCell } from './session-cell.ts';
import { isIntraday, timeframeMs, type SessionTimeframe, type Timeframe } from './timeframe.ts';
import type { TimeRange } from './time-range.ts';
import { zoneOffset } from './zone.ts';

/**
 * The bars that a calendar demands in a range, oldest first: a run for each session.
 *
 * Intraday bars lie on the grid of the market's wall clock, counted from local midnight, and a cell is expected when
 * it overlaps a session. Its stamp is where it begins or, in the first cell, the session's opening, as Interactive Brokers
 * has it: hour bars of US equities start at 09:30, 10:00, … 15:00. The range selects cells by their stamps. Sessions
 * that meet in one cell share it.
 *
 * `1d`, `1w` and `1M` have one cell for each day, ISO week or calendar month with a session in it (see `sessionCell`);
 * its stamp is the date of its first session, and by that the range selects it.
 */
export function expectedRuns(calendar: TradingCalendar, timeframe: Timeframe, range: TimeRange): BarRun[] {
  return isIntraday(timeframe)
    ? intradayRuns(calendar, timeframeMs(timeframe), range)
    : sessionRuns(calendar, timeframe, range);
}

/**
 * Expected bars as columns of equal length, oldest first: the stamp of each, and its cell `[cellStart, cellEnd)`.
 */
export interface BarCells {
  readonly start: Float64Array;
  readonly cellStart: Float64Array;
  readonly cellEnd: Float64Array;
}

/** `expectedRuns` cell by cell, for who has to look each bar up. Twenty-four bytes a bar. */
export function expectedBars(calendar: TradingCalendar, timeframe: Timeframe, range: TimeRange): BarCells {
  const runs = expectedRuns(calendar, timeframe, range);
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  const start = new Float64Array(count);
  const cellStart = new Float64Array(count);
  const cellEnd = new Float64Array(count);
  let place = 0;
  for (const run of runs) {
    for (let index = 0; index < run.count; index += 1) {
      start[place] = stampAt(run, index);
      cellStart[place] = run.cellStart + index * run.step;
      cellEnd[place] = run.cellStart + (index + 1) * run.step;
      place += 1;
    }
  }
  return { start, cellStart, cellEnd };
}

function intradayRuns(calendar: TradingCalendar, step: number, range: TimeRange): BarRun[] {
  const runs: BarRun[] = [];
  let ownedUntil = -Infinity;
  // A session that ended in the first cell of the range may own that cell, hence the step back.
  for (const session of calendar.sessions({ start: range.start - step, end: range.end })) {
    const { open, close } = session;
    const offset = offsetDuring(session, calendar.zone);
    const cellStart = Math.floor((open + offset) / step) * step - offset;
    const whole = { start: open, cellStart, step, count: Math.ceil((close - cellStart) / step) };
    const owned = Math.ceil((ownedUntil - cellStart) / step);
    const from = Math.max(owned, cellsBefore(whole, range.start));
    const to = cellsBefore(whole, range.end);
    if (from < to) runs.push(partOfRun(whole, from, to));
    ownedUntil = Math.max(ownedUntil, cellStart + whole.count * step);
  }
  return runs;
}

/** Clocks change in the night to Sunday, while these markets are closed, so one offset holds for a whole session. */
function offsetDuring(session: Session, zone: string): number {
  return zoneOffset(session.open, zone);
}

function sessionRuns(calendar: TradingCalendar, timeframe: SessionTimeframe, range: TimeRange): BarRun[] {
  if (!(range.start < range.end)) return [];
  // A cell is the range's by its first session, so the cell that the range begins in is looked at from its beginning.
  const { start: from } = sessionCell(timeframe, range.start);
  const runs: BarRun[] = [];
  let cellEnd = -Infinity;
  for (const { date } of calendar.sessions({ start: from - 2 * dayMs, end: range.end + 2 * dayMs })) {
    if (date < cellEnd) continue;
    if (date >= range.end) break;
    const cell = sessionCell(timeframe, date);
    cellEnd = cell.end;
    if (date >= range.start) runs.push({ start: date, cellStart: cell.start, step: cell.end - cell.start, count: 1 });
  }
  return runs;
}
