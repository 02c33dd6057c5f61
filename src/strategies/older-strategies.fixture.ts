/** Strategies of older grammars, with what files of those had in them. */

export const secondGrammar = `# A strategy of ours in the second grammar.
name: second
description: "old"
version: "2.0"
scope: universal

training_data:
  symbols:
    mode: multi_symbol
    list: [AAPL, MSFT] # both
    selection_criteria: { asset_class: equity }
  timeframes:
    mode: single
    list: [1h]
  history_required: 300
deployment:
  target_symbols: { mode: universal }
  target_timeframes: { mode: single, supported: [1h] }

indicators:
  # strength
  - name: rsi
    feature_id: rsi_14
    period: 14 # days
    source: close
  - name: MACD
    fast_period: 8
  - name: sma
    period: 50
  - { name: bbands, feature_id: bands, period: 20, multiplier: 2.0 }

fuzzy_sets:
  # words for the strength
  rsi_14:
    oversold: { type: triangular, parameters: [0, 10, 30] }
    neutral:
      type: triangular
      parameters: [40, 50, 60]
  macd:
    up: { type: triangular, parameters: [0, 1, 2] }
  sma:
    below: { type: triangular, parameters: [0.9, 0.95, 1.0] }
    near: { type: gaussian, parameters: [1.0, 0.02] }
  bb_width:
    narrow: { type: trapezoidal, parameters: [0, 0, 0.02, 0.05] }
model:
  type: mlp
  symbol_embedding_dim: 16
  architecture:
    hidden_layers: [30, 15] # small
    activation: relu
    output_activation: softmax
    dropout: 0.2
  features: { include_price_context: false, lookback_periods: 2, scale_features: true }
  training:
    learning_rate: 0.002
    batch_size: 64
    epochs: 40
    optimizer: adam
    early_stopping: { enabled: true, patience: 8, monitor: val_loss }
    analytics: { enabled: true }
decisions:
  output_format: classification
  confidence_threshold: 0.6
  position_awareness: true
  filters: { min_signal_separation: 4, volume_filter: false }
training:
  method: supervised
  labels: { source: zigzag, zigzag_threshold: 0.025, label_lookahead: 20 }
  data_split: { train: 0.7, validation: 0.15, test: 0.15 }
  fitness_metrics: { primary: accuracy }
orchestrator: { modes: {} }
`;

export const firstGrammar = `name: first
data:
  symbols: [AAPL]
  timeframes: [1h]
  source: local
indicators:
  - name: rsi
    period: 14
  - name: rsi
    period: 7
fuzzy_sets:
  rsi:
    low: { type: triangular, parameters: [0, 20, 40] }
`;
