import type { Bars, TimeRange } from '../../market/index.ts';
import type { BarSize } from './bar-size.ts';
import type { Instrument } from './instruments.ts';

/** What a history request asks for once its texts are understood. */
export interface BarQuery {
  readonly instrument: Instrument;
  readonly barSize: BarSize;
  /** `TRADES`, `MIDPOINT`, `BID` or `ASK`; a source has no bars of other kinds. */
  readonly whatToShow: string;
  readonly regularHoursOnly: boolean;
  /** Instants. A bar belongs to it when the bar's cell of the grid, or its session, overlaps it. */
  readonly window: TimeRange;
  /** Nothing after this instant exists; the bar that contains it is unfinished. */
  readonly now: number;
}

/** Where the gateway's bars come from. */
export interface BarSource {
  /** Oldest first; stamped as the gateway stamps them, `1 day` with the session's date at midnight UTC. */
  bars(query: BarQuery): Bars;
  /** The instant of the earliest data of a kind; undefined when there is none. */
  first(instrument: Instrument, whatToShow: string): number | undefined;
}

/** The kinds of data an instrument has. Currencies have no trades, only quotes. */
export function offers({ secType }: Instrument, whatToShow: string): boolean {
  return Object.hasOwn(quoteShift, whatToShow) && !(secType === 'CASH' && whatToShow === 'TRADES');
}

/** In ticks: a bid lies one below the middle, an ask one above it. */
export const quoteShift: Readonly<Record<string, number>> = { TRADES: 0, MIDPOINT: 0, BID: -1, ASK: 1 };
