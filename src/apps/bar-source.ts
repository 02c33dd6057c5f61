import { KtrdrError } from '../base/index.ts';
import type { BarStore } from '../data/index.ts';
import type { BarSource } from '../training/index.ts';

/** The store of the data domain, as the port that the training domain reads through. */
export function barSource(store: BarStore): BarSource {
  return {
    read: (symbol, timeframe, range) => store.read({ symbol, timeframe }, range),
    async calendarOf(symbol, timeframe) {
      const info = await store.info({ symbol, timeframe });
      if (info === undefined)
        throw new KtrdrError('not_found', `There is no ${symbol} ${timeframe} data in the store.`);
      return info.calendar;
    },
  };
}
