import { KtrdrError } from '../base/index.ts';
import { barsFromRows, calendarOf, expectedBars, type BarRow, type Bars, type Timeframe } from '../market/index.ts';
import { createRandom } from '../nn/index.ts';
import type { BarSource } from './bar-source.ts';

/** A small, complete strategy for tests; each replacement puts its second text in the place of its first. */
export function sampleStrategy(...replacements: readonly (readonly [from: string, to: string])[]): string {
  let text = sample;
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`The sample strategy has no "${from}".`);
    text = text.replace(from, to);
  }
  return text;
}

const sample = `name: sample
version: "3.0"
training_data:
  symbols: { mode: multi_symbol, symbols: [AAA, BBB] }
  timeframes: { mode: single, timeframe: 1h }
indicators:
  rsi_14: { type: rsi, period: 14 }
  macd_12: { type: macd }
fuzzy_sets:
  momentum:
    indicator: rsi_14
    low: [0, 20, 45]
    middle: [30, 50, 70]
    high: [55, 80, 100]
nn_inputs:
  - fuzzy_set: momentum
    timeframes: all
  - raw_indicator: macd_12.histogram
    timeframes: [1h]
    normalization: zscore
model:
  type: mlp
  architecture: { hidden_layers: [8], dropout: 0.1 }
training:
  labels: { source: zigzag, zigzag_threshold: 0.02 }
  epochs: 3
  early_stopping: { patience: 5 }
  seed: 11
`;

/** Bars of US equities from a seeded random walk, one for each bar that the calendar expects from the given year on. */
export function walk({ seed, timeframe = '1h', count, year = 2020 }: WalkOptions): Bars {
  const range = { start: Date.UTC(year, 0, 1), end: Date.UTC(year + 20, 0, 1) };
  const { start } = expectedBars(calendarOf('us_equities'), timeframe, range);
  const random = createRandom(seed);
  let price = 100;
  let drift = 0;
  const rows = Array.from(start.subarray(0, count), (time): BarRow => {
    const open = price;
    drift = 0.95 * drift + 0.001 * random.normal();
    price *= 1 + Math.max(-0.2, Math.min(0.2, drift + 0.003 * random.normal()));
    const [low, high] = [Math.min(open, price), Math.max(open, price)];
    return { time, open, high: high * 1.001, low: low * 0.999, close: price, volume: 1_000 + random.below(500) };
  });
  return barsFromRows(rows);
}

interface WalkOptions {
  readonly seed: number;
  readonly timeframe?: Timeframe;
  readonly count: number;
  readonly year?: number;
}

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

/** What a call throws, for a closer look; a call that returns is itself a failure. */
export function thrownBy(act: () => unknown): KtrdrError {
  try {
    act();
  } catch (thrown) {
    return KtrdrError.from(thrown);
  }
  throw new Error('The call returned where it was to throw.');
}
