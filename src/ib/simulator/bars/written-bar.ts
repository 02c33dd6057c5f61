import type { Bars } from '../../../market/index.ts';
import type { Field } from '../protocol/framing.ts';
import { dateText, zonedText } from '../protocol/wire-time.ts';

/** How bars are written: which dates, and in which zone. */
export interface BarFormat {
  readonly stamp: 'instant' | 'date';
  readonly formatDate: number;
  readonly zone: string;
}

/** A bar as the protocol has it. */
export interface WrittenBar {
  readonly date: Field;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly average: number;
  readonly trades: number;
}

/** The fields of a bar in a history, in their order. */
export const fieldsPerBar = 8;

/**
 * Volume, average price and number of trades are -1 for data that is not of trades. Where there is volume, the average
 * is the bar's typical price and a trade is taken as 150 shares, since neither feed nor walk knows better.
 */
export function writeBar(bars: Bars, index: number, { stamp, formatDate, zone }: BarFormat): WrittenBar {
  const time = bars.time[index] ?? 0;
  const high = bars.high[index] ?? 0;
  const low = bars.low[index] ?? 0;
  const close = bars.close[index] ?? 0;
  const volume = bars.volume[index] ?? Number.NaN;
  const traded = !Number.isNaN(volume);
  return {
    date: stamp === 'date' ? dateText(time) : formatDate === 2 ? Math.floor(time / 1000) : zonedText(time, zone),
    open: bars.open[index] ?? 0,
    high,
    low,
    close,
    volume: traded ? volume : -1,
    average: traded ? Math.round(((high + low + close) / 3) * 10_000) / 10_000 : -1,
    trades: traded ? Math.ceil(volume / 150) : -1,
  };
}
