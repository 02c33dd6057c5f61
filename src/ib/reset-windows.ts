import { fromZoned, toZoned, type TimeRange } from '../market/index.ts';

/** A time in which IB maintains its servers; connections may drop and answers may be wrong. In epoch milliseconds. */
export interface ResetWindow extends TimeRange {
  readonly name: 'nightly reset' | 'weekend reset';
  /** The wall clock at its end, in words. */
  readonly until: string;
}

const newYork = 'America/New_York';
const friday = 5;
const saturday = 6;

/** The reset that is going on; undefined at any other time. */
export function resetAt(now: number): ResetWindow | undefined {
  const next = nextReset(now);
  return next.start <= now ? next : undefined;
}

/**
 * The first reset of IB's North American servers that ends after an instant: Sunday to Friday from 00:15 to 01:45, and
 * from Friday 23:00 to Saturday 03:00, on the wall clock of New York.
 */
export function nextReset(instant: number): ResetWindow {
  const { year, month, day } = toZoned(instant, newYork);
  for (let ahead = -1; ahead <= 2; ahead += 1) {
    const window = resetsOf({ year, month, day: day + ahead }).find(({ end }) => end > instant);
    if (window !== undefined) return window;
  }
  throw new RangeError('every three days have a reset');
}

interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The windows that begin on a date, oldest first. */
function resetsOf(date: LocalDate): ResetWindow[] {
  const at = (hour: number, minute: number, daysLater = 0): number =>
    fromZoned({ ...date, day: date.day + daysLater, hour, minute, second: 0 }, newYork);
  const weekday = new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay();
  const resets: ResetWindow[] = [];
  if (weekday !== saturday) {
    resets.push({ name: 'nightly reset', start: at(0, 15), end: at(1, 45), until: '01:45 New York' });
  }
  if (weekday === friday) {
    resets.push({ name: 'weekend reset', start: at(23, 0), end: at(3, 0, 1), until: '03:00 New York' });
  }
  return resets;
}
