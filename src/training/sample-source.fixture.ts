import { barsFromRows } from '../market/index.ts';
import { walk } from '../samples/random-walk.fixture.ts';
import type { BarSource } from './bar-source.ts';

/** A source that holds hour bars of AAA and BBB. */
export function sampleSource(count = 1_200): BarSource {
  const held = new Map([
    ['AAA', walk({ seed: 1, count })],
    ['BBB', walk({ seed: 2, count })],
  ]);
  return {
    read: async ({ symbol, timeframe }) => (timeframe === '1h' ? held.get(symbol) : undefined) ?? barsFromRows([]),
    calendarOf: async (symbol) => (held.has(symbol) ? 'us_equities' : undefined),
  };
}

/** For a trainer in tests. */
export const trainerSettings = { backend: 'auto', memoryMb: 1_024 } as const;
