import { fromZoned, toZoned } from '../../market/index.ts';

/** A time in which IB maintains its servers; connections may drop and answers may be wrong. */
export interface ResetWindow {
  readonly name: 'nightly reset' | 'weekend reset';
  /** Epoch milliseconds. */
  readonly end: number;
  /** The wall clock at its end, in words. */
  readonly until: string;
}

const zone = 'America/New_York';
const friday = 5;
const saturday = 6;

/**
 * The reset of IB's North American servers that is going on: Sunday to Friday from 00:15 to 01:45, and from Friday 23:00
 * to Saturday 03:00, New York time. Undefined at any other time. Pure.
 */
export function resetAt(now: number): ResetWindow | undefined {
  const { year, month, day, hour, minute, dayOfWeek } = toZoned(now, zone);
  const minutes = hour * 60 + minute;
  const endsAt = (days: number, at: { hour: number; minute: number }): number =>
    fromZoned({ year, month, day: day + days, ...at, second: 0 }, zone);
  const weekend = (days: number): ResetWindow => ({
    name: 'weekend reset',
    end: endsAt(days, { hour: 3, minute: 0 }),
    until: '03:00 New York',
  });
  if (dayOfWeek === friday && hour >= 23) return weekend(1);
  if (dayOfWeek === saturday) return hour < 3 ? weekend(0) : undefined;
  if (minutes < 15 || minutes >= 105) return undefined;
  return { name: 'nightly reset', end: endsAt(0, { hour: 1, minute: 45 }), until: '01:45 New York' };
}
