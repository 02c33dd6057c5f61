import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseStrategy } from './parse-strategy.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';
import { thrownBy } from '../base/thrown-by.fixture.ts';

/** The lines of the error that parsing ends with. */
function complaints(text: string): string[] {
  const { code, message } = thrownBy(() => parseStrategy(text, 's.yaml'));
  expect(code).toBe('invalid_input');
  return message.split('\n');
}

describe('parseStrategy()', () => {
  it('reads a strategy and fills in what was left out', () => {
    const strategy = parseStrategy(sampleStrategy());
    expect(strategy).toMatchObject({
      name: 'sample',
      symbols: ['AAA', 'BBB'],
      timeframes: ['1h'],
      baseTimeframe: '1h',
      historyRequired: 200,
      model: { type: 'mlp', hiddenLayers: [8], activation: 'relu', dropout: 0.1 },
      warnings: [],
    });
    expect(strategy.training).toEqual({
      labels: { source: 'zigzag', threshold: 0.02 },
      objective: { kind: 'cross_entropy' },
      classWeights: 'none',
      epochs: 3,
      batchSize: 32,
      optimizer: { type: 'adam', learningRate: 0.001, weightDecay: 1e-4, gradientClip: 1 },
      earlyStopping: { patience: 5, minDelta: 0.001, monitor: 'val_loss' },
      split: { train: 0.7, validation: 0.15, test: 0.15, embargo: 0 },
      seed: 11,
    });
    expect(strategy.indicators).toEqual([
      { id: 'rsi_14', type: 'rsi', parameters: { period: 14, source: 'close' } },
      { id: 'macd_12', type: 'macd', parameters: { fast: 12, slow: 26, signal: 9, source: 'close' } },
    ]);
    expect(strategy.fuzzySets[0]?.members[0]).toEqual({
      name: 'low',
      membership: { type: 'triangular', parameters: [0, 20, 45] },
    });
  });

  it('gives plain data that crosses threads', () => {
    const strategy = parseStrategy(sampleStrategy());
    expect(structuredClone(strategy)).toEqual(strategy);
  });

  it('reads the example that comes with the program, without a remark', async () => {
    const path = new URL('../../examples/strategies/momentum-mlp.yaml', import.meta.url);
    const { warnings, symbols } = parseStrategy(await readFile(path, 'utf8'));
    expect(warnings).toEqual([]);
    expect(symbols).toEqual(['AAPL', 'MSFT']);
  });

  it('takes end_date as the last day inside', () => {
    const dates = 'timeframes: { mode: single, timeframe: 1h }\n  start_date: 2020-02-01\n  end_date: 2020-02-29';
    const { start, end } = parseStrategy(sampleStrategy(['timeframes: { mode: single, timeframe: 1h }', dates]));
    expect(start).toBe(Date.UTC(2020, 1, 1));
    expect(end).toBe(Date.UTC(2020, 2, 1));
  });

  it('takes the fastest timeframe as base unless one is named', () => {
    const timeframes = (rest: string): string =>
      sampleStrategy(['{ mode: single, timeframe: 1h }', `{ mode: multi_timeframe, timeframes: [1d, 1h]${rest} }`]);
    expect(parseStrategy(timeframes('')).baseTimeframe).toBe('1h');
    expect(parseStrategy(timeframes(', base_timeframe: 1d')).baseTimeframe).toBe('1d');
  });

  it('reads the older spelling "list"', () => {
    expect(parseStrategy(sampleStrategy(['symbols: [AAA', 'list: [AAA'])).symbols).toEqual(['AAA', 'BBB']);
  });

  it('remarks on what nothing uses', () => {
    const text = sampleStrategy(
      ['{ mode: single, timeframe: 1h }', '{ mode: multi_timeframe, timeframes: [1h, 1d] }'],
      ['  macd_12: { type: macd }', '  macd_12: { type: macd }\n  spare: { type: sma }'],
      ['timeframes: all', 'timeframes: [1h]'],
    );
    expect(parseStrategy(text, 's.yaml').warnings).toEqual([
      's.yaml:5:3: the timeframe 1d is not used.',
      's.yaml:9:3: the indicator "spare" is not used.',
    ]);
  });

  it.each<[string, [string, string], string]>([
    [
      'a misspelt key',
      ['  epochs: 3', '  epoch: 3'],
      's.yaml:26:3: there is no key "epoch" here; did you mean "epochs"?',
    ],
    [
      'an unknown key at the top',
      ['version: "3.0"', 'colour: red'],
      's.yaml:2:1: there is no key "colour" here; use one of name, description, hypothesis, version, training_data, indicators, fuzzy_sets, nn_inputs, model, decisions, training.',
    ],
    ['a missing key', ['  type: mlp\n', ''], 's.yaml:21:1: "model.type" is missing.'],
    [
      'a wrong type',
      ['  epochs: 3', '  epochs: many'],
      's.yaml:26:11: "training.epochs" must be a number, but it is the text "many".',
    ],
    [
      'what is no number',
      ['  epochs: 3', '  epochs: .nan'],
      's.yaml:26:11: "training.epochs" must be a number, but it is NaN.',
    ],
    [
      'text that a terminal would obey',
      ['  epochs: 3', '  epochs: "\\e[2J\\a3"'],
      's.yaml:26:11: "training.epochs" must be a number, but it is the text "\uFFFD[2J\uFFFD3".',
    ],
    [
      'a key that a terminal would obey',
      ['version: "3.0"', '"\\e]0;x": red'],
      's.yaml:2:1: there is no key "\uFFFD]0;x" here; use one of name, description, hypothesis, version, training_data, indicators, fuzzy_sets, nn_inputs, model, decisions, training.',
    ],
    [
      'a fraction',
      ['  epochs: 3', '  epochs: 3.5'],
      's.yaml:26:11: "training.epochs" must be a whole number, but it is 3.5.',
    ],
    [
      'a number too small',
      ['  epochs: 3', '  epochs: 0'],
      's.yaml:26:11: "training.epochs" must be at least 1, but it is 0.',
    ],
    [
      'a number on an open end',
      ['zigzag_threshold: 0.02', 'zigzag_threshold: 1'],
      's.yaml:25:47: "training.labels.zigzag_threshold" must be below 1, but it is 1.',
    ],
    [
      'an unknown choice',
      ['hidden_layers: [8]', 'hidden_layers: [8], activation: rleu'],
      's.yaml:23:51: "model.architecture.activation" cannot be the text "rleu"; did you mean "relu"?',
    ],
    ['a version without quotes', ['"3.0"', '3.0'], 's.yaml:2:10: "version" must be text; write it in quotes: "3.0".'],
    [
      'the version of an older grammar',
      ['"3.0"', '"2.0"'],
      's.yaml:2:10: "version" cannot be the text "2.0"; did you mean "3.0"?',
    ],
    [
      'a key that has no place here',
      ['version: "3.0"', 'context_data: []'],
      's.yaml:2:1: features come from the bars of the symbol itself, not from other data; remove context_data.',
    ],
    [
      'a nested key that has no place here',
      ['  epochs: 3', '  fitness_metrics: [accuracy]'],
      's.yaml:26:3: every metric is always reported; remove fitness_metrics.',
    ],
    [
      'a key that has no place under any name',
      ['{ type: rsi, period: 14 }', '{ type: rsi, data_source: SPY }'],
      's.yaml:7:24: indicators are those of the symbol itself, not of other data; remove data_source.',
    ],
    [
      'an unknown model',
      ['type: mlp', 'type: mpl'],
      's.yaml:22:9: "model.type" cannot be the text "mpl"; did you mean "mlp"?',
    ],
    [
      'a key of another kind of labels',
      ['source: zigzag,', 'source: regime,'],
      's.yaml:25:29: there is no key "zigzag_threshold" here; use one of source, macro_atr_mult, micro_atr_mult, atr_period, vol_lookback, vol_crisis, tolerance.',
    ],
    [
      'a misspelt key of the chosen kind of labels',
      ['zigzag_threshold:', 'zigzag_treshold:'],
      's.yaml:25:29: there is no key "zigzag_treshold" here; did you mean "zigzag_threshold"?',
    ],
    ['labels without a source', ['source: zigzag, ', ''], 's.yaml:25:3: "training.labels.source" is missing.'],
    [
      'an unknown indicator type',
      ['type: macd', 'type: macdd'],
      's.yaml:8:20: There is no indicator of type "macdd"; did you mean "macd"?',
    ],
    [
      'an indicator parameter out of range',
      ['period: 14', 'period: 1'],
      's.yaml:7:32: "indicators.rsi_14.period" must be at least 2, but it is 1.',
    ],
    [
      'a misspelt indicator parameter',
      ['period: 14', 'perriod: 14'],
      's.yaml:7:24: there is no key "perriod" here; did you mean "period"?',
    ],
    [
      'a fuzzy set of an unknown indicator',
      ['indicator: rsi_14', 'indicator: rsi_15'],
      's.yaml:11:16: there is no indicator "rsi_15"; did you mean "rsi_14"?',
    ],
    [
      'an output of an indicator with one',
      ['indicator: rsi_14', 'indicator: rsi_14.value'],
      's.yaml:11:16: the indicator "rsi_14" (rsi) has a single output; write "rsi_14".',
    ],
    [
      'no output of an indicator with several',
      ['indicator: rsi_14', 'indicator: macd_12'],
      's.yaml:11:16: the indicator "macd_12" (macd) has several outputs; use one of macd_12.line, macd_12.signal, macd_12.histogram.',
    ],
    [
      'an unknown output',
      ['macd_12.histogram', 'macd_12.histogran'],
      's.yaml:18:20: the indicator "macd_12" (macd) has no output "histogran"; did you mean "histogram"?',
    ],
    [
      'members out of order',
      ['[30, 50, 70]', '[50, 30, 70]'],
      's.yaml:13:13: "fuzzy_sets.momentum.middle.parameters": the parameters of a triangular membership must rise: a <= b <= c.',
    ],
    [
      'a member with too few numbers',
      ['[30, 50, 70]', '[30, 70]'],
      's.yaml:13:13: "fuzzy_sets.momentum.middle.parameters": a triangular membership has three parameters: [a, b, c].',
    ],
    [
      'an unknown membership type',
      ['[30, 50, 70]', '{ type: bell, parameters: [1, 2] }'],
      's.yaml:13:21: "fuzzy_sets.momentum.middle.type" cannot be the text "bell"; use one of triangular, triangle, trapezoidal, trapezoid, gaussian, sigmoid.',
    ],
    [
      'a fuzzy set without members',
      ['    low: [0, 20, 45]\n    middle: [30, 50, 70]\n    high: [55, 80, 100]\n', ''],
      's.yaml:10:3: the fuzzy set "momentum" has no members.',
    ],
    [
      'a member whose name no feature can carry',
      ['    low: [', '    very low: ['],
      's.yaml:12:5: "very low" cannot be the name of a member; use letters, digits, "_" and "-".',
    ],
    [
      'an input that refers to nothing',
      ['fuzzy_set: momentum', 'fuzzy_set: momentun'],
      's.yaml:16:16: there is no fuzzy set "momentun"; did you mean "momentum"?',
    ],
    [
      'an input that is two things',
      ['- fuzzy_set: momentum', '- fuzzy_set: momentum\n    raw_indicator: rsi_14'],
      's.yaml:16:5: "nn_inputs.0": an input names either a fuzzy_set or a raw_indicator.',
    ],
    [
      'a normalisation of memberships',
      ['timeframes: all', 'timeframes: all\n    normalization: minmax'],
      's.yaml:18:20: "nn_inputs.0.normalization": memberships lie in [0, 1] already; normalization is for a raw_indicator.',
    ],
    [
      'a timeframe that is not trained on',
      ['timeframes: [1h]', 'timeframes: [1d]'],
      's.yaml:19:18: the timeframe 1d is not one of training_data.timeframes; use one of 1h.',
    ],
    [
      'the same feature twice',
      ['- raw_indicator', '- fuzzy_set: momentum\n  - raw_indicator'],
      's.yaml:18:5: the feature "1h_momentum_low" is there already, by the input 1.',
    ],
    [
      'a base timeframe that is not in the list',
      ['{ mode: single, timeframe: 1h }', '{ mode: multi_timeframe, timeframes: [1h, 1d], base_timeframe: 4h }'],
      's.yaml:5:78: "training_data.timeframes.base_timeframe": the base timeframe 4h is not one of the timeframes 1h, 1d.',
    ],
    [
      'one symbol under a mode for several',
      ['symbols: [AAA, BBB]', 'symbol: AAA'],
      's.yaml:4:12: "training_data.symbols": a mode for several takes one list, "symbols".',
    ],
    [
      'a day that does not exist',
      ['timeframe: 1h }', 'timeframe: 1h }\n  end_date: 2021-02-29'],
      's.yaml:6:13: "training_data.end_date": write a day of the calendar as YYYY-MM-DD.',
    ],
    [
      'parts that do not add up',
      ['  epochs: 3', '  data_split: { train: 0.7, validation: 0.2, test: 0.2 }'],
      's.yaml:26:15: "training.data_split": the parts must add up to 1.',
    ],
    [
      'early stopping with nothing to watch',
      ['  epochs: 3', '  data_split: { train: 0.8, validation: 0, test: 0.2 }'],
      's.yaml:27:19: "training.early_stopping": early stopping watches the validation part, and data_split.validation is 0.',
    ],
    [
      'a name that could be a path',
      ['name: sample', 'name: ../sample'],
      's.yaml:1:7: "name": a name has letters, digits, "_" and "-" and starts with a letter or digit.',
    ],
    ['a key written twice', ['version: "3.0"', 'name: again'], 's.yaml:2:1: the key "name" is there already.'],
  ])('refuses %s', (_, replacement, complaint) => {
    expect(complaints(sampleStrategy(replacement))).toEqual([complaint]);
  });

  it('takes an output that a parameter has to ask for only where it does', () => {
    const text = (parameters: string): string =>
      sampleStrategy(['{ type: macd }', `{ type: aroon${parameters} }`], ['macd_12.histogram', 'macd_12.oscillator']);
    expect(complaints(text(''))).toEqual([
      's.yaml:18:20: the indicator "macd_12" (aroon) leaves out the output "oscillator"; ask for it among its parameters, or use one of macd_12.up, macd_12.down.',
    ]);
    expect(parseStrategy(text(', include_oscillator: true'), 's.yaml').inputs[1]).toMatchObject({
      source: { indicator: 'macd_12', output: 'oscillator' },
    });
  });

  it('lists every issue, in the order of the lines', () => {
    const text = sampleStrategy(['  epochs: 3', '  epoch: 3'], ['type: mlp', 'type: mpl']);
    expect(complaints(text).map((line) => line.slice(0, 10))).toEqual(['s.yaml:22:', 's.yaml:26:']);
  });

  it('keeps the issues in the details of the error', () => {
    const { details } = thrownBy(() => parseStrategy(sampleStrategy(['  epochs: 3', '  epochs: 0']), 's.yaml'));
    const message = '"training.epochs" must be at least 1, but it is 0.';
    expect(details).toEqual({
      file: 's.yaml',
      issues: [{ severity: 'error', category: 'structure', line: 26, column: 11, path: 'training.epochs', message }],
    });
  });

  it.each([
    ['an empty file', ''],
    ['a list', '- 1'],
    ['text', 'hello'],
    ['broken YAML', 'a: [1, 2'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['deep nesting of lists', '['.repeat(50_000)],
    ['deep nesting of maps', '{a: '.repeat(20_000)],
    ['deep nesting of items', '- '.repeat(20_000)],
    ['thousands of faults', 'a: b: c\n'.repeat(5_000)],
    ['something larger than 256 KiB', `# ${'x'.repeat(262_144)}`],
    ['thousands of unknown keys', Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['an alias bomb', aliasBomb()],
    ['a part that lies within itself', sampleStrategy(['{ type: rsi, period: 14 }', '&a { type: rsi, more: *a }'])],
    [
      'a member that lies within itself',
      sampleStrategy(['low: [0, 20, 45]', 'low: &a { type: triangular, parameters: *a }']),
    ],
    ['a prototype', sampleStrategy(['version: "3.0"', '__proto__: { polluted: true }'])],
  ])('refuses %s with a place and without a crash', (_, text) => {
    const lines = complaints(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toMatch(/^s\.yaml:\d+:\d+: .+\.$/);
    expect('polluted' in {}).toBe(false);
  });
});

function aliasBomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const inner = level === 0 ? '"x"' : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array.from({ length: 10 }, () => inner).join(', ')}]`;
  });
  return levels.join('\n');
}
