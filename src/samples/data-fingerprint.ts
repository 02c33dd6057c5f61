import { createHash } from 'node:crypto';
import { barColumns, barCount } from '../market/index.ts';
import type { SymbolBars } from './features.ts';

/** SHA-256 over the bars of a training, names and order of the series included, in hexadecimal. */
export function fingerprintOf(symbols: readonly SymbolBars[]): string {
  const hash = createHash('sha256');
  for (const { symbol, calendar, series } of symbols) {
    for (const { timeframe, bars } of series) {
      hash.update(`${JSON.stringify([symbol, calendar, timeframe, barCount(bars)])}\n`);
      for (const column of barColumns) {
        const { buffer, byteOffset, byteLength } = bars[column];
        hash.update(new Uint8Array(buffer, byteOffset, byteLength));
      }
    }
  }
  return hash.digest('hex');
}
