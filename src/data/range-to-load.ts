import { dayMs, type Timeframe, type TimeRange } from '../market/index.ts';
import type { LoadBarsInput } from './load-bars.ts';

interface Situation {
  /** Stamps of the first and last stored bar; undefined when the store is empty. */
  held: { first: number; last: number } | undefined;
  /** Bars that start before this are history; later ones may still change. */
  finalBefore: number;
  /** Asks the source for its oldest bar. Called only when the answer matters. */
  earliest: () => Promise<number | undefined>;
}

/** How far a first `tail` load goes back when nobody says. */
const firstTailMs: Record<Timeframe, number> = {
  '1m': 7 * dayMs,
  '5m': 30 * dayMs,
  '15m': 60 * dayMs,
  '30m': 90 * dayMs,
  '1h': 365 * dayMs,
  '2h': 365 * dayMs,
  '4h': 365 * dayMs,
  '1d': 5 * 365 * dayMs,
  '1w': 10 * 365 * dayMs,
  '1M': 20 * 365 * dayMs,
};

/** The span a load is answerable for, by its mode; undefined when there is none. Only finished bars are asked for. */
export async function rangeToLoad(
  { timeframe, mode, start, end }: LoadBarsInput,
  { held, finalBefore, earliest }: Situation,
): Promise<TimeRange | undefined> {
  const until = Math.min(end ?? Infinity, finalBefore);
  switch (mode) {
    case 'local':
      return held === undefined ? undefined : nonEmpty(start ?? held.first, Math.min(end ?? Infinity, held.last + 1));
    case 'tail':
      if (held !== undefined) return nonEmpty(Math.max(start ?? -Infinity, held.last), until);
      if (start === undefined) return nonEmpty(until - firstTailMs[timeframe], until);
      return sinceEarliest(start, until, earliest);
    case 'backfill':
    case 'full': {
      const newest = mode === 'backfill' && held !== undefined ? Math.min(until, held.first) : until;
      return sinceEarliest(start, newest, earliest);
    }
    default:
      return mode satisfies never;
  }
}

/** From a start, but not from before the oldest bar there is. */
async function sinceEarliest(
  start = -Infinity,
  end: number,
  earliest: Situation['earliest'],
): Promise<TimeRange | undefined> {
  const oldest = await earliest();
  return oldest === undefined ? undefined : nonEmpty(Math.max(start, oldest), end);
}

function nonEmpty(start: number, end: number): TimeRange | undefined {
  return start < end ? { start, end } : undefined;
}
