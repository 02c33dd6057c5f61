import { KtrdrError } from '../base/index.ts';
import type { TimeRange } from './time-range.ts';

/**
 * A series of bars as columns of equal length, oldest first, times strictly rising.
 * `time` is the start of the bar in epoch milliseconds: an instant for intraday timeframes, a session date at
 * midnight UTC for `1d` and slower (see `isIntraday`). Prices are in the instrument's currency, unadjusted unless the source says
 * otherwise; `volume` is in shares or lots as the source reports it, and NaN where the source has none (currencies).
 */
export interface Bars {
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

export const barColumns = ['time', 'open', 'high', 'low', 'close', 'volume'] as const satisfies (keyof Bars)[];

export type BarColumn = (typeof barColumns)[number];

/** One bar by itself, for decoders and tests; a series travels as `Bars`. */
export type BarRow = Readonly<Record<BarColumn, number>>;

export function barCount(bars: Bars): number {
  return bars.time.length;
}

/** Columns of the given length, all zero, for whoever fills them. */
export function allocateBars(count: number): Bars {
  return mapColumns(() => new Float64Array(count));
}

export const emptyBars: Bars = allocateBars(0);

export function barsFromRows(rows: readonly BarRow[]): Bars {
  return mapColumns((column) => Float64Array.from(rows, (row) => row[column]));
}

/** The bars from index `from` up to, not including, index `to`: a view on the same memory. */
export function sliceBars(bars: Bars, from: number, to: number): Bars {
  return mapColumns((column) => bars[column].subarray(from, to));
}

/** The bars whose stamp lies in the range: a view on the same memory. */
export function barsInRange(bars: Bars, range: TimeRange): Bars {
  return sliceBars(bars, indexAtOrAfter(bars.time, range.start), indexAtOrAfter(bars.time, range.end));
}

/** The first index whose value is at or after `instant`, in a rising column; its length when there is none. */
export function indexAtOrAfter(times: Float64Array, instant: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Joins series that follow each other in time. */
export function concatBars(parts: readonly Bars[]): Bars {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return mapColumns((column) => {
    const joined = new Float64Array(parts.reduce((sum, part) => sum + barCount(part), 0));
    let offset = 0;
    for (const part of parts) {
      joined.set(part[column], offset);
      offset += barCount(part);
    }
    return joined;
  });
}

/** The sorted union by time of two series; where both have a bar the incoming one wins. */
export function mergeBars(held: Bars, incoming: Bars): Bars {
  if (barCount(incoming) === 0) return held;
  if (barCount(held) === 0) return incoming;
  const picks = mergeOrder(held.time, incoming.time);
  return mapColumns((column) => {
    const merged = new Float64Array(picks.length);
    const heldColumn = held[column];
    const incomingColumn = incoming[column];
    for (let index = 0; index < picks.length; index += 1) {
      const pick = picks[index] ?? 0;
      merged[index] = (pick >= 0 ? heldColumn[pick] : incomingColumn[~pick]) ?? Number.NaN;
    }
    return merged;
  });
}

/** For each merged bar its index in `held`, or the bitwise complement of its index in `incoming`. */
function mergeOrder(held: Float64Array, incoming: Float64Array): Int32Array {
  const order = new Int32Array(held.length + incoming.length);
  let count = 0;
  let fromHeld = 0;
  let fromIncoming = 0;
  while (fromHeld < held.length || fromIncoming < incoming.length) {
    const heldTime = held[fromHeld] ?? Infinity;
    const incomingTime = incoming[fromIncoming] ?? Infinity;
    if (heldTime <= incomingTime) fromHeld += 1;
    if (incomingTime <= heldTime) fromIncoming += 1;
    order[count] = incomingTime <= heldTime ? ~(fromIncoming - 1) : fromHeld - 1;
    count += 1;
  }
  return order.subarray(0, count);
}

/**
 * Checks what every series must hold: columns of equal length; times whole milliseconds, strictly rising; prices finite
 * and positive; high and low around open and close; volume not negative, or NaN.
 * @throws KtrdrError `data_corrupt` with the first violation, its time and the rule. `what` names the series.
 */
export function checkBars(bars: Bars, what: string): void {
  const count = barCount(bars);
  for (const column of barColumns) {
    const { length } = bars[column];
    if (length !== count)
      throw corrupt(
        `${what}: column "${column}" has ${length} values where "time" has ${count}; columns must have equal length.`,
      );
  }
  let previous = -Infinity;
  for (let index = 0; index < count; index += 1) {
    const rule = brokenRule(bars, index, previous);
    if (rule !== undefined) throw violation(bars, index, { what, rule });
    previous = bars.time[index] ?? Number.NaN;
  }
}

/** The furthest instant a JavaScript date can name. */
const lastInstant = 8.64e15;

function brokenRule(
  { time, open, high, low, close, volume }: Bars,
  index: number,
  previous: number,
): string | undefined {
  const t = time[index] ?? Number.NaN;
  const o = open[index] ?? Number.NaN;
  const h = high[index] ?? Number.NaN;
  const l = low[index] ?? Number.NaN;
  const c = close[index] ?? Number.NaN;
  const v = volume[index] ?? Number.NaN;
  if (!(Number.isInteger(t) && Math.abs(t) <= lastInstant)) return 'times must be whole epoch milliseconds';
  if (!(t > previous)) return 'times must be strictly rising';
  if (!(o > 0 && h > 0 && l > 0 && c > 0 && o + h + l + c < Infinity)) return 'prices must be finite and above zero';
  if (h < o || h < c) return 'high must not be below open or close';
  if (l > o || l > c) return 'low must not be above open or close';
  if (v < 0 || v === Infinity) return 'volume must be finite and not negative, or NaN where there is none';
  return undefined;
}

function violation(bars: Bars, index: number, { what, rule }: { what: string; rule: string }): KtrdrError {
  const time = bars.time[index] ?? Number.NaN;
  const at = Math.abs(time) <= lastInstant ? new Date(time).toISOString() : String(time);
  const [o, h, l, c, v] = [bars.open, bars.high, bars.low, bars.close, bars.volume].map((column) => column[index]);
  return corrupt(
    `${what}: the bar ${index} at ${at} breaks a rule, ${rule} (open ${o}, high ${h}, low ${l}, close ${c}, volume ${v}).`,
    { index, time, rule },
  );
}

function corrupt(message: string, details: Record<string, unknown> = {}): KtrdrError {
  return new KtrdrError('data_corrupt', message, { details });
}

function mapColumns(column: (name: BarColumn) => Float64Array): Bars {
  return {
    time: column('time'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}
