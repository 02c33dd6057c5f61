import { isMap, isScalar, isSeq, YAMLMap, YAMLSeq } from 'yaml';
import { dropOthers, type Remark } from './upgrade-notes.ts';
import { entryOf, mapIn, needMap, put, rename, take } from './yaml-edit.ts';

/** Grammar 1.0 to 2.0: `data` becomes `training_data`, and what a file may leave out is written down. */
export function upgradeToSecond(strategy: YAMLMap, remark: Remark): void {
  upgradeData(strategy, remark);
  const model = needMap(strategy, 'model');
  if (entryOf(model, 'type') === undefined) put(model, 'type', 'mlp');
  const architecture = needMap(model, 'architecture');
  if (entryOf(architecture, 'hidden_layers') === undefined) {
    put(architecture, 'hidden_layers', flowList([50, 25]));
    remark('model.architecture.hidden_layers', architecture, 'the hidden layers are those of grammar 1.0: 50 and 25.');
  }
  const features = needMap(model, 'features');
  if (entryOf(features, 'lookback_periods') === undefined) {
    put(features, 'lookback_periods', 2);
    remark('model.features.lookback_periods', model, 'the lookback is that of grammar 1.0: 2 bars.');
  }
  const training = needMap(strategy, 'training');
  if (entryOf(training, 'labels') === undefined) {
    const labels = new YAMLMap();
    put(labels, 'source', 'zigzag');
    put(labels, 'zigzag_threshold', 0.03);
    put(training, 'labels', labels);
    remark('training.labels', training, 'the labels are those of grammar 1.0: a zigzag with a threshold of 0.03.');
  }
}

const dataKeys = ['symbol', 'symbols', 'timeframe', 'timeframes', 'history_required', 'start_date', 'end_date'];

function upgradeData(strategy: YAMLMap, remark: Remark): void {
  const entry = entryOf(strategy, 'data');
  if (entry === undefined) remark('data', strategy, 'without "data" it is about AAPL on 1h, as in grammar 1.0.');
  else rename(entry, 'training_data');
  const data = mapIn(strategy, 'training_data') ?? new YAMLMap();
  put(strategy, 'training_data', data);
  dropOthers(data, dataKeys, { path: 'data', why: 'it has no effect', remark });
  const symbols = choiceOf(data, { one: 'symbol', many: 'symbols', usual: 'AAPL' });
  const timeframes = choiceOf(data, { one: 'timeframe', many: 'timeframes', usual: '1h' });
  data.items.unshift(...symbols.items, ...timeframes.items);
}

/** What grammar 1.0 lists, as grammar 2.0 chooses it; a map is left as it is. */
function choiceOf(data: YAMLMap, { one, many, usual }: { one: string; many: string; usual: string }): YAMLMap {
  const chosen = new YAMLMap();
  const written = take(data, many)?.value;
  const single = take(data, one)?.value;
  if (isMap(written)) {
    put(chosen, many, written);
    return chosen;
  }
  const inner = new YAMLMap();
  if (isSeq(written)) put(inner, many, written);
  else put(inner, one, isScalar(written) ? written : (single ?? usual));
  put(chosen, many, inner);
  return chosen;
}

function flowList(values: readonly number[]): YAMLSeq {
  const list = new YAMLSeq();
  list.flow = true;
  list.items.push(...values);
  return list;
}
