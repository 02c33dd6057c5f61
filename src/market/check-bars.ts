import { allAtOnce, KtrdrError, type Steps } from '../base/index.ts';
import { barColumns, barCount, barsPerStep, type Bars } from './bars.ts';

/**
 * Checks what every series must hold: columns of equal length; times whole milliseconds, strictly rising; prices finite
 * and positive; high and low around open and close; volume not negative, or NaN.
 * @throws KtrdrError `data_corrupt` with the first violation, its time and the rule. `what` names the series.
 */
export function checkBars(bars: Bars, what: string): void {
  allAtOnce(checkBarsInSteps(bars, what));
}

export function* checkBarsInSteps(bars: Bars, what: string): Steps<void> {
  const count = barCount(bars);
  for (const column of barColumns) {
    const { length } = bars[column];
    if (length !== count)
      throw corrupt(
        `${what}: column "${column}" has ${length} values where "time" has ${count}; columns must have equal length.`,
      );
  }
  for (let from = 0; from < count; from += barsPerStep) {
    checkRows(bars, { from, to: Math.min(from + barsPerStep, count) }, what);
    yield;
  }
}

function checkRows(bars: Bars, { from, to }: { from: number; to: number }, what: string): void {
  let previous = bars.time[from - 1] ?? -Infinity;
  for (let index = from; index < to; index += 1) {
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
