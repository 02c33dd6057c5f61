import { KtrdrError } from '../../base/index.ts';
import { checkBars, isIntraday, timeframeMs, type Bars, type Timeframe } from '../../market/index.ts';
import type { IbBars } from './ib-bars.ts';

/**
 * IB's bars as a series, oldest first and checked. Intraday bars carry an instant, the others a date.
 * @throws KtrdrError `data_corrupt` for a stamp that is none, for bars out of order or against the rules of every series,
 * and for an answer that repeats one price over and over, which gateways are known to send when their data has gone stale.
 */
export function decodeBars({ time, ...columns }: IbBars, timeframe: Timeframe, what: string): Bars {
  const toStamp = isIntraday(timeframe) ? instantOf : dateOf;
  const stamps = time.map((written) => {
    const stamp = toStamp(written);
    if (Number.isNaN(stamp)) {
      throw new KtrdrError('data_corrupt', `${what}: "${written}" is not a stamp of a ${timeframe} bar. ${whatToDo}`);
    }
    return stamp;
  });
  const { open, high, low, close, volume } = columns;
  const bars: Bars = { time: stamps, open, high, low, close, volume };
  check(bars, what);
  refuseStale(bars, timeframe, what);
  return bars;
}

const whatToDo = 'Nothing of this answer was taken. Load again; if that continues, restart TWS or IB Gateway.';

function check(bars: Bars, what: string): void {
  try {
    checkBars(bars, what);
  } catch (thrown) {
    const { code, message, details } = KtrdrError.from(thrown);
    throw new KtrdrError(code, `${message} ${whatToDo}`, { cause: thrown, details });
  }
}

/** Epoch seconds have nine digits or more from 1973 on; a date has eight. */
const firstSecond = 100_000_000;

function instantOf(written: number): number {
  return Number.isInteger(written) && written >= firstSecond ? written * 1_000 : Number.NaN;
}

/** `20250613`. */
function dateOf(written: number): number {
  if (!(Number.isInteger(written) && written >= 18_000_101 && written < firstSecond)) return Number.NaN;
  const day = written % 100;
  const date = Date.UTC(Math.floor(written / 10_000), (Math.floor(written / 100) % 100) - 1, day);
  // A date that does not exist rolls over into another one.
  return new Date(date).getUTCDate() === day ? date : Number.NaN;
}

/** Ten equal days do not happen; two equal hours of minutes do, in the quiet of a currency's holiday. */
const staleBars = 10;
const staleIntradayMs = 4 * 3_600_000;

/** So many bars in a row with the same four prices cannot be a market. */
function staleRun(timeframe: Timeframe): number {
  return isIntraday(timeframe) ? Math.max(staleBars, staleIntradayMs / timeframeMs(timeframe)) : staleBars;
}

function refuseStale({ time, open, high, low, close }: Bars, timeframe: Timeframe, what: string): void {
  const longest = staleRun(timeframe);
  let first = 0;
  for (let index = 1; index < time.length; index += 1) {
    const repeats =
      close[index] === close[index - 1] &&
      open[index] === open[index - 1] &&
      high[index] === high[index - 1] &&
      low[index] === low[index - 1];
    if (!repeats) first = index;
    const count = index - first + 1;
    if (count === longest) throw stale(`${count} ${timeframe} bars from ${nameOf(time[first])} on are the same`, what);
  }
}

function stale(finding: string, what: string): KtrdrError {
  return new KtrdrError(
    'data_corrupt',
    `${what}: ${finding}, so the data is stale and was not taken. Restart TWS or IB Gateway, then load again.`,
  );
}

function nameOf(stamp = Number.NaN): string {
  return new Date(stamp).toISOString().slice(0, 16).replace('T', ' ');
}
