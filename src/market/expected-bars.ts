import type { Session, TradingCalendar } from './calendar.ts';
import { dayMs } from './dates.ts';
import { sessionCell } from './session-cell.ts';
import { isIntraday, timeframeMs, type SessionTimeframe, type Timeframe } from './timeframe.ts';
import type { TimeRange } from './time-range.ts';
import { zoneOffset } from './zone.ts';

/**
 * The bars a market must have, as columns of equal length, oldest first. `start` is the stamp that Interactive Brokers
 * gives the bar; `[cellStart, cellEnd)` is its whole cell of the grid: a bar stamped anywhere in the cell is that bar.
 */
export interface BarCells {
  readonly start: Float64Array;
  readonly cellStart: Float64Array;
  readonly cellEnd: Float64Array;
}

/**
 * The bars that a calendar demands in a range.
 *
 * Intraday bars lie on the grid of the market's wall clock, counted from local midnight, and a cell is expected when
 * it overlaps a session. Its `start` is the cell's or, in the first cell, the session's opening: hour bars of US
 * equities start at 09:30, 10:00, … 15:00. The range selects cells by `start`. Sessions that meet in one cell
 * share it.
 *
 * `1d`, `1w` and `1M` have one cell for each day, ISO week or calendar month with a session in it (see `sessionCell`);
 * `start` is the date of its first session, and by that the range selects it.
 */
export function expectedBars(calendar: TradingCalendar, timeframe: Timeframe, range: TimeRange): BarCells {
  return isIntraday(timeframe)
    ? intradayCells(calendar, timeframeMs(timeframe), range)
    : sessionCells(calendar, timeframe, range);
}

function intradayCells(calendar: TradingCalendar, step: number, range: TimeRange): BarCells {
  // A session that ended in the first cell of the range may own that cell, hence the step back.
  const sessions = calendar.sessions({ start: range.start - step, end: range.end });
  const cells = allocateCells(sessions.reduce((sum, { open, close }) => sum + Math.ceil((close - open) / step) + 1, 0));
  const { start: starts, cellStart: cellStarts, cellEnd: cellEnds } = cells;
  let count = 0;
  let ownedUntil = -Infinity;
  for (const session of sessions) {
    const { open, close } = session;
    const offset = offsetDuring(session, calendar.zone);
    const first = Math.floor((open + offset) / step) * step - offset;
    for (let cellStart = first; cellStart < close; cellStart += step) {
      if (cellStart < ownedUntil) continue;
      const start = Math.max(cellStart, open);
      if (start >= range.end) break;
      ownedUntil = cellStart + step;
      if (start < range.start) continue;
      starts[count] = start;
      cellStarts[count] = cellStart;
      cellEnds[count] = ownedUntil;
      count += 1;
    }
  }
  return sliceCells(cells, count);
}

/** Clocks change in the night to Sunday, while these markets are closed, so one offset holds for a whole session. */
function offsetDuring(session: Session, zone: string): number {
  return zoneOffset(session.open, zone);
}

function sessionCells(calendar: TradingCalendar, timeframe: SessionTimeframe, range: TimeRange): BarCells {
  if (!(range.start < range.end)) return allocateCells(0);
  // A cell is the range's by its first session, so the cell that the range begins in is looked at from its beginning.
  const { start: from } = sessionCell(timeframe, range.start);
  const sessions = calendar.sessions({ start: from - 2 * dayMs, end: range.end + 2 * dayMs });
  const cells = allocateCells(sessions.length);
  let count = 0;
  let cellEnd = -Infinity;
  for (const { date } of sessions) {
    if (date < cellEnd) continue;
    if (date >= range.end) break;
    const cell = sessionCell(timeframe, date);
    cellEnd = cell.end;
    if (date < range.start) continue;
    cells.start[count] = date;
    cells.cellStart[count] = cell.start;
    cells.cellEnd[count] = cellEnd;
    count += 1;
  }
  return sliceCells(cells, count);
}

function allocateCells(count: number): BarCells {
  return { start: new Float64Array(count), cellStart: new Float64Array(count), cellEnd: new Float64Array(count) };
}

function sliceCells({ start, cellStart, cellEnd }: BarCells, count: number): BarCells {
  return {
    start: start.subarray(0, count),
    cellStart: cellStart.subarray(0, count),
    cellEnd: cellEnd.subarray(0, count),
  };
}
