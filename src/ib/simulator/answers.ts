import { barCount, type Bars, type Session, type TimeRange } from '../../market/index.ts';
import { escapeNonAscii, type Field } from './framing.ts';
import type { Instrument } from './instruments.ts';
import type { Notice } from './notices.ts';
import type { EmptyAnswer } from './requests.ts';
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

/** How bars are written: which dates, and whether they have a volume. */
export interface BarFormat {
  readonly kind: 'intraday' | 'day';
  readonly formatDate: number;
  readonly zone: string;
}

/** The end message follows from version 196 on, where the span is no longer told here. */
export function historicalData(
  { reqId, version, named }: { reqId: number; version: number; named: TimeRange },
  bars: Bars,
  format: BarFormat,
): Field[] {
  const fields: Field[] = version < 196 ? [17, reqId, ...spanOf(named, format.zone)] : [17, reqId];
  const count = barCount(bars);
  fields.push(count);
  for (let index = 0; index < count; index += 1) {
    const { date, open, high, low, close, volume, average, trades } = barAt(bars, index, format);
    fields.push(date, open, high, low, close, volume, average, trades);
  }
  return fields;
}

export function historicalDataEnd(reqId: number, named: TimeRange, zone: string): Field[] {
  return [108, reqId, ...spanOf(named, zone)];
}

/** One bar of a request kept up to date. Its fields stand in another order than those of the history. */
export function historicalDataUpdate(
  reqId: number,
  { bars, index }: { bars: Bars; index: number },
  format: BarFormat,
): Field[] {
  const { date, open, high, low, close, volume, average, trades } = barAt(bars, index, format);
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

interface WrittenBar {
  readonly date: Field;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly average: number;
  readonly trades: number;
}

/**
 * Volume, average price and number of trades are -1 for data that is not of trades. Where there is volume, the average
 * is the bar's typical price and a trade is taken as 150 shares, since neither feed nor walk knows better.
 */
function barAt(bars: Bars, index: number, { kind, formatDate, zone }: BarFormat): WrittenBar {
  const time = bars.time[index] ?? 0;
  const open = bars.open[index] ?? 0;
  const high = bars.high[index] ?? 0;
  const low = bars.low[index] ?? 0;
  const close = bars.close[index] ?? 0;
  const volume = bars.volume[index] ?? Number.NaN;
  const traded = !Number.isNaN(volume);
  return {
    date: kind === 'day' ? dateText(time) : formatDate === 2 ? Math.floor(time / 1000) : zonedText(time, zone),
    open,
    high,
    low,
    close,
    volume: traded ? volume : -1,
    average: traded ? Math.round(((high + low + close) / 3) * 10_000) / 10_000 : -1,
    trades: traded ? Math.ceil(volume / 150) : -1,
  };
}
