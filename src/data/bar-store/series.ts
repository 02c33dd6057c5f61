import { join } from 'node:path';
import { sha256Of } from '../../base/index.ts';
import { isIntraday, type Timeframe, type TimeRange } from '../../market/index.ts';

/** Names a series of bars. The symbol is any text; it never becomes a path. */
export interface SeriesKey {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** For messages: `SPY 1m`. */
export function seriesName({ symbol, timeframe }: SeriesKey): string {
  return `${symbol.length > 40 ? `${symbol.slice(0, 40)}…` : symbol} ${timeframe}`;
}

/**
 * The folder of a series below the store's. A readable part for people and a digest that keeps any two symbols apart,
 * on file systems that ignore case, too; reserved names and separators cannot arise.
 */
export function seriesFolder(root: string, { symbol, timeframe }: SeriesKey): string {
  const readable = symbol
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
  // UTF-16 tells apart even texts with halves of characters, which UTF-8 would make equal.
  const digest = sha256Of(Buffer.from(symbol, 'utf16le')).slice(0, 16);
  return join(root, readable === '' ? digest : `${readable}-${digest}`, timeframeFolder(timeframe));
}

/** A month has a name of its own: where a file system ignores case, `1M` would be the folder of `1m`. */
export function timeframeFolder(timeframe: Timeframe): string {
  return timeframe === '1M' ? '1mo' : timeframe;
}

/** A stretch of a series that lies in one file: a UTC year of intraday bars, or all bars of slower timeframes. */
export interface Span {
  readonly id: string;
  readonly range: TimeRange;
}

const everything: Span = { id: 'all', range: { start: -Infinity, end: Infinity } };

/** The span that an instant lies in. */
export function spanOf(timeframe: Timeframe, instant: number): Span {
  return isIntraday(timeframe) ? spanOfYear(new Date(instant).getUTCFullYear()) : everything;
}

/** The span of an id, or undefined for an id that is none of the timeframe's. */
export function parseSpan(timeframe: Timeframe, id: string): Span | undefined {
  if (!isIntraday(timeframe)) return id === everything.id ? everything : undefined;
  return /^\d{4}$/.test(id) ? spanOfYear(Number(id)) : undefined;
}

function spanOfYear(year: number): Span {
  return {
    id: String(year).padStart(4, '0'),
    range: { start: Date.UTC(year, 0, 1), end: Date.UTC(year + 1, 0, 1) },
  };
}
