import { classesOf, type Feature, type ModelSettings, type Strategy } from '../../../strategies/index.ts';
import { dateText } from '../../../market/index.ts';

/** What a strategy does, a line for each part. */
export function strategySummary(strategy: Strategy, features: readonly Feature[]): string {
  const { training, decisions, lookback } = strategy;
  const { optimizer, split, earlyStopping: stopping, scheduler } = training;
  const lines: [string, string][] = [
    ['symbols', strategy.symbols.join(', ')],
    ['timeframes', timeframeWords(strategy)],
    ['range', rangeWords(strategy)],
    ['history', `${strategy.historyRequired} bars at least`],
    ['indicators', strategy.indicators.map(({ id, type }) => (id === type ? id : `${id} (${type})`)).join(', ')],
    [
      'fuzzy sets',
      strategy.fuzzySets.map(({ id, members }) => `${id} (${members.map(({ name }) => name).join(', ')})`).join(', '),
    ],
    ['inputs', `${features.length}${lookback === 0 ? '' : `, with ${lookback} rows before each`}`],
    ['model', modelWords(strategy.model)],
    ['labels', `${settings(training.labels, 'source')}: ${classesOf(training.labels).join(', ') || 'a number'}`],
    ['loss', `${settings(training.objective, 'kind')}, class weights ${training.classWeights}`],
    ['optimizer', settings(optimizer, 'type')],
    ['schedule', scheduler === undefined ? 'the learning rate stays' : settings(scheduler, 'type')],
    ['epochs', `${training.epochs} in batches of ${training.batchSize}`],
    ['stopping', stopping === undefined ? 'none, every epoch is trained' : settings(stopping, 'monitor')],
    ['split', `train ${split.train}, validation ${split.validation}, test ${split.test}, embargo ${split.embargo}`],
    ['seed', String(training.seed)],
    ['decisions', settings(decisions, 'outputFormat')],
  ];
  const heading = strategy.description === '' ? strategy.name : `${strategy.name}: ${strategy.description}`;
  return [
    heading,
    ...lines.filter(([, words]) => words !== '').map(([name, words]) => `  ${name.padEnd(10)}  ${words}`),
  ].join('\n');
}

function timeframeWords({ timeframes, baseTimeframe }: Strategy): string {
  return timeframes.length === 1
    ? timeframes.join()
    : `${timeframes.join(', ')}; a row for each bar of ${baseTimeframe}`;
}

function rangeWords({ start, end }: Strategy): string {
  if (start === undefined && end === undefined) return 'every stored bar';
  // The end is the first instant that does not belong to it.
  return `${start === undefined ? 'the first bar' : dateText(start)} to ${end === undefined ? 'the last bar' : dateText(end - 1)}`;
}

function modelWords(model: ModelSettings): string {
  if (model.type === 'mlp') {
    return `mlp ${model.hiddenLayers.join('-')}, ${model.activation}, dropout ${model.dropout}`;
  }
  const { type, sequenceLength, hiddenSize, layers, dropout } = model;
  return `${type}, ${layers} x ${hiddenSize} units over ${sequenceLength} rows, dropout ${dropout}`;
}

/** `zigzag, threshold 0.03`: the setting that gives the kind first. */
function settings(of: object, kind: string): string {
  const entries = new Map<string, unknown>(Object.entries(of));
  const others = [...entries]
    .filter(([name]) => name !== kind)
    .map(([name, value]) => `${words(name)} ${plain(value)}`);
  return [String(entries.get(kind)), ...others].join(', ');
}

/** `learningRate` as `learning rate`. */
function words(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${words(name)} ${plain(inner)}`)
    .join(' and ');
}
