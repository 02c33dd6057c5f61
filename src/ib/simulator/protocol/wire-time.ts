import { fromZoned, toZoned, type LocalTime } from '../../../market/index.ts';

/** An instant named in a request. `assumedZone`: the text named no zone, so the instrument's own was taken. */
export interface WireInstant {
  readonly instant: number;
  readonly assumedZone: boolean;
}

/**
 * Reads the end of a history request: `yyyymmdd-hh:mm:ss` is UTC, `yyyymmdd hh:mm:ss ZONE` local, and without a zone
 * it is the instrument's. The empty text means now. Undefined for anything else.
 */
export function parseEnd(text: string, { now, zone }: { now: number; zone: string }): WireInstant | undefined {
  if (text === '') return { instant: now, assumedZone: false };
  const match = /^(\d{4})(\d{2})(\d{2})(-| {1,2})(\d{2}):(\d{2}):(\d{2})(?: ([A-Za-z][\w/+-]*))?$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, separator, hour, minute, second, namedZone] = match;
  const local = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
  if (!exists(local)) return undefined;
  if (separator === '-') return namedZone === undefined ? { instant: utc(local), assumedZone: false } : undefined;
  if (namedZone !== undefined && !isZone(namedZone)) return undefined;
  return { instant: fromZoned(local, namedZone ?? zone), assumedZone: namedZone === undefined };
}

/** `20230518 21:00:00 US/Eastern` */
export function zonedText(instant: number, zone: string): string {
  const { year, month, day, hour, minute, second } = toZoned(instant, zone);
  return `${pad(year, 4)}${pad(month)}${pad(day)} ${pad(hour)}:${pad(minute)}:${pad(second)} ${zone}`;
}

/** `20230518-21:00:00`, in UTC */
export function utcText(instant: number): string {
  return new Date(instant).toISOString().slice(0, 19).replaceAll('-', '').replace('T', '-');
}

/** `20230518-21:00:00` on the wall clock of a zone */
export function localText(instant: number, zone: string): string {
  return utcText(instant + offsetOf(instant, zone));
}

/** `20230518` of a date at midnight UTC */
export function dateText(date: number): string {
  return utcText(date).slice(0, 8);
}

/** `20260105 10:00:00 EST`, the moment at which a client was let in, as the greeting tells it */
export function greetingTime(instant: number): string {
  const text = zonedText(instant, newYork).replace(newYork, '');
  const winterOffsetMs = -5 * 3_600_000;
  return `${text}${offsetOf(instant, newYork) === winterOffsetMs ? 'EST' : 'EDT'}`;
}

/** Local time minus UTC in milliseconds. */
export function offsetOf(instant: number, zone: string): number {
  const whole = Math.floor(instant / 1000) * 1000;
  return utc(toZoned(whole, zone)) - whole;
}

const newYork = 'US/Eastern';

function utc({ year, month, day, hour, minute, second }: LocalTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Refuses 31 February and 25 o'clock, which would silently become another moment. */
function exists(local: LocalTime): boolean {
  const { year, month, day, hour, minute, second } = toZoned(utc(local), 'UTC');
  const same = year === local.year && month === local.month && day === local.day;
  return same && hour === local.hour && minute === local.minute && second === local.second;
}

function isZone(name: string): boolean {
  try {
    toZoned(0, name);
    return true;
  } catch {
    return false;
  }
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
