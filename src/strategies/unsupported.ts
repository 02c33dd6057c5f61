/**
 * What the strategy grammar names but this version cannot do, or what belonged to an earlier grammar. Accepting such a
 * key without effect would be worse than refusing it. `*` stands for any one name.
 */
const keys: Readonly<Record<string, string>> = {
  scope: 'scope belongs to grammar 2.0; remove it',
  deployment: 'deployment is not supported yet; remove it',
  context_data: 'context data is not supported yet; remove it',
  orchestrator: 'orchestrator settings are not supported; remove them',
  risk_management: 'risk management is not supported yet; remove it',
  backtesting: 'backtest settings are not supported yet; remove them',
  data: 'data belongs to grammar 1.0; write training_data with symbols and timeframes',
  'training_data.symbols.selection_criteria': 'selecting symbols by criteria is not supported yet; list the symbols',
  'indicators.*.data_source': 'indicators on another data source are not supported yet; remove data_source',
  'model.training': 'settings of the training stand under the top-level key "training"',
  'model.features': 'lookback and price features are not supported yet; the features are those of nn_inputs',
  'model.symbol_embedding_dim': 'symbol embeddings are not supported yet; remove symbol_embedding_dim',
  'model.sequence_length': 'sequence models are not supported yet; remove sequence_length',
  'model.hidden_size': 'sequence models are not supported yet; write architecture.hidden_layers for an mlp',
  'model.num_layers': 'sequence models are not supported yet; write architecture.hidden_layers for an mlp',
  'model.architecture.output_activation':
    'the output of a classification is always a softmax; remove output_activation',
  'decisions.confidence_threshold': 'decision rules are not supported yet; remove confidence_threshold',
  'decisions.position_awareness': 'decision rules are not supported yet; remove position_awareness',
  'decisions.filters': 'decision rules are not supported yet; remove filters',
  'decisions.cost_model': 'regression is not supported yet; remove cost_model',
  'decisions.allow_short_from_flat': 'decision rules are not supported yet; remove allow_short_from_flat',
  'training.method': 'training is always supervised; remove method',
  'training.fitness_metrics': 'every metric is always reported; remove fitness_metrics',
  'training.analytics': 'detailed analytics are not supported yet; remove analytics',
  'training.lr_scheduler': 'learning-rate schedulers are not supported yet; remove lr_scheduler',
  'training.focal_gamma': 'the focal loss is not supported yet; remove focal_gamma',
  'training.huber_delta': 'regression is not supported yet; remove huber_delta',
  'training.validation_split': 'write data_split with train, validation and test',
  'training.early_stopping.enabled': 'leave the block early_stopping out to train without it; remove enabled',
  'training.labels.label_lookahead': 'zigzag labels do not look a fixed number of bars ahead; remove label_lookahead',
};

const values: Readonly<Record<string, { readonly what: string; readonly names: readonly string[] }>> = {
  version: { what: 'grammar', names: ['1.0', '2.0'] },
  'model.type': { what: 'model type', names: ['lstm', 'gru'] },
  'decisions.output_format': { what: 'output format', names: ['regression'] },
  'training.loss': { what: 'loss', names: ['focal', 'huber', 'mse'] },
  'training.labels.source': {
    what: 'label source',
    names: ['forward_return', 'context', 'regime', 'triple_barrier'],
  },
};

export function unsupportedKey(path: readonly PropertyKey[]): string | undefined {
  const written = path.join('.');
  if (Object.hasOwn(keys, written)) return keys[written];
  return path.length === 3 ? keys[[path[0], '*', path[2]].join('.')] : undefined;
}

export function unsupportedValue(path: readonly PropertyKey[], value: unknown): string | undefined {
  const entry = Object.hasOwn(values, path.join('.')) ? values[path.join('.')] : undefined;
  if (entry === undefined || !entry.names.includes(String(value))) return undefined;
  return `the ${entry.what} "${String(value)}" is not supported yet`;
}
