/**
 * Keys that other grammars have, or that stand in another place here, each with what to do. Accepting one without effect
 * would be worse than refusing it. `*` stands for any one name.
 */
const refused: Readonly<Record<string, string>> = {
  scope: 'a model is for every symbol, whatever it was trained on; remove scope',
  deployment: 'where a model is used is said when it is used; remove deployment',
  context_data: 'features come from the bars of the symbol itself, not from other data; remove context_data',
  orchestrator: 'a strategy does not set an orchestrator; remove it',
  risk_management: 'risk management is not part of a model; remove it',
  backtesting: 'backtest settings are not part of a model; remove them',
  data: 'data belongs to grammar 1.0; write training_data with symbols and timeframes',
  'training_data.symbols.selection_criteria': 'symbols are not selected by criteria; list them and remove it',
  'indicators.*.data_source': 'indicators are those of the symbol itself, not of other data; remove data_source',
  'model.training': 'settings of the training stand under the top-level key "training"',
  'model.features': 'a gru or lstm reads the rows before by itself, as many as sequence_length; remove features',
  'model.features.include_price_context': 'the inputs are those of nn_inputs; remove include_price_context',
  'model.features.scale_features': 'each raw indicator of nn_inputs has its normalization; remove scale_features',
  'model.symbol_embedding_dim': 'networks do not tell symbols apart; remove symbol_embedding_dim',
  'model.sequence_length': 'sequence_length stands under model.architecture',
  'model.hidden_size': 'hidden_size stands under model.architecture',
  'model.num_layers': 'num_layers stands under model.architecture',
  'model.dropout': 'dropout stands under model.architecture',
  'model.architecture.output_activation':
    'the outputs follow from the labels, probabilities of classes or a number; remove output_activation',
  'training.method': 'training is always supervised; remove method',
  'training.fitness_metrics': 'every metric is always reported; remove fitness_metrics',
  'training.analytics': 'every curve is always kept; remove analytics',
  'training.validation_split': 'write data_split with train, validation and test',
  'training.early_stopping.enabled': 'leave the block early_stopping out to train without it; remove enabled',
  'training.lr_scheduler.enabled': 'leave the block lr_scheduler out to train without it; remove enabled',
  'training.labels.label_lookahead': 'zigzag labels do not look a fixed number of bars ahead; remove label_lookahead',
};

export function refusedKey(path: readonly PropertyKey[]): string | undefined {
  const written = path.join('.');
  if (Object.hasOwn(refused, written)) return refused[written];
  return path.length === 3 ? refused[[path[0], '*', path[2]].join('.')] : undefined;
}
