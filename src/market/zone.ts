import { KtrdrError } from '../base/index.ts';
import { dayMs } from './dates.ts';

/** A wall-clock time. `month` is 1 to 12; fields beyond their range carry over, as in `Date.UTC`. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** What the wall clock shows at an instant. `dayOfWeek` is 0 (Sunday) to 6 (Saturday). */
export interface ZonedTime extends LocalTime {
  readonly dayOfWeek: number;
}

/**
 * What the wall clock of a zone shows at an instant; milliseconds are dropped.
 * @throws KtrdrError `invalid_input` for a zone that is not an IANA name.
 */
export function toZoned(instant: number, zone: string): ZonedTime {
  const local = new Date(instant + zoneOffset(instant, zone));
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    dayOfWeek: local.getUTCDay(),
  };
}

/**
 * The instant at which the wall clock of a zone shows a time. A time that occurs twice (clocks set back) means the
 * earlier instant; one that never occurs (clocks set forward) is read with the offset in force before the change, so
 * 02:30 in New York's spring gap is 03:30 daylight time.
 * @throws KtrdrError `invalid_input` for a zone that is not an IANA name.
 */
export function fromZoned({ year, month, day, hour, minute, second }: LocalTime, zone: string): number {
  return fromWallClock(Date.UTC(year, month - 1, day, hour, minute, second), zone);
}

/** As `fromZoned`, for a wall-clock time written as epoch milliseconds as if it were UTC. */
export function fromWallClock(wallClock: number, zone: string): number {
  const before = zoneOffset(wallClock - dayMs, zone);
  const after = zoneOffset(wallClock + dayMs, zone);
  if (before === after) return wallClock - before;
  const candidates = before >= after ? [before, after] : [after, before];
  const offset = candidates.find((candidate) => zoneOffset(wallClock - candidate, zone) === candidate) ?? before;
  return wallClock - offset;
}

/**
 * Local time minus UTC, in milliseconds, at an instant.
 * @throws KtrdrError `invalid_input` for a zone that is not an IANA name.
 */
export function zoneOffset(instant: number, zone: string): number {
  const offsets = offsetsOf(zone);
  const block = Math.floor(instant / blockMs);
  let known = offsets.blocks.get(block);
  if (known === undefined) {
    known = blockOffsets(offsets.formatter, block);
    offsets.blocks.set(block, known);
  }
  return instant < known.change ? known.before : known.after;
}

/** `Intl` is asked per block of time, not per instant. Zones do not change their clocks twice within four days. */
const blockMs = 4 * dayMs;

interface BlockOffsets {
  readonly before: number;
  readonly after: number;
  /** The instant from which `after` holds; infinite when the offset stays. */
  readonly change: number;
}

interface ZoneOffsets {
  readonly formatter: Intl.DateTimeFormat;
  readonly blocks: Map<number, BlockOffsets>;
}

const zones = new Map<string, ZoneOffsets>();

function offsetsOf(zone: string): ZoneOffsets {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  try {
    const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const created = { formatter, blocks: new Map<number, BlockOffsets>() };
    zones.set(zone, created);
    return created;
  } catch (error) {
    throw new KtrdrError(
      'invalid_input',
      `There is no time zone "${zone}"; use an IANA name such as "America/New_York".`,
      { cause: error },
    );
  }
}

function blockOffsets(formatter: Intl.DateTimeFormat, block: number): BlockOffsets {
  let low = block * blockMs;
  let high = low + blockMs;
  const before = askOffset(formatter, low);
  const after = askOffset(formatter, high);
  if (before === after) return { before, after, change: Infinity };
  // Clocks change on a full second; bisect to it.
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (askOffset(formatter, middle) === before) low = middle;
    else high = middle;
  }
  return { before, after, change: high };
}

/** The text ends in `GMT`, `GMT-05:00` or, for local mean time, `GMT-04:56:02`. */
function askOffset(formatter: Intl.DateTimeFormat, instant: number): number {
  const [, sign, hours, minutes, seconds = '0'] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(formatter.format(instant)) ?? [];
  const size = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -size : size;
}
