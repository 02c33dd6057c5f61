import type { CalendarId } from './calendar-ids.ts';
import { KtrdrError } from '../base/index.ts';
import { dayMs, isWeekend } from './dates.ts';
import type { TimeRange } from './time-range.ts';
import { fromWallClock } from './zone.ts';

/**
 * One stretch of trading. `date` is the session's date at midnight UTC; `open` and `close` are instants, `[open, close)`.
 * The calendars by rule have one session a date; hours that a source reports may have several, with a pause between.
 */
export interface Session {
  readonly date: number;
  readonly open: number;
  readonly close: number;
}

/**
 * A date with all that belongs to it, trading or not. Days follow each other without a gap: one ends where the next
 * starts. `holiday` is a closure by rule, `closure` one by decision.
 */
export interface TradingDay {
  readonly date: number;
  /** The instants that count to this date, `[start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'trading' | 'weekend' | 'holiday' | 'closure';
  /** Why the day departs from an ordinary one, for example `Thanksgiving Day`. */
  readonly name?: string;
  /** The ordinary hours of the weekday, whether kept or not; undefined on weekends. */
  readonly ordinary?: TimeRange;
  readonly sessions: readonly Session[];
}

/** When a market trades: a zone, a weekly template and exceptions by date. Pure; the same answer for the same range. */
export interface TradingCalendar {
  readonly id: CalendarId;
  /** IANA name, for example `America/New_York`. */
  readonly zone: string;
  /** The dates whose exceptions are known. Sessions outside follow the rules alone: they are predicted. */
  readonly known: TimeRange;
  /**
   * The sessions that overlap a range of instants, oldest first.
   * @throws KtrdrError `invalid_input` for a range that leaves the years 1900 to 2199.
   */
  sessions(range: TimeRange): Session[];
  /**
   * The days that overlap a range of instants, oldest first.
   * @throws KtrdrError `invalid_input` for a range that leaves the years 1900 to 2199.
   */
  days(range: TimeRange): TradingDay[];
}

/** Hours of a session in minutes after midnight of its date, in the market's zone; negative on the day before. */
export interface SessionHours {
  readonly open: number;
  readonly close: number;
}

/** How a weekday departs from the ordinary hours, and what the market calls it. */
export type DayException =
  | { readonly kind: 'holiday' | 'closure'; readonly name: string }
  | { readonly kind: 'other_close'; readonly name: string; readonly close: number };

/** What distinguishes one market from another; `createCalendar` does the rest. */
export interface MarketRules {
  readonly id: CalendarId;
  readonly zone: string;
  readonly known: TimeRange;
  /** Minutes after midnight of a date at which that date begins to count; negative on the day before. */
  readonly dayStart: number;
  /** Monday to Friday. */
  readonly ordinaryHours: SessionHours;
  /** What is special about a weekday (midnight UTC), or undefined for an ordinary one. */
  readonly exception: (date: number) => DayException | undefined;
}

const minuteMs = 60_000;

/** A session may open on the day before its date, and its zone may be most of a day away from UTC. */
const reachMs = 3 * dayMs;

/** What a year holds is computed when first asked for, and kept; sessions by themselves, for most ask for no more. */
export function createCalendar(rules: MarketRules): TradingCalendar {
  const { id, zone, known } = rules;
  const sessionsOf = keptByYear((date) => sessionOn(rules, date));
  const daysOf = keptByYear((date) => dayOn(rules, date));
  return {
    id,
    zone,
    known,
    sessions: (range) =>
      collect(range, (year) =>
        overlapping(sessionsOf(year), range, ({ open, close }) => ({ start: open, end: close })),
      ),
    days: (range) => collect(range, (year) => overlapping(daysOf(year), range, (day) => day)),
  };
}

/** What there is for each date of a year, in order. */
function keptByYear<T>(on: (date: number) => T | undefined): (year: number) => readonly T[] {
  const years = new Map<number, readonly T[]>();
  return (year) => {
    const held = years.get(year);
    if (held !== undefined) return held;
    const things: T[] = [];
    const after = Date.UTC(year + 1, 0, 1);
    for (let date = Date.UTC(year, 0, 1); date < after; date += dayMs) {
      const thing = on(date);
      if (thing !== undefined) things.push(thing);
    }
    years.set(year, things);
    return things;
  };
}

function sessionOn({ zone, ordinaryHours, exception }: MarketRules, date: number): Session | undefined {
  if (isWeekend(date)) return undefined;
  const special = exception(date);
  if (special !== undefined && special.kind !== 'other_close') return undefined;
  const { open, close } = ordinaryHours;
  return { date, open: instant(date, open, zone), close: instant(date, special?.close ?? close, zone) };
}

function dayOn(rules: MarketRules, date: number): TradingDay {
  const { zone, dayStart, ordinaryHours, exception } = rules;
  const span = { date, start: instant(date, dayStart, zone), end: instant(date + dayMs, dayStart, zone) };
  if (isWeekend(date)) return { ...span, kind: 'weekend', sessions: [] };
  const ordinary = { start: instant(date, ordinaryHours.open, zone), end: instant(date, ordinaryHours.close, zone) };
  const special = exception(date);
  const named = special === undefined ? {} : { name: special.name };
  const session = sessionOn(rules, date);
  if (session !== undefined) return { ...span, kind: 'trading', ...named, ordinary, sessions: [session] };
  const kind = special?.kind === 'closure' ? 'closure' : 'holiday';
  return { ...span, kind, ...named, ordinary, sessions: [] };
}

function instant(date: number, minutes: number, zone: string): number {
  return fromWallClock(date + minutes * minuteMs, zone);
}

function collect<T>({ start, end }: TimeRange, ofYear: (year: number) => T[]): T[] {
  if (!(start < end)) return [];
  const [first, last] = [yearOf(start - reachMs), yearOf(end + reachMs)];
  return Array.from({ length: last - first + 1 }, (_, index) => ofYear(first + index)).flat();
}

/** Those of a rising list of disjoint things that overlap a range. */
function overlapping<T>(things: readonly T[], range: TimeRange, spanOf: (thing: T) => TimeRange): T[] {
  const from = firstIndex(things, (thing) => spanOf(thing).end > range.start);
  const to = firstIndex(things, (thing) => spanOf(thing).start >= range.end);
  return things.slice(from, to);
}

/** The instants around which calendars answer. */
export const answeredRange: TimeRange = { start: Date.UTC(1900, 0, 1), end: Date.UTC(2200, 0, 1) };

function yearOf(at: number): number {
  if (answeredRange.start <= at && at < answeredRange.end) return new Date(at).getUTCFullYear();
  throw new KtrdrError(
    'invalid_input',
    'Trading calendars answer for the years 1900 to 2199; ask for a range within them.',
    { details: { instant: at } },
  );
}

/** The first index that satisfies a condition which, once true, stays true; the length when none does. */
function firstIndex<T>(things: readonly T[], holds: (thing: T) => boolean): number {
  let low = 0;
  let high = things.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const thing = things[middle];
    if (thing !== undefined && !holds(thing)) low = middle + 1;
    else high = middle;
  }
  return low;
}
