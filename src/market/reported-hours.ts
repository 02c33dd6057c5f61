import { KtrdrError } from '../base/index.ts';
import type { Session } from './calendar.ts';
import { dayMs } from './dates.ts';
import { unionRanges } from './time-range.ts';
import { fromWallClock, zoneOffset } from './zone.ts';

/** What a source says of one date: the sessions it will have, none when the market stays closed. */
export interface ReportedDay {
  readonly date: number;
  readonly sessions: readonly Session[];
}

/**
 * Reads the hours that Interactive Brokers reports with a contract (`tradingHours` or `liquidHours`, in `timeZoneId`),
 * oldest day first. Entries are parted by semicolons, stretches of one entry by commas:
 *
 * - `20260105:0930-20260105:1600` from one wall-clock time to another; the form of today;
 * - `20260105:0930-1600` both on that date, or from the day before when the first time is the later one; gateways before
 *   version 970;
 * - `20260110:CLOSED` no trading on that date.
 *
 * A stretch belongs to the date on which it ends, as sessions do: the currencies' Monday opens on Sunday. A date that is
 * both closed and traded is traded: the Sunday that is closed by day and opens in the evening for Monday is not meant.
 * An empty text, which stands for hours unknown, names no day.
 * @throws KtrdrError `data_corrupt` for a text of another form or for sessions that overlap, `invalid_input` for an
 * unknown zone.
 */
export function parseReportedHours(text: string, timeZoneId: string): ReportedDay[] {
  const zone = zoneOfId(timeZoneId);
  const stretches = new Map<number, { start: number; end: number }[]>();
  for (const entry of text.split(';').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, closed] = /^(\d{8}):CLOSED$/.exec(entry) ?? [];
    const read = closed === undefined ? readStretches(entry, text) : [{ date: readDate(closed, text) }];
    for (const { date, opens, closes } of read) {
      const held = stretches.get(date) ?? [];
      stretches.set(date, held);
      if (opens === undefined || closes === undefined) continue;
      held.push({ start: fromWallClock(opens, zone), end: fromWallClock(closes, zone) });
    }
  }
  const days = [...stretches]
    .toSorted(([a], [b]) => a - b)
    .map(([date, ranges]) => ({
      date,
      sessions: unionRanges(ranges).map(({ start, end }): Session => ({ date, open: start, close: end })),
    }));
  refuseOverlap(days, text);
  return days;
}

/**
 * The IANA zone for the broker's name of one: mostly the same (`US/Eastern`), in older gateways an abbreviation with a
 * text behind it (`EST (Eastern Standard Time)`). IANA knows `EST` as well, but without daylight saving.
 */
function zoneOfId(timeZoneId: string): string {
  const name = timeZoneId.replace(/\s*\(.*\)\s*$/, '').trim();
  const zone = zonesOfAbbreviations[name] ?? name;
  zoneOffset(0, zone);
  return zone;
}

const zonesOfAbbreviations: Readonly<Record<string, string>> = {
  EST: 'America/New_York',
  CST: 'America/Chicago',
  MST: 'America/Denver',
  PST: 'America/Los_Angeles',
  JST: 'Asia/Tokyo',
  HKT: 'Asia/Hong_Kong',
};

const minuteMs = 60_000;

/** Wall-clock times are written as epoch milliseconds as if they were UTC. */
interface Stretch {
  readonly date: number;
  readonly opens?: number;
  readonly closes?: number;
}

function readStretches(entry: string, text: string): Stretch[] {
  const [, first = '', rest = ''] = /^(\d{8}):(.+)$/.exec(entry) ?? [];
  if (first === '') throw noHours(entry, text);
  const date = readDate(first, text);
  return rest.split(',').map((part): Stretch => {
    const match = /^(?:(\d{8}):)?(\d{4})-(?:(\d{8}):)?(\d{4})$/.exec(part.trim());
    if (match === null) throw noHours(entry, text);
    const [, openDate, openTime = '', closeDate, closeTime = ''] = match;
    const closeDay = closeDate === undefined ? date : readDate(closeDate, text);
    const [openMinutes, closeMinutes] = [readMinutes(openTime, text), readMinutes(closeTime, text)];
    const namedDay = openDate === undefined ? date : readDate(openDate, text);
    const openDay = closeDate === undefined && openMinutes >= closeMinutes ? namedDay - dayMs : namedDay;
    const opens = openDay + openMinutes * minuteMs;
    const closes = closeDay + closeMinutes * minuteMs;
    if (!(opens < closes && closes - opens <= longestMs)) throw noHours(entry, text);
    // A session that ends at midnight belongs to the day that ends.
    return { date: Math.floor((closes - 1) / dayMs) * dayMs, opens, closes };
  });
}

/** No market trades for longer at a stretch than the days between two weekends. */
const longestMs = 7 * dayMs;

function readDate(digits: string, text: string): number {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map(Number);
  const date = Date.UTC(year ?? 0, (month ?? 0) - 1, day);
  // A date that does not exist rolls over into another one.
  if (new Date(date).toISOString().slice(0, 10).replaceAll('-', '') !== digits) throw noHours(digits, text);
  return date;
}

function readMinutes(digits: string, text: string): number {
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 24 || minutes > 59 || (hours === 24 && minutes > 0)) throw noHours(digits, text);
  return hours * 60 + minutes;
}

function refuseOverlap(days: readonly ReportedDay[], text: string): void {
  let until = -Infinity;
  for (const { open, close } of days.flatMap(({ sessions }) => sessions)) {
    if (open < until) throw corrupt('two of its sessions overlap', text);
    until = close;
  }
}

function noHours(part: string, text: string): KtrdrError {
  return corrupt(`"${part}" is not of the form 20260105:0930-20260105:1600 or 20260110:CLOSED`, text);
}

function corrupt(reason: string, text: string): KtrdrError {
  return new KtrdrError('data_corrupt', `The trading hours reported for a contract cannot be read: ${reason}.`, {
    details: { hours: text.slice(0, 2_000) },
  });
}
