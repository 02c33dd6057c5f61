import { KtrdrError } from '../base/index.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * `intraday` bars are stamped with an instant (epoch milliseconds, UTC); `session` bars are stamped with a session
 * date, written as that date's midnight in UTC. The two are never mixed in one series.
 */
const table = {
  '1m': { kind: 'intraday', ms: minute },
  '5m': { kind: 'intraday', ms: 5 * minute },
  '15m': { kind: 'intraday', ms: 15 * minute },
  '30m': { kind: 'intraday', ms: 30 * minute },
  '1h': { kind: 'intraday', ms: hour },
  '2h': { kind: 'intraday', ms: 2 * hour },
  '4h': { kind: 'intraday', ms: 4 * hour },
  '1d': { kind: 'session', ms: day },
} as const satisfies Record<string, { kind: 'intraday' | 'session'; ms: number }>;

export type Timeframe = keyof typeof table;

export const timeframes = Object.keys(table) as [Timeframe, ...Timeframe[]];

export function isIntraday(timeframe: Timeframe): boolean {
  return table[timeframe].kind === 'intraday';
}

/** The nominal length of one bar in milliseconds. */
export function timeframeMs(timeframe: Timeframe): number {
  return table[timeframe].ms;
}

/** @throws KtrdrError `invalid_input` that lists the timeframes there are. */
export function parseTimeframe(text: string): Timeframe {
  if (Object.hasOwn(table, text)) return text as Timeframe;
  throw new KtrdrError('invalid_input', `There is no timeframe "${text}"; use one of ${timeframes.join(', ')}.`);
}
