import { join } from 'node:path';
import { BarStore } from '../../dist/data/index.js';
import { walkedBars } from './bars.mjs';

/** A training on the bars of `storeTrainingBars` that goes on for minutes. */
export const strategy = `
name: bench
version: "3.0"
training_data:
  symbols: { mode: single, symbol: AAPL }
  timeframes: { mode: single, timeframe: 1h }
indicators:
  rsi: { type: rsi, period: 14 }
  trend: { type: distancefromma, period: 20 }
fuzzy_sets:
  momentum: { indicator: rsi, low: [0, 20, 45], middle: [30, 50, 70], high: [55, 80, 100] }
nn_inputs:
  - { fuzzy_set: momentum, timeframes: all }
  - { raw_indicator: trend, timeframes: all, normalization: zscore }
model:
  type: mlp
  architecture: { hidden_layers: [64, 32], activation: relu, dropout: 0.2 }
decisions: { output_format: classification }
training:
  labels: { source: zigzag, zigzag_threshold: 0.03 }
  epochs: 100000
  batch_size: 32
  learning_rate: 0.001
  seed: 7
  data_split: { train: 0.7, validation: 0.15, test: 0.15 }
`;

/** Fills the bar store of a home that no service has opened yet. */
export async function storeTrainingBars(home) {
  const store = await BarStore.open(join(home, 'bars'));
  const calendar = 'us_equities';
  const bars = walkedBars({ calendar, timeframe: '1h', start: Date.UTC(2020, 0, 1), count: 4_000 });
  await store.append({ symbol: 'AAPL', timeframe: '1h' }, { calendar, bars, confirmedEmpty: [] });
  await store[Symbol.asyncDispose]();
}
