import { isMap, isScalar, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { upgradeIndicators } from './upgrade-indicators.ts';
import { drop, dropOthers, type Remark } from './upgrade-notes.ts';
import { entryOf, keyOf, listIn, mapIn, move, needMap, put, putFirst, rename, take, valueIn } from './yaml-edit.ts';

/** Grammar 2.0 to 3.0: indicators by id, the network's inputs written down, all of the training in one place. */
export function upgradeToThird(strategy: YAMLMap, remark: Remark): void {
  put(strategy, 'version', quoted('3.0'), 'name');
  for (const [key, why] of Object.entries(gone)) drop(strategy, key, { path: key, why, remark });
  upgradeTrainingData(mapIn(strategy, 'training_data'), remark);
  upgradeIndicators(strategy, remark);
  addInputs(strategy, remark);
  upgradeModel(strategy, remark);
  upgradeDecisions(mapIn(strategy, 'decisions'), remark);
  upgradeTraining(strategy, remark);
}

const withoutEffect = 'it has no effect';

const gone = {
  scope: 'a model is for every symbol, whatever it was trained on',
  deployment: 'where a model is used is said when it is used',
  orchestrator: withoutEffect,
  risk_management: withoutEffect,
  backtesting: withoutEffect,
};

function upgradeTrainingData(data: YAMLMap | undefined, remark: Remark): void {
  const symbols = mapIn(data, 'symbols');
  const path = 'training_data.symbols.selection_criteria';
  drop(symbols, 'selection_criteria', { path, why: 'the symbols are those that are listed', remark });
  if (symbols !== undefined) tidyChoice(symbols, { one: 'symbol', many: 'symbols', several: 'multi_symbol' });
  const timeframes = mapIn(data, 'timeframes');
  if (timeframes !== undefined)
    tidyChoice(timeframes, { one: 'timeframe', many: 'timeframes', several: 'multi_timeframe' });
}

/** Lets the mode follow from what is listed: files have lists of one, lists under mode single, and no mode at all. */
function tidyChoice(choice: YAMLMap, { one, many, several }: { one: string; many: string; several: string }): void {
  const list = entryOf(choice, 'list');
  if (list !== undefined && entryOf(choice, many) === undefined) rename(list, many);
  const items = listIn(choice, many)?.items;
  if (items?.length === 1) {
    const entry = entryOf(choice, many);
    take(choice, one);
    if (entry !== undefined) {
      rename(entry, one);
      entry.value = items[0];
    }
  }
  const mode = listIn(choice, many) === undefined ? 'single' : several;
  if (mode === several) take(choice, one);
  if (valueIn(choice, 'mode') !== mode) putFirst(choice, 'mode', mode);
}

/** Every fuzzy set on every timeframe, in the order of the file. */
function addInputs(strategy: YAMLMap, remark: Remark): void {
  const inputs = new YAMLSeq();
  for (const entry of mapIn(strategy, 'fuzzy_sets')?.items ?? []) {
    const input = new YAMLMap();
    input.flow = true;
    put(input, 'fuzzy_set', keyOf(entry));
    put(input, 'timeframes', 'all');
    inputs.add(input);
  }
  put(strategy, 'nn_inputs', inputs, 'fuzzy_sets');
  const added = entryOf(strategy, 'nn_inputs')?.key;
  const sets = entryOf(strategy, 'fuzzy_sets')?.key;
  if (isScalar(added) && isScalar(sets) && sets.spaceBefore === true) added.spaceBefore = true;
  remark('fuzzy_sets', sets, 'every fuzzy set is an input of the network on all timeframes ("nn_inputs").');
}

function upgradeModel(strategy: YAMLMap, remark: Remark): void {
  const model = mapIn(strategy, 'model');
  drop(model, 'symbol_embedding_dim', {
    path: 'model.symbol_embedding_dim',
    why: 'networks do not tell symbols apart',
    remark,
  });
  drop(mapIn(model, 'architecture'), 'output_activation', {
    path: 'model.architecture.output_activation',
    why: withoutEffect,
    remark,
  });
  const features = mapIn(model, 'features');
  if (features !== undefined) {
    dropOthers(features, ['lookback_periods'], { path: 'model.features', why: withoutEffect, remark });
    if (features.items.length === 0) take(model, 'features');
  }
  const training = take(model, 'training');
  if (training === undefined) return;
  remark('model.training', training.key, 'the settings of the training stand under "training" now.');
  const target = needMap(strategy, 'training');
  if (isMap(training.value)) for (const entry of training.value.items) move(entry, target);
}

function upgradeDecisions(decisions: YAMLMap | undefined, remark: Remark): void {
  const filters = mapIn(decisions, 'filters');
  if (valueIn(filters, 'min_signal_separation') === 0) take(filters, 'min_signal_separation');
  dropOthers(decisions ?? new YAMLMap(), decisionKeys, { path: 'decisions', why: withoutEffect, remark });
}

const decisionKeys = ['output_format', 'confidence_threshold', 'position_awareness', 'filters'];

function upgradeTraining(strategy: YAMLMap, remark: Remark): void {
  const training = mapIn(strategy, 'training');
  for (const [key, why] of Object.entries(goneFromTraining)) {
    drop(training, key, { path: `training.${key}`, why, remark });
  }
  const labels = mapIn(training, 'labels');
  if (labels !== undefined && entryOf(labels, 'source') === undefined) putFirst(labels, 'source', 'zigzag');
  drop(labels, 'label_lookahead', { path: 'training.labels.label_lookahead', why: withoutEffect, remark });
  for (const key of ['early_stopping', 'lr_scheduler']) dropSwitch(training, key, remark);
  upgradeSplit(training, remark);
}

const goneFromTraining = {
  method: 'training is always supervised',
  fitness_metrics: 'every metric is reported',
  analytics: 'every curve is kept',
};

/** A block is there or it is not; `enabled` says nothing more. */
function dropSwitch(training: YAMLMap | undefined, key: string, remark: Remark): void {
  const block = mapIn(training, key);
  const path = `training.${key}`;
  if (valueIn(block, 'enabled') === false) drop(training, key, { path, why: 'it was switched off', remark });
  else take(block, 'enabled');
}

function upgradeSplit(training: YAMLMap | undefined, remark: Remark): void {
  const entry = take(training, 'validation_split');
  if (training === undefined || entry === undefined || mapIn(training, 'data_split') !== undefined) return;
  const share = isScalar(entry.value) ? Number(entry.value.value) : Number.NaN;
  const split = new YAMLMap();
  split.flow = true;
  put(split, 'train', Number((1 - share).toFixed(6)));
  put(split, 'validation', share);
  put(split, 'test', 0);
  put(training, 'data_split', split);
  remark(
    'training.validation_split',
    entry.key,
    '"training.validation_split" is written as data_split, without a test part.',
  );
}

function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}
