import { KtrdrError } from '../base/index.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * `intraday` bars are stamped with an instant (epoch milliseconds, UTC); `session` bars are stamped with a session
 * date, written as that date's midnight in UTC. The two are never mixed in one series. Case counts: `1m` is a minute,
 * `1M` a month, whose nominal length is 30 days.
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
  '1w': { kind: 'session', ms: 7 * day },
  '1M': { kind: 'session', ms: 30 * day },
} as const satisfies Record<string, { kind: 'intraday' | 'session'; ms: number }>;

export type Timeframe = keyof typeof table;

/** The timeframes whose bars are stamped with a session date. */
export type SessionTimeframe = {
  [name in Timeframe]: (typeof table)[name]['kind'] extends 'session' ? name : never;
}[Timeframe];

export const timeframes = Object.keys(table) as [Timeframe, ...Timeframe[]];

export function isIntraday(timeframe: Timeframe): timeframe is Exclude<Timeframe, SessionTimeframe> {
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
