import { dayMs, type TimeRange } from '../../../market/index.ts';
import type { BarSize } from './bar-size.ts';
import { joinCandles } from './candle.ts';
import type { StampedCandle } from './cut-bars.ts';

/** The week (Monday to Monday) or the month that a date lies in; dates are midnights UTC. */
export function periodOf(date: number, { unit }: Pick<BarSize, 'unit'>): TimeRange {
  const day = new Date(date);
  if (unit === 'month') {
    const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
    return { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) };
  }
  const start = Math.floor(date / dayMs) * dayMs - ((day.getUTCDay() + 6) % 7) * dayMs;
  return { start, end: start + 7 * dayMs };
}

/** Days put together to weeks or months, each stamped with its first session's date. */
export function joinPeriods(days: readonly StampedCandle[], barSize: Pick<BarSize, 'unit'>): StampedCandle[] {
  const joined: StampedCandle[] = [];
  let end = -Infinity;
  for (const day of days) {
    const previous = joined.at(-1);
    if (previous === undefined || day.stamp >= end) {
      joined.push(day);
      ({ end } = periodOf(day.stamp, barSize));
    } else {
      joined[joined.length - 1] = { stamp: previous.stamp, candle: joinCandles(previous.candle, day.candle) };
    }
  }
  return joined;
}
