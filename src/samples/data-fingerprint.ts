import { createHash } from 'node:crypto';
import { sha256Of } from '../base/index.ts';
import {
  barColumns,
  barCount,
  combineYears,
  digestYears,
  type Bars,
  type CalendarId,
  type Timeframe,
} from '../market/index.ts';
import type { SymbolBars } from './features.ts';

/** One of the series that a training used, by its content. */
export interface SeriesFingerprint {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarId;
  readonly bars: number;
  /** Stamps of the first and the last bar. */
  readonly first: number;
  readonly last: number;
  /** SHA-256 over the columns of the bars, in hexadecimal. */
  readonly sha256: string;
  /** What the bar store names these bars by, wherever they were read; of older models it is not known. */
  readonly snapshot?: string;
}

/** What a training used, series by series in their order. */
export function fingerprintsOf(symbols: readonly SymbolBars[]): SeriesFingerprint[] {
  return symbols.flatMap(({ symbol, calendar, series }) =>
    series.map(({ timeframe, bars }) => ({
      symbol,
      timeframe,
      calendar,
      bars: barCount(bars),
      first: bars.time[0] ?? 0,
      last: bars.time.at(-1) ?? 0,
      sha256: hashOf(bars),
      snapshot: combineYears(digestYears(bars)),
    })),
  );
}

/** One SHA-256 for all of them, names and order included. */
export function fingerprintOf(series: readonly SeriesFingerprint[]): string {
  const named = series.map(({ symbol, calendar, timeframe, bars, sha256 }) => [
    symbol,
    calendar,
    timeframe,
    bars,
    sha256,
  ]);
  return sha256Of(JSON.stringify(named));
}

function hashOf(bars: Bars): string {
  const hash = createHash('sha256');
  for (const column of barColumns) {
    const { buffer, byteOffset, byteLength } = bars[column];
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
