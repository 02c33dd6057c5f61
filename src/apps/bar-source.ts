import type { BarStore } from '../data/index.ts';
import { timeframes } from '../market/index.ts';
import type { BarSource } from '../training/index.ts';

/** The store of the data domain, as the port that the training domain reads through. */
export function barSource(store: BarStore): BarSource {
  return {
    read: (series, range, token) => store.read(series, range, { token }),
    async calendarOf(symbol) {
      for (const timeframe of timeframes) {
        const info = await store.info({ symbol, timeframe });
        if (info !== undefined) return info.calendar;
      }
      return undefined;
    },
  };
}
