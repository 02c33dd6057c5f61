import { storedInfo, type BarStore } from '../data/index.ts';
import { identifySymbol } from '../ib/index.ts';
import { timeframes } from '../market/index.ts';
import type { BarSource } from '../training/index.ts';

/** The store of the data domain, as the port that the training domain reads through. Symbols come in any spelling. */
export function barSource(store: BarStore): BarSource {
  return {
    async read(series, range, token) {
      const info = await storedInfo(store, series, identifySymbol);
      return store.read(info?.key ?? series, range, { token });
    },
    async calendarOf(symbol) {
      for (const timeframe of timeframes) {
        const info = await storedInfo(store, { symbol, timeframe }, identifySymbol);
        if (info !== undefined) return info.calendar;
      }
      return undefined;
    },
  };
}
