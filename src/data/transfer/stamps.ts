import { KtrdrError } from '../../base/index.ts';
import { dayMs, fromZoned, isIntraday, toZoned, type Timeframe } from '../../market/index.ts';
import type { DateOrder } from '../choices.ts';

/** A stamp as a file means it: an instant, or what a clock on some wall showed, as epoch milliseconds as if it were UTC. */
export interface FileStamp {
  readonly kind: 'instant' | 'wall-clock';
  readonly ms: number;
  /** Where the wall was, when the file says so itself. */
  readonly zone?: string;
  /** True for a date without a time of day. */
  readonly isDate?: boolean;
}

export interface StampOptions {
  readonly timeframe: Timeframe;
  /** Of dates that begin with neither a year nor the name of a month. */
  readonly dates?: DateOrder | undefined;
  /** Of stamps that name none: an IANA name. */
  readonly zone?: string | undefined;
}

/**
 * The stamp of a bar: an instant for intraday bars, the date as it is written, at midnight UTC, for slower ones.
 * @throws KtrdrError `invalid_input`, in half a sentence, for a stamp that does not say which instant or date it is.
 */
export function barStamp(
  { kind, ms, zone: ownZone, isDate = false }: FileStamp,
  { timeframe, zone }: StampOptions,
): number {
  const place = ownZone ?? zone;
  if (isIntraday(timeframe)) {
    if (kind === 'instant') return ms;
    if (isDate) throw unclear(`is a date, and bars of ${timeframe} need a time of day`);
    if (place === undefined) {
      throw unclear(
        'names no time zone; say which it is with --zone, for example --zone UTC or --zone America/New_York',
      );
    }
    return instantIn(ms, place);
  }
  const local = kind === 'wall-clock' || place === undefined ? ms : wallClockIn(ms, place);
  if (local % dayMs === 0) return local;
  throw unclear(
    `is not midnight, and bars of ${timeframe} are stamped with dates; where the file has instants, say with --zone where midnight is`,
  );
}

/**
 * Understands the ways in which files write time: ISO 8601 and its looser forms, `20240308 09:30:00 US/Eastern` as
 * Interactive Brokers writes it, dates, and epoch seconds, milliseconds, microseconds or nanoseconds by their size.
 * @throws KtrdrError `invalid_input`, in half a sentence, for any other text.
 */
export function parseStamp(text: string, { dates }: Pick<StampOptions, 'dates'> = {}): FileStamp {
  // The platform reads this form several times as fast, and shifts only days that some month does not have.
  if (plainUtc.test(text)) return { kind: 'instant', ms: Date.parse(text) };
  const spaced = compact.test(text) ? `${text.slice(0, 8)} ${text.slice(8)}` : text;
  const epoch = epochMs(spaced);
  if (epoch !== undefined) return { kind: 'instant', ms: epoch };
  const match = written.exec(yearFirst(spaced.trim(), dates));
  if (match?.groups === undefined)
    throw unclear('is not a time such as 2024-03-08T14:30:00Z, 2024-03-08, 20240308 09:30:00 or epoch seconds');
  const { year, month, day, separator = '', minute = '0', second = '0', fraction = '0', half, zone } = match.groups;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Years below 100 would become those of the last century.
  if (new Date(date).getUTCDate() !== Number(day) || Number(month) > 12 || Number(year) < 100)
    throw unclear('names a day that does not exist');
  if (match.groups['hour'] === undefined) return { kind: 'wall-clock', ms: date, isDate: true };
  const hour = hourOf(match.groups['hour'], half);
  if (hour > 23 || Number(minute) > 59 || Number(second) > 59) throw unclear('names a time that does not exist');
  const ms =
    date +
    hour * hourMs +
    Number(minute) * 60_000 +
    Number(second) * 1_000 +
    Math.trunc(Number(`0.${fraction}`) * 1_000);
  // IB's own form with a hyphen is always UTC.
  if (separator === '-') return { kind: 'wall-clock', ms, zone: 'UTC' };
  if (zone === undefined) return { kind: 'wall-clock', ms };
  return { kind: 'wall-clock', ms, zone: zone === 'Z' || zone === 'z' ? 'UTC' : zone };
}

/** Of a clock with two halves of the day, where one is named. */
function hourOf(hour: string, half: string | undefined): number {
  if (half === undefined) return Number(hour);
  // There is no hour 0 on it, nor one above 12; 99 is none either.
  if (Number(hour) < 1 || Number(hour) > 12) return 99;
  return (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
}

/** A date of other orders as one that begins with its year; other text as it is. */
function yearFirst(text: string, dates: DateOrder | undefined): string {
  const { day, name, year, rest = '' } = (dayNameYear.exec(text) ?? nameDayYear.exec(text))?.groups ?? {};
  const month = monthNames.indexOf((name ?? '').slice(0, 3).toLowerCase()) + 1;
  if (day !== undefined && month > 0) return `${year}-${twoDigits(month)}-${twoDigits(day)}${rest}`;
  const numbers = numbersYear.exec(text)?.groups;
  if (numbers === undefined) return text;
  const { first = '', second = '' } = numbers;
  if (dates === undefined) {
    throw unclear(
      'does not tell day from month; say which comes first with "--dates day-first" or "--dates month-first"',
    );
  }
  const [monthNumber, dayNumber] = dates === 'month-first' ? [first, second] : [second, first];
  return `${numbers['year']}-${twoDigits(monthNumber)}-${twoDigits(dayNumber)}${numbers['rest'] ?? ''}`;
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNameYear = /^(?<day>\d{1,2})[ -](?<name>[A-Za-z]{3,9})[ -](?<year>\d{4})(?<rest>\D.*)?$/;
const nameDayYear = /^(?<name>[A-Za-z]{3,9}) (?<day>\d{1,2}),? (?<year>\d{4})(?<rest>\D.*)?$/;
const numbersYear = /^(?<first>\d{1,2})(?<sign>[/.-])(?<second>\d{1,2})\k<sign>(?<year>\d{4})(?<rest>\D.*)?$/;

function twoDigits(number: number | string): string {
  return String(number).padStart(2, '0');
}

const plainUtc = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/**
 * A date and a time of day in one number, `20240308093000` or without seconds. As milliseconds or microseconds it would
 * be an instant of the early seventies.
 */
const compact =
  /^(?:19|2[01])\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{1,9})?)?$/;

const hourMs = 3_600_000;

// Single digits stand between signs alone: without any, 2024111 may be two days, and 500 two times.
const written =
  /^(?=\d{8}(?:\D|$)|\d{4}[-/.])(?<year>\d{4})(?<dash>[-/.]?)(?<month>\d{1,2})\k<dash>(?<day>\d{1,2})(?:(?<separator>[Tt]| {1,2}|-)(?=\d{1,2}:|\d{4}(?:\d{2})?(?:\D|$))(?<hour>\d{1,2}):?(?<minute>\d{2})(?::?(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?(?: ?(?<half>[AaPp][Mm])(?![A-Za-z]))? ?(?<zone>[Zz]|[+-]\d{2}(?::?\d{2})?|[A-Za-z]\w*(?:\/[\w+-]+)*)?)?$/;

/** By the number of digits: 8 are a date, up to 10 seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds. */
function epochMs(text: string): number | undefined {
  if (!/^\d{9,19}(\.\d+)?$/.test(text)) return undefined;
  const [whole = ''] = text.split('.');
  if (whole.length <= 10) return Math.round(Number(text) * 1_000);
  if (whole.length <= 13) return Number(whole);
  return Number(BigInt(whole) / (whole.length <= 16 ? 1_000n : 1_000_000n));
}

function instantIn(wallClock: number, zone: string): number {
  const offset = offsetMs(zone);
  if (offset !== undefined) return wallClock - offset;
  const at = new Date(wallClock);
  const local = {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
  };
  const instant = named(zone, () => fromZoned(local, zone));
  const { hour, minute } = toZoned(instant, zone);
  if (hour !== local.hour || minute !== local.minute) {
    throw unclear(`names a time that the clocks of ${zone} skip; is that the zone of the file?`);
  }
  return instant + (wallClock % 1_000);
}

function wallClockIn(instant: number, zone: string): number {
  const offset = offsetMs(zone);
  if (offset !== undefined) return instant + offset;
  const { year, month, day, hour, minute, second } = named(zone, () => toZoned(instant, zone));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Of `UTC`, `+02:00`, `-0500` and `-05`; undefined for a zone with a name. */
function offsetMs(zone: string): number | undefined {
  if (zone === 'UTC' || zone === 'GMT') return 0;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  if (hours === undefined || Number(hours) > 14 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * 60_000);
}

function named<T>(zone: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw unclear(`names the time zone "${zone}", which does not exist`, cause);
  }
}

function unclear(what: string, cause?: unknown): KtrdrError {
  return new KtrdrError('invalid_input', what, { cause });
}
