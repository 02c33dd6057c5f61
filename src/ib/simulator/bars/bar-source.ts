import type { Bars, TimeRange } from '../../../market/index.ts';
import type { BarSize } from './bar-size.ts';
import type { Instrument } from '../instruments/instruments.ts';

/** What a history request asks for once its texts are understood. */
export interface BarQuery {
  readonly instrument: Instrument;
  readonly barSize: BarSize;
  /** One of `barKinds`; a source has no bars of other kinds. */
  readonly whatToShow: string;
  readonly regularHoursOnly: boolean;
  /** Instants. A bar belongs to it when the bar's cell of the grid, its session, week or month overlaps it. */
  readonly window: TimeRange;
  /** Nothing after this instant exists; the bar that contains it is unfinished. */
  readonly now: number;
}

/** Where the gateway's bars come from. */
export interface BarSource {
  /** Oldest first; stamped as the gateway stamps them, `1 day` with the session's date at midnight UTC. */
  bars(query: BarQuery): Bars;
  /** The same in pieces, none of which takes long to make. */
  pieces(query: BarQuery): Iterable<Bars>;
  /** The instant of the earliest data of a kind; undefined when there is none. */
  first(instrument: Instrument, whatToShow: string): number | undefined;
}

/** The kinds of data that there are bars of. */
const barKinds = ['TRADES', 'MIDPOINT', 'BID', 'ASK', 'BID_ASK'] as const;

/** The kinds of data an instrument has. Currencies have no trades, only quotes; nobody quotes an index. */
export function offers({ secType }: Instrument, whatToShow: string): boolean {
  if (!barKinds.some((kind) => kind === whatToShow)) return false;
  if (secType === 'CASH') return whatToShow !== 'TRADES';
  return secType !== 'IND' || whatToShow === 'TRADES';
}
