import { KtrdrError } from '../base/index.ts';
import { barColumns, barsFromRows, checkBars, isIntraday, type Bars, type Timeframe } from '../market/index.ts';
import type { IbBar } from './pending-answers.ts';

/**
 * IB's bars as a series, oldest first and checked. Intraday bars carry an instant, day bars the date of their session.
 * @throws KtrdrError `data_corrupt` for a stamp that is none, for bars that break the rules of every series, and for an
 * answer that repeats one price over and over, which gateways are known to send when their data has gone stale.
 */
export function decodeBars(answer: readonly IbBar[], timeframe: Timeframe, what: string): Bars {
  const toStamp = isIntraday(timeframe) ? instantOf : dateOf;
  const rows = answer.map(({ time, open, high, low, close, volume = -1 }) => {
    const stamp = toStamp(time);
    if (stamp === undefined) {
      throw new KtrdrError('data_corrupt', `${what}: "${time}" is no stamp of a ${timeframe} bar.`);
    }
    return { time: stamp, open, high, low, close, volume: volume === -1 ? Number.NaN : volume };
  });
  const bars = barsFromRows(rows.sort((a, b) => a.time - b.time));
  checkBars(bars, what);
  refuseStale(bars, timeframe, what);
  return bars;
}

function instantOf(text: string): number | undefined {
  return /^\d{9,11}$/.test(text) ? Number(text) * 1_000 : undefined;
}

function dateOf(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? [];
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // A date that does not exist rolls over into another one.
  return new Date(date).getUTCDate() === Number(day) ? date : undefined;
}

/** Ten equal days do not happen; two equal hours of minutes do, in the quiet of a currency's holiday. */
const staleDays = 10;
const staleIntraday = 240;

function refuseStale(bars: Bars, timeframe: Timeframe, what: string): void {
  const count = bars.time.length;
  if (count < (isIntraday(timeframe) ? staleIntraday : staleDays)) return;
  const prices = barColumns.filter((column) => column !== 'time' && column !== 'volume');
  if (prices.every((column) => bars[column].every((price) => price === bars[column][0]))) {
    throw new KtrdrError(
      'data_corrupt',
      `${what}: all ${count} bars are the same, so the data is stale. Restart TWS or IB Gateway, then load again.`,
    );
  }
}
