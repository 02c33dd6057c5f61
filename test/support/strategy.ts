/** A strategy with three indicators, small enough to train in a test. */
export function exampleStrategy({ symbol, epochs }: { symbol: string; epochs: number }): string {
  return `
name: test-strategy
version: "3.0"
training_data:
  symbols: { mode: single, symbol: ${symbol} }
  timeframes: { mode: single, timeframe: 1h }
indicators:
  rsi: { type: rsi, period: 14 }
  trend: { type: distancefromma, period: 20 }
  bands: { type: bollingerbandwidth, period: 20 }
fuzzy_sets:
  momentum: { indicator: rsi, low: [0, 20, 45], middle: [30, 50, 70], high: [55, 80, 100] }
nn_inputs:
  - { fuzzy_set: momentum, timeframes: all }
  - { raw_indicator: trend, timeframes: all, normalization: zscore }
  - { raw_indicator: bands, timeframes: all, normalization: zscore }
model:
  type: mlp
  architecture: { hidden_layers: [16, 8], activation: relu, dropout: 0.2 }
decisions:
  output_format: classification
training:
  labels: { source: zigzag, zigzag_threshold: 0.03 }
  epochs: ${epochs}
  batch_size: 32
  learning_rate: 0.001
  seed: 7
  data_split: { train: 0.7, validation: 0.15, test: 0.15 }
`;
}
