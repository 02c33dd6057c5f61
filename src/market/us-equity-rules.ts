import type { MarketRules } from './calendar.ts';
import { knownFrom, knownTo, specialCloses, specialClosures } from './us-equity-exceptions.ts';

/**
 * US equities in regular hours: NYSE, NASDAQ and ARCA, Monday to Friday 09:30 to 16:00 New York time, except on the
 * exchange's holidays and on the days listed in `us-equity-exceptions.ts`. Holidays and early closes follow NYSE rule
 * 7.2 as published in the exchange's yearly calendars.
 */
export const usEquityRules: MarketRules = {
  id: 'us_equities',
  zone: 'America/New_York',
  known: { start: Date.parse(knownFrom), end: Date.parse(knownTo) + 86_400_000 },
  hours: (date) => {
    const day = dayOf(date);
    if (day.weekday === saturday || day.weekday === sunday) return undefined;
    const name = new Date(date).toISOString().slice(0, 10);
    if (closures.has(name) || isHoliday(day)) return undefined;
    const special = specialCloses[name];
    if (special !== undefined) return { open, close: closeMinutes[special] };
    return { open, close: closesEarly(day) ? closeMinutes['13:00'] : closeMinutes['16:00'] };
  },
};

const open = 9 * 60 + 30;
const closeMinutes = { '13:00': 13 * 60, '14:00': 14 * 60, '16:00': 16 * 60 } as const;
const closures = new Set(specialClosures);

const [sunday, monday, thursday, friday, saturday] = [0, 1, 4, 5, 6] as const;
const [january, february, may, june, july, september, november, december] = [1, 2, 5, 6, 7, 9, 11, 12] as const;

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

function isHoliday(date: Day): boolean {
  const { year, month, day, weekday } = date;
  switch (month) {
    case january:
      // New Year's Day on a Saturday is not made up for: the Friday before is the last trading day of the year.
      return day === 1 || (day === 2 && weekday === monday) || (year >= 1998 && isNth(date, monday, 3));
    case february:
      return isNth(date, monday, 3);
    case may:
      return weekday === monday && day > 31 - 7;
    case june:
      return year >= 2022 && isObserved(date, 19);
    case july:
      return isObserved(date, 4);
    case september:
      return isNth(date, monday, 1);
    case november:
      return isNth(date, thursday, 4);
    case december:
      return isObserved(date, 25);
    default:
      return isGoodFriday(date);
  }
}

/** Early closes at 13:00 became the custom in 1993. */
function closesEarly(date: Day): boolean {
  const { year, month, day, weekday } = date;
  if (year < 1993) return false;
  if (month === november) return weekday === friday && day >= 23 && day <= 29;
  const eve = (month === december && day === 24) || (month === july && day === 3);
  return eve && weekday >= monday && weekday <= thursday;
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
