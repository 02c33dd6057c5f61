import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { thrownBy } from '../base/thrown-by.fixture.ts';
import { migrateStrategy } from './migrate-strategy.ts';
import { firstGrammar, secondGrammar } from './older-strategies.fixture.ts';
import { checkStrategy, parseStrategy } from './parse-strategy.ts';
import { resolvePlan } from './resolve.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';

const minimal = `name: old
scope: universal
training_data:
  symbols: { mode: single, symbol: AAPL }
  timeframes: { mode: single, timeframe: 1h }
indicators:
  - { name: rsi, feature_id: rsi_14 }
fuzzy_sets:
  rsi_14:
    low: { type: triangular, parameters: [0, 20, 40] }
model:
  type: mlp
  architecture: { hidden_layers: [8] }
training:
  labels: { source: zigzag }
`;

/** The minimal strategy of grammar 2.0 with a text in the place of another, in grammar 3.0 as plain values. */
function upgraded(from: string, to: string): Record<string, unknown> {
  expect(minimal).toContain(from);
  return parseYaml(migrateStrategy(minimal.replace(from, to), 'old.yaml').text) as Record<string, unknown>;
}

describe('a strategy of grammar 2.0', () => {
  it('is read as one of grammar 3.0, with one remark', () => {
    const strategy = parseStrategy(secondGrammar, 'old.yaml');
    expect(strategy.warnings).toEqual([
      'old.yaml:1:1: this is grammar 2.0, read as 3.0 with 17 changes; "ktrdr strategies migrate old.yaml" names them and writes it out.',
      'old.yaml:30:5: the indicator "bands" is not used.',
    ]);
    expect(strategy).toMatchObject({
      name: 'second',
      symbols: ['AAPL', 'MSFT'],
      timeframes: ['1h'],
      historyRequired: 300,
      lookback: 2,
      model: { type: 'mlp', hiddenLayers: [30, 15], activation: 'relu', dropout: 0.2 },
      decisions: { confidenceThreshold: 0.6, minSignalSeparationMs: 14_400_000, positionAwareness: true },
      training: {
        labels: { source: 'zigzag', threshold: 0.025 },
        epochs: 40,
        batchSize: 64,
        optimizer: { type: 'adam', learningRate: 0.002 },
        earlyStopping: { patience: 8, minDelta: 0.001, monitor: 'val_loss' },
      },
    });
  });

  it('has every fuzzy set as an input on every timeframe, and lags behind them', () => {
    const { features } = resolvePlan(parseStrategy(secondGrammar));
    const ids = features.map(({ id }) => id);
    expect(ids.slice(0, 6)).toEqual([
      '1h_rsi_14_oversold',
      '1h_rsi_14_neutral',
      '1h_macd_up',
      '1h_sma_below',
      '1h_sma_near',
      '1h_bb_width_narrow',
    ]);
    expect(ids.slice(6, 8)).toEqual(['1h_rsi_14_oversold_lag_1', '1h_rsi_14_neutral_lag_1']);
    expect(ids).toHaveLength(18);
  });

  it('tells words about close / average in percent off the average, whose values are the same', () => {
    const { indicators, fuzzySets } = parseStrategy(secondGrammar);
    expect(indicators.find(({ id }) => id === 'sma')).toEqual({
      id: 'sma',
      type: 'distancefromma',
      parameters: { period: 50, ma_type: 'SMA', source: 'close' },
    });
    expect(fuzzySets.find(({ id }) => id === 'sma')?.members).toEqual([
      { name: 'below', membership: { type: 'triangular', parameters: [-10, -5, 0] } },
      { name: 'near', membership: { type: 'gaussian', parameters: [0, 2] } },
    ]);
  });

  it('converts the words of two sets about one average', () => {
    const averages = '  - { name: sma, period: 20 }\n';
    const sets = `  sma: { low: { type: triangular, parameters: [0.9, 0.95, 1] } }
  sma_far: { high: { type: triangular, parameters: [1, 1.05, 1.1] } }
`;
    const text = minimal
      .replace('  - { name: rsi, feature_id: rsi_14 }\n', averages)
      .replace(/ {2}rsi_14:\n.*\n/, sets);
    const parameters = parseStrategy(text).fuzzySets.flatMap(({ members }) =>
      members.map(({ membership }) => membership.parameters),
    );
    expect(parameters).toEqual([
      [-10, -5, 0],
      [0, 5, 10],
    ]);
  });

  it.each<[older: string, now: object]>([
    ['macd, fast_period: 8, slow_period: 21, signal_period: 5', { fast: 8, slow: 21, signal: 5 }],
    ['macd, fast_length: 8, slow_window: 21', { fast: 8, slow: 21 }],
    ['rsi, window: 9', { period: 9 }],
    ['rsi, length: 9, column: high', { period: 9, source: 'high' }],
    ['bbands, timeperiod: 10, std: 1.5', { period: 10, multiplier: 1.5 }],
    ['bbands, length: 10, num_std: 1.5', { period: 10, multiplier: 1.5 }],
    ['supertrend, length: 7, factor: 2', { period: 7, multiplier: 2 }],
    ['stochastic, k_period: 5, d_period: 2', { k: 5, d: 2 }],
    ['keltner, atr_length: 5, mult: 1.5', { atr_period: 5, multiplier: 1.5 }],
    ['squeeze, bb_length: 18, kc_mult: 1.5', { bb_period: 18, kc_multiplier: 1.5 }],
  ])('calls the parameters of %s as they are called now', (older, now) => {
    const { indicators } = upgraded('{ name: rsi, feature_id: rsi_14 }', `{ feature_id: rsi_14, name: ${older} }`);
    const [, type] = /^(\w+)/.exec(older) ?? [];
    expect(indicators).toEqual({ rsi_14: { type, ...now } });
  });

  it('keeps the comment of a parameter that is called otherwise now', () => {
    const text = minimal.replace(
      '  - { name: rsi, feature_id: rsi_14 }\n',
      '  - name: rsi\n    feature_id: rsi_14\n    # a fortnight\n    window: 14 # days\n',
    );
    const { text: now, changes } = migrateStrategy(text, 'old.yaml');
    expect(now).toContain('    # a fortnight\n    period: 14 # days\n');
    expect(JSON.stringify(changes)).toContain('of \\"rsi_14\\" is \\"period\\" now');
  });

  it('leaves a parameter that is written under both of its names to whoever wrote it', () => {
    expect(() =>
      parseStrategy(minimal.replace('feature_id: rsi_14', 'feature_id: rsi_14, period: 9, window: 7')),
    ).toThrow('there is no key "window" here');
  });

  it('takes a set of an indicator with several outputs to be about its main one', () => {
    const { fuzzySets } = parseStrategy(secondGrammar);
    expect(fuzzySets.find(({ id }) => id === 'macd')?.source).toEqual({ indicator: 'MACD', output: 'line' });
  });

  it('adds the width of the Bollinger bands that are listed where a set is about it', () => {
    const { indicators } = parseStrategy(secondGrammar);
    expect(indicators.find(({ id }) => id === 'bb_width')).toMatchObject({
      type: 'bollingerbandwidth',
      parameters: { period: 20, multiplier: 2 },
    });
  });

  it('is complained of at its own lines', () => {
    const text = secondGrammar.replace('period: 14 # days', 'period: 1 # days').replace('epochs: 40', 'epochs: 0');
    expect(thrownBy(() => parseStrategy(text, 'old.yaml')).message.split('\n')).toEqual([
      'old.yaml:24:13: "indicators.rsi_14.period" must be at least 2, but it is 1.',
      'old.yaml:58:13: "training.epochs" must be at least 1, but it is 0.',
    ]);
  });

  it.each([
    ['one symbol in a list', 'mode: single, symbol: AAPL', 'mode: multi_symbol, list: [AAPL]', 'symbols', 'single'],
    ['a list without a mode', 'mode: single, symbol: AAPL', 'symbols: [A, B]', 'symbols', 'multi_symbol'],
    ['one timeframe in a list', 'mode: single, timeframe: 1h', 'timeframes: [1h]', 'timeframes', 'single'],
    [
      'two of mode single',
      'mode: single, timeframe: 1h',
      'mode: single, list: [1h, 1d]',
      'timeframes',
      'multi_timeframe',
    ],
  ])('may have %s', (_, from, to, key, mode) => {
    expect(upgraded(from, to)['training_data']).toMatchObject({ [key]: { mode } });
    expect(checkStrategy(minimal.replace(from, to)).strategy).toBeDefined();
  });

  it.each([
    ['early stopping that is switched off', 'early_stopping: { enabled: false, patience: 3 }', {}],
    [
      'early stopping that is switched on',
      'early_stopping: { enabled: true, patience: 3 }',
      { early_stopping: { patience: 3 } },
    ],
    ['a share for validation', 'validation_split: 0.2', { data_split: { train: 0.8, validation: 0.2, test: 0 } }],
  ])('may have %s', (_, line, training) => {
    const { training: found } = upgraded('  architecture', `  training: { ${line} }\n  architecture`);
    expect(found).toEqual({ labels: { source: 'zigzag' }, ...training });
  });

  it('takes the settings of model.training, which were the ones with effect, before those of training', () => {
    const text = minimal
      .replace('  architecture', '  training: { epochs: 7 }\n  architecture')
      .replace('training:\n', 'training:\n  epochs: 100\n');
    expect(parseStrategy(text).training.epochs).toBe(7);
  });

  it('keeps two indicators of one name apart', () => {
    const text = minimal.replace(
      '  - { name: rsi, feature_id: rsi_14 }',
      '  - { name: rsi }\n  - { name: rsi, period: 7 }',
    );
    const { indicators, fuzzySets } = parseStrategy(text);
    expect(indicators.map(({ id, parameters }) => [id, parameters['period']])).toEqual([
      ['rsi', 14],
      ['rsi_2', 7],
    ]);
    expect(fuzzySets[0]?.source.indicator).toBe('rsi');
  });

  it('is refused for what belongs to no grammar, at its place', () => {
    const text = minimal.replace('scope: universal', 'scope: universal\ncolour: red');
    expect(thrownBy(() => parseStrategy(text, 'old.yaml')).message).toMatch(
      /^old\.yaml:3:1: there is no key "colour" here/,
    );
  });

  it('may use aliases', () => {
    const text = minimal
      .replace('{ type: triangular, parameters: [0, 20, 40] }', '&low { type: triangular, parameters: &p [0, 20, 40] }')
      .replace('model:\n', '    low_too: *low\n    lower: { type: triangular, parameters: *p }\nmodel:\n');
    const { fuzzySets } = parseStrategy(text);
    expect(fuzzySets[0]?.members.map(({ membership }) => membership.parameters)).toEqual([
      [0, 20, 40],
      [0, 20, 40],
      [0, 20, 40],
    ]);
    expect(migrateStrategy(text, 'old.yaml').text).not.toMatch(/[&*]/);
  });

  it.each([
    ['a part that lies within itself', minimal.replace('low: {', 'low: &a { again: *a,')],
    [
      'aliases that grow',
      minimal.replace(
        'low: {',
        `low: &a ${JSON.stringify(Array.from({ length: 20_000 }, () => 1))}\n    high: [${'*a, '.repeat(60)}]\n    more: {`,
      ),
    ],
    ['thousands of indicators', minimal.replace('  - {', `${'  - { name: rsi }\n'.repeat(10_000)}  - {`)],
    ['indicators that are texts', minimal.replace('  - { name: rsi, feature_id: rsi_14 }', '  - rsi')],
    ['fuzzy sets that are a list', minimal.replace(/fuzzy_sets:\n(.*\n){2}/, 'fuzzy_sets: [rsi]\n')],
    ['training data that is a text', minimal.replace(/training_data:\n(.*\n){2}/, 'training_data: AAPL\n')],
    ['a model that is a list', minimal.replace(/model:\n(.*\n){2}/, 'model: [mlp]\n')],
  ])('is refused without a crash with %s', (_, text) => {
    const { strategy, issues } = checkStrategy(text, 'old.yaml');
    expect(strategy).toBeUndefined();
    expect(issues.filter(({ severity }) => severity === 'error').length).toBeGreaterThan(0);
  });
});

describe('a strategy of grammar 1.0', () => {
  it('is read with what that grammar took for granted', () => {
    expect(parseStrategy(firstGrammar, 'old.yaml')).toMatchObject({
      name: 'first',
      symbols: ['AAPL'],
      timeframes: ['1h'],
      lookback: 2,
      model: { hiddenLayers: [50, 25] },
      training: { labels: { source: 'zigzag', threshold: 0.03 } },
    });
  });

  it.each([
    ['no data at all', /data:\n( {2}.*\n){3}/, ''],
    ['one symbol', '  symbols: [AAPL]\n', '  symbol: AAPL\n'],
    ['a symbol in the place of a list', '  symbols: [AAPL]\n', '  symbols: AAPL\n'],
  ])('may have %s', (_, from, to) => {
    const { symbols, timeframes } = parseStrategy(firstGrammar.replace(from, to));
    expect([symbols, timeframes]).toEqual([['AAPL'], ['1h']]);
  });
});

describe('migrateStrategy()', () => {
  it.each([
    ['1.0', firstGrammar],
    ['2.0', secondGrammar],
  ])('writes a file that says the same as the one of grammar %s, and nothing older', (grammar, text) => {
    const { text: migrated, from } = migrateStrategy(text, 'old.yaml');
    expect(from).toBe(grammar);
    const { warnings: before, ...strategy } = parseStrategy(text);
    const { warnings: after, ...same } = parseStrategy(migrated);
    expect(same).toEqual(strategy);
    expect(after.length).toBe(before.length - 1);
  });

  it('keeps comments', () => {
    const { text } = migrateStrategy(secondGrammar, 'old.yaml');
    for (const comment of [
      'A strategy of ours in the second grammar.',
      'both',
      'strength',
      'days',
      'words for the strength',
      'small',
    ]) {
      expect(text).toContain(`# ${comment}\n`);
    }
  });

  it('names every change by its place in the old file', () => {
    const { changes } = migrateStrategy(secondGrammar, 'old.yaml');
    expect(changes.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '5 scope',
      '11 training_data.symbols.selection_criteria',
      '16 deployment',
      '27 indicators.MACD.fast_period',
      '32 fuzzy_sets',
      '39 fuzzy_sets.macd',
      '41 fuzzy_sets.sma',
      '48 model.symbol_embedding_dim',
      '52 model.architecture.output_activation',
      '54 model.features.include_price_context',
      '54 model.features.scale_features',
      '55 model.training',
      '61 training.analytics',
      '68 training.method',
      '69 training.labels.label_lookahead',
      '71 training.fitness_metrics',
      '72 orchestrator',
    ]);
  });

  it('refuses a file of grammar 3.0, and one that is no YAML', () => {
    expect(thrownBy(() => migrateStrategy(sampleStrategy(), 's.yaml'))).toMatchObject({ code: 'conflict' });
    expect(thrownBy(() => migrateStrategy('a: [1', 's.yaml'))).toMatchObject({ code: 'invalid_input' });
  });
});
