import {
  expectedBars,
  isIntraday,
  sessionCell,
  type Bars,
  type Timeframe,
  type TradingCalendar,
} from '../../market/index.ts';

/**
 * Stamps bars of weeks and months with the date of their first session. With which date of the week or month IB stamps
 * them is not documented and has changed; every one of them means the same bar.
 */
export function stampByCell(bars: Bars, timeframe: Timeframe, calendar: TradingCalendar): Bars {
  const [first, last] = [bars.time[0], bars.time.at(-1)];
  if (isIntraday(timeframe) || timeframe === '1d' || first === undefined || last === undefined) return bars;
  const { start } = sessionCell(timeframe, first);
  const { end } = sessionCell(timeframe, last);
  const cells = expectedBars(calendar, timeframe, { start, end });
  let cell = 0;
  const time = bars.time.map((date) => {
    while ((cells.cellEnd[cell] ?? Infinity) <= date) cell += 1;
    // A bar where no session is expected keeps its own date.
    return date >= (cells.cellStart[cell] ?? Infinity) ? (cells.start[cell] ?? date) : date;
  });
  return { ...bars, time };
}
