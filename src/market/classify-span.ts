import type { Session, TradingCalendar, TradingDay } from './calendar.ts';
import { dayMs } from './dates.ts';
import { sessionCell } from './session-cell.ts';
import { intersectRange, isEmptyRange, subtractRanges, unionRanges, type TimeRange } from './time-range.ts';
import { isIntraday, timeframeMs, type Timeframe } from './timeframe.ts';
import { zoneOffset } from './zone.ts';

/**
 * - `session`: the calendar expects bars here; where one is missing, it is missing.
 * - `outside_hours`: before the open, after the close, or the break between two sessions.
 * - `early_close`: the market would ordinarily be open, and closed earlier this day.
 * - `weekend`, `holiday`: closed by rule; `closure`: closed by decision (storms, mourning) or by the reported hours.
 */
export const spanKinds = ['session', 'outside_hours', 'early_close', 'weekend', 'holiday', 'closure'] as const;

export type SpanKind = (typeof spanKinds)[number];

export interface SpanPiece extends TimeRange {
  readonly kind: SpanKind;
  /** What the market calls the day, for example `Thanksgiving Day`. */
  readonly name?: string;
}

/**
 * What lies between bars: a range cut into pieces by what the calendar says of it. The pieces are sorted and disjoint and
 * make up exactly the range; neighbours differ in kind or name. `session` is the cells of the expected bars, whole ones,
 * so the answer is exact to one bar: a missing bar's cell is `session` throughout, and no other bar's is.
 * @throws KtrdrError `invalid_input` for a range that leaves the years 1900 to 2199.
 */
export function classifySpan(calendar: TradingCalendar, timeframe: Timeframe, range: TimeRange): SpanPiece[] {
  if (isEmptyRange(range)) return [];
  const pieces = isIntraday(timeframe)
    ? intradayPieces(calendar, timeframeMs(timeframe), range)
    : datePieces(calendar.days(daysAround(range)), (date) => sessionCell(timeframe, date));
  return joined(pieces, range);
}

function daysAround({ start, end }: TimeRange): TimeRange {
  // A month is the longest cell, and a day may start on the day before its date.
  return { start: start - 33 * dayMs, end: end + 33 * dayMs };
}

function intradayPieces(calendar: TradingCalendar, step: number, range: TimeRange): SpanPiece[] {
  const around = { start: range.start - step, end: range.end + step };
  const cells = unionRanges(calendar.sessions(around).map((session) => cellsOf(session, step, calendar.zone)));
  const between = subtractRanges([range], cells);
  const days = calendar.days(range).flatMap(piecesOfDay);
  return [...cells.map((cell): SpanPiece => ({ ...cell, kind: 'session' })), ...cutOut(days, between)];
}

/** All cells of the grid that a session overlaps. */
function cellsOf({ open, close }: Session, step: number, zone: string): TimeRange {
  const offset = zoneOffset(open, zone);
  return {
    start: Math.floor((open + offset) / step) * step - offset,
    end: Math.ceil((close + offset) / step) * step - offset,
  };
}

/** The whole of a day; where it trades, pieces lie over its sessions as well. */
function piecesOfDay({ start, end, kind, name, ordinary, sessions }: TradingDay): SpanPiece[] {
  const named = name === undefined ? {} : { name };
  if (kind !== 'trading') return [{ start, end, kind, ...named }];
  if (ordinary === undefined) return [{ start, end, kind: 'outside_hours' }];
  const close = Math.max(ordinary.start, Math.min(sessions.at(-1)?.close ?? end, ordinary.end));
  return [
    { start, end: close, kind: 'outside_hours' },
    { start: close, end: ordinary.end, kind: 'early_close', ...named },
    { start: ordinary.end, end, kind: 'outside_hours' },
  ];
}

/** The parts of some pieces that lie in some ranges; both sorted and disjoint. */
function cutOut(pieces: readonly SpanPiece[], ranges: readonly TimeRange[]): SpanPiece[] {
  const cut: SpanPiece[] = [];
  let next = 0;
  for (const range of ranges) {
    while ((pieces[next]?.end ?? Infinity) <= range.start) next += 1;
    for (let index = next; (pieces[index]?.start ?? Infinity) < range.end; index += 1) {
      const piece = pieces[index];
      if (piece !== undefined) cut.push({ ...piece, ...intersectRange(piece, range) });
    }
  }
  return cut;
}

/** Dates, by cells: a cell with a session in it is one bar, in others each date is what it is. */
function datePieces(days: readonly TradingDay[], cellOf: (date: number) => TimeRange): SpanPiece[] {
  const traded = unionRanges(days.filter(({ sessions }) => sessions.length > 0).map(({ date }) => cellOf(date)));
  const dates = days.map(({ date, kind, name }): SpanPiece => {
    const named = name === undefined ? {} : { name };
    return { start: date, end: date + dayMs, kind: kind === 'trading' ? 'outside_hours' : kind, ...named };
  });
  const untraded = subtractRanges(dates, traded);
  return [...traded.map((cell): SpanPiece => ({ ...cell, kind: 'session' })), ...cutOut(dates, untraded)];
}

/** Sorted, within the range, equal neighbours made one. */
function joined(pieces: readonly SpanPiece[], range: TimeRange): SpanPiece[] {
  const whole: { -readonly [key in keyof SpanPiece]: SpanPiece[key] }[] = [];
  for (const piece of pieces.toSorted((a, b) => a.start - b.start)) {
    const { start, end } = intersectRange(piece, range);
    const last = whole.at(-1);
    if (start >= end) continue;
    if (last !== undefined && last.kind === piece.kind && last.name === piece.name) last.end = end;
    else whole.push({ ...piece, start, end });
  }
  return whole;
}
