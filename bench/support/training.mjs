import { join } from 'node:path';
import { trainingStrategy, walkedBars } from '../../dist/apps/cli/commands/bench-inputs.js';
import { BarStore } from '../../dist/data/index.js';

/** A training on the bars of `storeTrainingBars` that goes on for minutes. */
export const strategy = trainingStrategy(100_000);

/** Fills the bar store of a home that no service has opened yet. */
export async function storeTrainingBars(home) {
  const store = await BarStore.open(join(home, 'bars'));
  const calendar = 'us_equities';
  const bars = walkedBars({ calendar, timeframe: '1h', start: Date.UTC(2020, 0, 1), count: 4_000 });
  await store.append({ symbol: 'AAPL', timeframe: '1h' }, { calendar, bars, confirmedEmpty: [] });
  await store[Symbol.asyncDispose]();
}
