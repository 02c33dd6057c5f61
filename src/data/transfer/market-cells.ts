import {
  calendarOf,
  expectedBars,
  isIntraday,
  sessionCell,
  timeframeMs,
  timeframes,
  type BarCells,
  type Bars,
  type CalendarId,
  type ReportedDay,
  type TimeRange,
  type Timeframe,
} from '../../market/index.ts';

interface Series {
  readonly timeframe: Timeframe;
  readonly calendar: CalendarId;
  readonly hours?: readonly ReportedDay[];
}

/** The stamps of two different bars that lie in one cell of the market's grid. */
export interface SharedCell {
  readonly stamp: number;
  readonly held: number;
}

/**
 * Names the cell that a bar lies in: two stamps of one name cannot be two bars. Outside the sessions, where the market
 * has no grid, half a timeframe is the least distance. Stamps have to be asked in rising order.
 */
export function cellNames(series: Series, range: TimeRange): (stamp: number) => number {
  const { timeframe } = series;
  if (!isIntraday(timeframe)) return (stamp) => (Number.isFinite(stamp) ? sessionCell(timeframe, stamp).start : stamp);
  // A minute is one in every zone; a list of all of them would take as much memory as the bars.
  if (timeframe === '1m') return (stamp) => Math.floor(stamp / timeframeMs('1m'));
  const { cellStart, cellEnd } = cellsAround(series, range);
  const half = timeframeMs(timeframe) / 2;
  let at = 0;
  return (stamp) => {
    while ((cellEnd[at] ?? Infinity) <= stamp) at += 1;
    const start = cellStart[at] ?? Infinity;
    // No cell begins at a quarter of a millisecond.
    return start <= stamp ? start : Math.floor(stamp / half) * half + 0.25;
  };
}

/** The bars of weeks and months under the stamp that their calendar gives them: the first session of the cell. */
export function stampedByCalendar(bars: Bars, series: Series): Bars {
  const [first, last] = [bars.time[0], bars.time.at(-1)];
  if (series.timeframe === '1d' || isIntraday(series.timeframe) || first === undefined || last === undefined)
    return bars;
  const { start, cellStart, cellEnd } = cellsAround(series, { start: first, end: last + 1 });
  let at = 0;
  const time = bars.time.map((stamp) => {
    while ((cellEnd[at] ?? Infinity) <= stamp) at += 1;
    return (cellStart[at] ?? Infinity) <= stamp ? (start[at] ?? stamp) : stamp;
  });
  return { ...bars, time };
}

/** The first bar that lies in one cell with a held one of another stamp. Both oldest first. */
export function firstSharedCell(time: Float64Array, held: Float64Array, series: Series): SharedCell | undefined {
  const [first, last] = [time[0], time.at(-1)];
  if (first === undefined || last === undefined || held.length === 0) return undefined;
  const range = { start: first, end: last + 1 };
  const [name, heldName] = [cellNames(series, range), cellNames(series, range)];
  let at = 0;
  for (const stamp of time) {
    const cell = name(stamp);
    while (at < held.length && heldName(held[at] ?? Infinity) < cell) at += 1;
    const other = held[at] ?? Number.NaN;
    if (heldName(other) === cell && other !== stamp) return { stamp, held: other };
  }
  return undefined;
}

/** What may hold bars of the cells that a range lies in. */
export function cellReach({ timeframe }: { timeframe: Timeframe }, { start, end }: TimeRange): TimeRange {
  if (!isIntraday(timeframe))
    return { start: sessionCell(timeframe, start).start, end: sessionCell(timeframe, end - 1).end };
  return { start: start - timeframeMs(timeframe), end: end + timeframeMs(timeframe) };
}

/** Bars of a longer timeframe may begin a session close together, so a few are not enough to tell. */
const tellingBars = 12;
const lookedAt = 500;

/** The longer timeframe on whose stamps alone bars lie, oldest first; undefined when they may be of the series' own. */
export function longerTimeframe({ time }: Bars, { timeframe, calendar, hours }: Series): Timeframe | undefined {
  const looked = time.subarray(0, lookedAt);
  const [first, last] = [looked[0], looked.at(-1)];
  if (!isIntraday(timeframe) || looked.length < tellingBars || first === undefined || last === undefined)
    return undefined;
  const longer = timeframes.filter((other) => isIntraday(other) && timeframeMs(other) > timeframeMs(timeframe));
  return longer.findLast((other) => {
    const stamps = new Set(expectedBars(calendarOf(calendar, hours), other, { start: first, end: last + 1 }).start);
    return looked.every((stamp) => stamps.has(stamp));
  });
}

function cellsAround({ timeframe, calendar, hours }: Series, range: TimeRange): BarCells {
  return expectedBars(calendarOf(calendar, hours), timeframe, cellReach({ timeframe }, range));
}
