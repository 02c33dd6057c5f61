import type { TradingCalendar } from './calendar.ts';
import { dayMs } from './dates.ts';
import { expectedBars } from './expected-bars.ts';
import { sessionCell } from './session-cell.ts';
import { isIntraday, timeframeMs, type Timeframe } from './timeframe.ts';

/**
 * The instant before which bars are final at `now`: a bar whose start lies before it will not change any more. An
 * intraday bar is final when its cell or its session has ended, a slower one when the last session in it has closed.
 */
export function finalBefore(calendar: TradingCalendar, timeframe: Timeframe, now: number): number {
  const [next] = calendar.sessions({ start: now, end: now + longestClosureMs });
  if (!isIntraday(timeframe)) return sessionCell(timeframe, next?.date ?? now).start;
  if (next === undefined) return now;
  const current = Math.max(now, next.open);
  const { start } = expectedBars(calendar, timeframe, { start: current - timeframeMs(timeframe), end: current + 1 });
  return start.at(-1) ?? current;
}

/** Longer than any market has stayed closed since 1990, with room to spare. */
const longestClosureMs = 21 * dayMs;
