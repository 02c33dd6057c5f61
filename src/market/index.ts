export { barsFromArrow, barsToArrow } from './arrow.ts';
export {
  allocateBars,
  barColumns,
  barCount,
  barsFromRows,
  barsInRange,
  checkBars,
  concatBars,
  emptyBars,
  indexAtOrAfter,
  mergeBars,
  sliceBars,
} from './bars.ts';
export type { BarColumn, BarRow, Bars } from './bars.ts';
export type { CalendarId, Session, TradingCalendar } from './calendar.ts';
export { calendarIds, calendarOf } from './calendars.ts';
export { expectedBars, finalBefore } from './expected-bars.ts';
export type { BarCells } from './expected-bars.ts';
export { subtractRanges, unionRanges } from './time-range.ts';
export type { TimeRange } from './time-range.ts';
export { barsFromJson, barsToJson, jsonBarsAsArrow, jsonBarsSchema } from './json-bars.ts';
export type { JsonBars } from './json-bars.ts';
export { sessionCell } from './session-cell.ts';
export { isIntraday, parseTimeframe, timeframeMs, timeframes } from './timeframe.ts';
export type { SessionTimeframe, Timeframe } from './timeframe.ts';
export { fromZoned, toZoned } from './zone.ts';
export type { LocalTime, ZonedTime } from './zone.ts';
