export { arrowFileChunks, barsFromArrow, barsToArrow } from './arrow.ts';
export {
  allocateBars,
  barColumns,
  barCount,
  barsFromRows,
  barsInRange,
  barsPerStep,
  emptyBars,
  indexAtOrAfter,
  sliceBars,
} from './bars.ts';
export type { BarColumn, BarRow, Bars } from './bars.ts';
export type { Session, TradingCalendar, TradingDay } from './calendar.ts';
export type { CalendarId } from './calendar-ids.ts';
export { cellsBefore, endOfRun, partOfRun, runsWithin, stampAt } from './bar-runs.ts';
export type { BarRun } from './bar-runs.ts';
export { calendarOf } from './calendars.ts';
export { calendarIds } from './calendar-ids.ts';
export { checkBars, checkBarsInSteps } from './check-bars.ts';
export { combineYears, digestYears, digestYearsInSteps } from './content-digest.ts';
export type { YearDigests } from './content-digest.ts';
export { dateText, dayMs } from './dates.ts';
export { departingDays } from './departing-days.ts';
export { classifySpan, spanKinds } from './classify-span.ts';
export type { SpanKind, SpanPiece } from './classify-span.ts';
export { expectedBars, expectedRuns } from './expected-bars.ts';
export type { BarCells } from './expected-bars.ts';
export { finalBefore } from './final-before.ts';
export { fromInt64, toInt64 } from './int64.ts';
export { concatBars, concatBarsInSteps, mergeBars, mergeBarsInSteps } from './join-bars.ts';
export { intersectRanges, subtractRanges, unionRanges } from './time-range.ts';
export type { TimeRange } from './time-range.ts';
export { barsFromJson, barsToJson, jsonBarsAsArrow, jsonBarsSchema } from './json-bars.ts';
export type { JsonBars } from './json-bars.ts';
export { parseReportedHours } from './reported-hours.ts';
export type { ReportedDay } from './reported-hours.ts';
export { sessionCell } from './session-cell.ts';
export { isIntraday, parseTimeframe, timeframeMs, timeframes } from './timeframe.ts';
export type { SessionTimeframe, Timeframe } from './timeframe.ts';
export { wholeCells } from './whole-cells.ts';
export { fromZoned, toZoned } from './zone.ts';
export type { LocalTime, ZonedTime } from './zone.ts';
