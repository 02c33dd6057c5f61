import { fromZoned, toZoned, type TimeRange } from '../../../market/index.ts';

const newYork = 'America/New_York';

/**
 * The next window of the daily reset of the servers in North America that ends after an instant: Sunday to Friday 00:15
 * to 01:45, and at the weekend Friday 23:00 to Saturday 03:00, on the wall clock of New York.
 */
export function nextReset(instant: number): TimeRange {
  const { year, month, day } = toZoned(instant, newYork);
  for (let ahead = -1; ahead <= 2; ahead += 1) {
    const window = resetOf({ year, month, day: day + ahead }).find(({ end }) => end > instant);
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
function resetOf(date: LocalDate): TimeRange[] {
  const at = (hour: number, minute: number, daysLater = 0): number =>
    fromZoned({ ...date, day: date.day + daysLater, hour, minute, second: 0 }, newYork);
  const weekday = new Date(Date.UTC(date.year, date.month - 1, date.day)).getUTCDay();
  const nightly = weekday === saturday ? [] : [{ start: at(0, 15), end: at(1, 45) }];
  return weekday === friday ? [...nightly, { start: at(23, 0), end: at(3, 0, 1) }] : nightly;
}

const friday = 5;
const saturday = 6;
