import type { Session, TimeRange } from '../../../market/index.ts';
import { escapeNonAscii, type Field } from './framing.ts';
import type { Instrument } from '../instruments/instruments.ts';
import type { Notice } from './notices.ts';
import type { EmptyAnswer } from './requests.ts';
import type { WrittenBar } from '../bars/written-bar.ts';
import { dateText, localText, utcText, zonedText } from './wire-time.ts';

/** Messages to a client, as fields in the order of the protocol. `version` is the one agreed on with that client. */

export function managedAccounts(account: string): Field[] {
  return [15, 1, `${account},`];
}

export function nextValidId(id: number): Field[] {
  return [9, 1, id];
}

export function currentTime(now: number): Field[] {
  return [49, 1, Math.floor(now / 1000)];
}

/** From version 197 on, beside the one in seconds. */
export function currentTimeInMillis(now: number): Field[] {
  return [109, now];
}

/** An error or a notice; `reqId` is -1 when it belongs to no request. */
export function errorMessage(
  { code, text }: Notice,
  { reqId, version, now }: { reqId: number; version: number; now: number },
): Field[] {
  const fields: Field[] = version < 194 ? [4, 2] : [4];
  fields.push(reqId, code, escapeNonAscii(text));
  if (version >= 166) fields.push('');
  if (version >= 194) fields.push(now);
  return fields;
}

export function contractDetailsEnd(reqId: number): Field[] {
  return [52, 1, reqId];
}

export function symbolSamples(reqId: number, instruments: readonly Instrument[], version: number): Field[] {
  return [
    79,
    reqId,
    instruments.length,
    ...instruments.flatMap(({ conId, symbol, secType, primaryExchange, currency, longName }): Field[] => {
      const described: Field[] = version >= 176 ? [escapeNonAscii(longName), ''] : [];
      return [conId, symbol, secType, primaryExchange, currency, 0, ...described];
    }),
  ];
}

export function headTimestamp(reqId: number, instant: number, formatDate: number): Field[] {
  return [88, reqId, formatDate === 2 ? Math.floor(instant / 1000) : utcText(instant)];
}

/** What comes before the bars of a history. From version 196 on the span is told at the end instead. */
export function historicalDataHead(
  { reqId, version, named }: { reqId: number; version: number; named: TimeRange },
  { count, zone }: { count: number; zone: string },
): Field[] {
  return version < 196 ? [17, reqId, ...spanOf(named, zone), count] : [17, reqId, count];
}

export function historicalDataEnd(reqId: number, named: TimeRange, zone: string): Field[] {
  return [108, reqId, ...spanOf(named, zone)];
}

/** One bar of a request kept up to date. Its fields stand in another order than those of the history. */
export function historicalDataUpdate(
  reqId: number,
  { date, open, high, low, close, volume, average, trades }: WrittenBar,
): Field[] {
  return [90, reqId, trades, date, open, close, high, low, average, volume];
}

export function historicalSchedule(
  reqId: number,
  { named, zone }: { named: TimeRange; zone: string },
  sessions: readonly Session[],
): Field[] {
  const text = (instant: number): string => localText(instant, zone);
  return [
    106,
    reqId,
    text(sessions[0]?.open ?? named.start),
    text(sessions.at(-1)?.close ?? named.end),
    zone,
    sessions.length,
    ...sessions.flatMap(({ date, open, close }) => [text(open), text(close), dateText(date)]),
  ];
}

/** The end messages of lists that are always empty here. */
export function emptyAnswer(about: EmptyAnswer): Field[] {
  switch (about.of) {
    case 'positions':
      return [62, 1];
    case 'open_orders':
      return [53, 1];
    case 'completed_orders':
      return [102];
    case 'executions':
      return [55, 1, about.reqId];
    case 'account_updates':
      return [54, 1, about.account];
    case 'account_updates_multi':
      return [74, 1, about.reqId];
    default:
      return about satisfies never;
  }
}

function spanOf({ start, end }: TimeRange, zone: string): Field[] {
  return [zonedText(start, zone), zonedText(end, zone)];
}
