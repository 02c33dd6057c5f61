import type { Bars, CalendarId, TimeRange, Timeframe } from '../market/index.ts';
import type { Provenance } from './bar-store/index.ts';
import type { FetchBarsContext } from './fetch-bars.ts';
import type { OperationContext } from '../operations/index.ts';

/** A source by name, and the settings that change the values of its bars: what is shown, regular hours only, adjustment. */
export type BarOrigin = Pick<Provenance, 'source' | 'settings'>;

/** What a source knows of an instrument. */
export interface Instrument {
  /** As the source spells it; the name under which bars are stored. */
  readonly symbol: string;
  readonly assetType: 'stock' | 'etf' | 'index' | 'future' | 'currency';
  readonly calendar: CalendarId;
  /** In people's words, for example `APPLE INC`. */
  readonly description: string;
  readonly exchange: string;
  readonly currency: string;
  /** The sessions of the days to come in which bars are made, as the source writes them; `parseReportedHours` reads them. */
  readonly hours?: string;
  /** The zone of `hours`, as the source names it. */
  readonly timeZone?: string;
  /** Who answers for it, and what its bars are asked for with; kept with the bars. */
  readonly origin?: BarOrigin;
}

export interface BarRequest {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Bars whose start lies in `[start, end)`. Instants for intraday timeframes, session dates at midnight UTC for `1d` and slower. */
  readonly range: TimeRange;
}

/**
 * What a source answered. `empty` means that the source said there are no bars in the range: a confirmed fact to
 * remember. A timeout or a failure is neither and is thrown.
 */
export type FetchedBars = { readonly kind: 'bars'; readonly bars: Bars } | { readonly kind: 'empty' };

/** An instrument that a search has found. */
export interface FoundInstrument {
  /** In the spelling that loads take. */
  readonly symbol: string;
  readonly description: string;
  readonly assetType: string;
  readonly exchange: string;
  readonly currency: string;
}

/** A source that can be searched for what people call things. */
export interface InstrumentSearch {
  /** In the order of the source's own ranking; none when nothing matches. */
  search(text: string, within: AskedWithin): Promise<FoundInstrument[]>;
}

/** What a source is asked within; the context of an operation or of a request is one. */
export type AskedWithin = Pick<OperationContext<unknown>, 'token' | 'traceId'>;

/**
 * A source of market history. Errors of each call:
 * - `invalid_input`: the text can be no symbol.
 * - `not_found`: the source does not know the symbol.
 * - `permission_denied`: not for this account.
 * - `failed_precondition`: there are no bars yet in the range, or something has to be set up first; the message says what.
 * - `conflict`: other programs hold what the source gives to only so many.
 * - `rate_limited`, `unavailable`, `deadline_exceeded`: no answer now; ask again later. It is never taken for an empty one.
 * - `interrupted`: the process died that worked at it elsewhere; ask again.
 * - `data_corrupt`: what the source sent cannot be true.
 * - `cancelled`.
 */
export interface BarProvider {
  /** @throws KtrdrError `not_found` for a symbol the source does not know. */
  describe(symbol: string, within: AskedWithin): Promise<Instrument>;
  /** The stamp of the oldest bar there is, or undefined when the source has none. */
  earliest(symbol: string, timeframe: Timeframe, within: AskedWithin): Promise<number | undefined>;
  /** One request, no longer than `maxSpanMs`. Bars come back sorted, checked, and strictly inside the range. */
  fetch(request: BarRequest, context: OperationContext<FetchBarsContext>): Promise<FetchedBars>;
  /** How many calls of `fetch` it takes at the same time. It keeps the pace of its source itself. */
  readonly requestsAtOnce: number;
  /** The longest span one `fetch` may ask for, in milliseconds. */
  maxSpanMs(timeframe: Timeframe, instrument: Instrument): number;
  /** How long requests take together at its pace, given the expected bars of each. Asks nobody. */
  estimateMs(requests: readonly number[], timeframe: Timeframe): number;
}
