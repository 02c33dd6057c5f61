import type { DayException, MarketRules } from './calendar.ts';
import { knownFrom, knownTo, usEquityExceptions } from './us-equity-exceptions.ts';
import { dayMs } from './dates.ts';

/**
 * US equities in regular hours: NYSE, NASDAQ and ARCA, Monday to Friday 09:30 to 16:00 New York time, except on the
 * exchange's holidays and on the days listed in `us-equity-exceptions.ts`. Holidays and early closes follow NYSE rule
 * 7.2 as published in the exchange's yearly calendars.
 */
export const usEquityRules: MarketRules = {
  id: 'us_equities',
  zone: 'America/New_York',
  known: { start: Date.parse(knownFrom), end: Date.parse(knownTo) + dayMs },
  dayStart: 0,
  ordinaryHours: { open: 9 * 60 + 30, close: 16 * 60 },
  exception: (date) => {
    const listed = exceptions.get(date);
    if (listed !== undefined) return listed;
    const day = dayOf(date);
    const holiday = holidayOf(day);
    if (holiday !== undefined) return { kind: 'holiday', name: holiday };
    const eve = earlyCloseOf(day);
    return eve === undefined ? undefined : { kind: 'other_close', name: eve, close: closeMinutes['13:00'] };
  },
};

const closeMinutes = { '13:00': 13 * 60, '14:00': 14 * 60, '16:00': 16 * 60 } as const;

const exceptions = new Map(
  usEquityExceptions.map(({ date, close, name }): [number, DayException] => [
    Date.parse(date),
    close === undefined ? { kind: 'closure', name } : { kind: 'other_close', name, close: closeMinutes[close] },
  ]),
);

const [monday, thursday, friday] = [1, 4, 5] as const;
const [january, february, may, june, july, september, november, december] = [1, 2, 5, 6, 7, 9, 11, 12] as const;

/** A weekday. */
interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
}

function dayOf(date: number): Day {
  const utc = new Date(date);
  return { year: utc.getUTCFullYear(), month: utc.getUTCMonth() + 1, day: utc.getUTCDate(), weekday: utc.getUTCDay() };
}

function holidayOf(date: Day): string | undefined {
  const { year, month, day, weekday } = date;
  switch (month) {
    case january:
      // New Year's Day on a Saturday is not made up for: the Friday before is the last trading day of the year.
      if (day === 1 || (day === 2 && weekday === monday)) return "New Year's Day";
      return year >= 1998 && isNth(date, monday, 3) ? 'Martin Luther King Jr. Day' : undefined;
    case february:
      return isNth(date, monday, 3) ? "Washington's Birthday" : undefined;
    case may:
      return weekday === monday && day > 31 - 7 ? 'Memorial Day' : undefined;
    case june:
      return year >= 2022 && isObserved(date, 19) ? 'Juneteenth' : undefined;
    case july:
      return isObserved(date, 4) ? 'Independence Day' : undefined;
    case september:
      return isNth(date, monday, 1) ? 'Labor Day' : undefined;
    case november:
      return isNth(date, thursday, 4) ? 'Thanksgiving Day' : undefined;
    case december:
      return isObserved(date, 25) ? 'Christmas Day' : undefined;
    default:
      return isGoodFriday(date) ? 'Good Friday' : undefined;
  }
}

/** Early closes at 13:00 became the custom in 1993. */
function earlyCloseOf({ year, month, day, weekday }: Day): string | undefined {
  if (year < 1993) return undefined;
  if (month === november) return weekday === friday && day >= 23 && day <= 29 ? 'Day after Thanksgiving' : undefined;
  if (weekday === friday) return undefined;
  if (month === december && day === 24) return 'Christmas Eve';
  return month === july && day === 3 ? 'Day before Independence Day' : undefined;
}

function isNth({ day, weekday }: Day, wanted: number, nth: number): boolean {
  return weekday === wanted && Math.ceil(day / 7) === nth;
}

/** A fixed holiday of this month: a Saturday is kept on the Friday before, a Sunday on the Monday after. */
function isObserved({ day, weekday }: Day, fixed: number): boolean {
  return day === fixed || (day === fixed - 1 && weekday === friday) || (day === fixed + 1 && weekday === monday);
}

function isGoodFriday({ year, month, day, weekday }: Day): boolean {
  return weekday === friday && Date.UTC(year, month - 1, day + 2) === easterSunday(year);
}

/** Midnight UTC of Easter Sunday. Anonymous Gregorian algorithm, as given by Meeus, Astronomical Algorithms, chapter 8. */
function easterSunday(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const yearOfCentury = year % 100;
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - correction + 15) % 30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(yearOfCentury / 4) - epact - (yearOfCentury % 4)) % 7;
  const late = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const days = epact + weekday - 7 * late + 114;
  return Date.UTC(year, Math.floor(days / 31) - 1, (days % 31) + 1);
}
