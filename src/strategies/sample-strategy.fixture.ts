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
