import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../async/index.ts';
import { mergeBars, sliceBars, type Bars } from '../market/index.ts';
import type { SymbolBars } from './features.ts';
import { parseStrategy, resolvePlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { thrownBy } from '../base/thrown-by.fixture.ts';
import { labelBars } from './labels/label-bars.ts';
import { walk } from './random-walk.fixture.ts';
import { buildTrainingSet, type TrainingSet } from './training-set.ts';

const plan = resolvePlan(parseStrategy(sampleStrategy()));
const [first, second] = [walk({ seed: 1, count: 1_000 }), walk({ seed: 2, count: 800 })];

const symbolBars = (symbol: string, bars: Bars): SymbolBars => ({
  symbol,
  calendar: 'us_equities',
  series: [{ timeframe: '1h', bars }],
});
const build = (a: Bars, b: Bars): TrainingSet =>
  buildTrainingSet(plan, [symbolBars('AAA', a), symbolBars('BBB', b)], CancellationToken.none);

describe('buildTrainingSet()', () => {
  const set = build(first, second);
  const rows = set.data.targets.length;
  const width = plan.features.length;

  it('has rows of every symbol, each in one part at most, with labels of the three classes', () => {
    const { train, validation, test } = set.parts;
    const all = [...train, ...validation, ...test];
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((row) => row >= 0 && row < rows)).toBe(true);
    expect(set.data.features.length).toBe(rows * width);
    expect(all.every((row) => [0, 1, 2].includes(set.data.targets[row] ?? -1))).toBe(true);
  });

  it('cuts both symbols at the same instants', () => {
    // The histories start together, so the same count of bars is the same time; the warm-up is the same as well.
    const rowsOfFirst = 1_000 - 33;
    const lastTrain = [...set.parts.train].filter((row) => row < rowsOfFirst).at(-1) ?? -1;
    const lastTrainOfSecond = ([...set.parts.train].at(-1) ?? -1) - rowsOfFirst;
    const firstValidation = [...set.parts.validation][0] ?? -1;
    const firstValidationOfSecond = ([...set.parts.validation].find((row) => row >= rowsOfFirst) ?? -1) - rowsOfFirst;
    expect(lastTrain).toBeLessThan(firstValidationOfSecond);
    expect(lastTrainOfSecond).toBeLessThan(firstValidation);
    expect(firstValidation).toBe(firstValidationOfSecond);
  });

  it('lets nothing behind the cut reach the training part: neither labels nor features nor scales', () => {
    const cut = 33 + ([...set.parts.validation][0] ?? 0);
    const other = build(otherFuture(first, cut, 77), otherFuture(second, cut, 78));
    expect(other.parts.train).toEqual(set.parts.train);
    expect(other.scales).toEqual(set.scales);
    for (const row of set.parts.train) {
      expect(other.data.targets[row]).toBe(set.data.targets[row]);
      expect(other.data.features.subarray(row * width, (row + 1) * width)).toEqual(
        set.data.features.subarray(row * width, (row + 1) * width),
      );
    }
  });

  it('says which part has no rows, and why that may be', () => {
    const flat = { ...first, close: first.close.map((_, index) => 100 + (index % 2) * 0.1) };
    const error = thrownBy(() => build(flat, flat));
    expect(error.code).toBe('failed_precondition');
    expect(error.message).toContain('No bar of AAA, BBB [1h] has both features and a label in the train part');
  });

  it('names a symbol of which no bar makes a row, and the inputs that it has no value for', () => {
    const text = sampleStrategy([
      'nn_inputs:\n',
      'nn_inputs:\n  - { raw_indicator: activity, normalization: zscore }\n',
    ]);
    const traded = resolvePlan(
      parseStrategy(text.replace('indicators:\n', 'indicators:\n  activity: { type: volumeratio, period: 20 }\n')),
    );
    const silent = { ...second, volume: second.volume.map(() => 0) };
    const error = thrownBy(() =>
      buildTrainingSet(traded, [symbolBars('AAA', first), symbolBars('BBB', silent)], CancellationToken.none),
    );
    expect(error.code).toBe('failed_precondition');
    expect(error.message).toMatch(
      /^1h activity has no value at any bar of BBB \[1h\]: "activity" reads the volume of bars, and these have none\. .* train without BBB\.$/,
    );
    const short = thrownBy(() => build(first, sliceBars(second, 0, 20)));
    expect(short.message).toMatch(/no value at any bar of BBB \[1h\]: "\w+" takes \d+ bars, and 20 are at hand/);
  });

  it('knows which rows are whose, and from when', () => {
    const [one, two] = set.symbols;
    expect([one?.symbol, two?.symbol]).toEqual(['AAA', 'BBB']);
    expect([one?.from, one?.to, two?.from, two?.to]).toEqual([0, 967, 967, rows]);
    expect([...(one?.time ?? [])]).toEqual([...first.time.subarray(33)]);
  });
});

/** Whatever the strategy: the parts of a training, and what decided their labels. */
describe.each([
  ['zigzag', 'labels: { source: zigzag, zigzag_threshold: 0.02 }'],
  ['forward return', 'labels: { source: forward_return, horizon: 12 }\n  loss: huber'],
  ['context', 'labels: { source: context, horizon: 9 }'],
  ['triple barrier', 'labels: { source: triple_barrier, max_holding: 20, compute_weights: true }'],
  ['regime', 'labels: { source: regime }'],
])('the parts of a training on %s labels', (source, labels) => {
  const format = source === 'forward return' ? 'decisions: { output_format: regression, cost_model: {} }\n' : '';
  const text = sampleStrategy(['labels: { source: zigzag, zigzag_threshold: 0.02 }', labels]).replace(
    'training:\n',
    `${format}training:\n`,
  );
  const chosen = resolvePlan(parseStrategy(text));
  const buildOf = (a: Bars, b: Bars): TrainingSet =>
    buildTrainingSet(chosen, [symbolBars('AAA', a), symbolBars('BBB', b)], CancellationToken.none);
  const whole = buildOf(first, second);
  const width = chosen.features.length;

  it('have targets that are classes or numbers', () => {
    expect(whole.data.targets).toBeInstanceOf(source === 'forward return' ? Float32Array : Int32Array);
    expect(whole.classes.length).toBe({ 'forward return': 0, regime: 4 }[source] ?? 3);
    for (const row of whole.parts.train) expect(Number.isFinite(whole.data.targets[row])).toBe(true);
  });

  it.each(['validation', 'test'] as const)('hold nothing that the %s part knows before it begins', (part) => {
    const begin = 33 + ([...whole.parts[part]][0] ?? 0);
    const other = buildOf(otherFuture(first, begin, 91), otherFuture(second, begin, 92));
    const earlier = part === 'validation' ? (['train'] as const) : (['train', 'validation'] as const);
    expect(other.scales).toEqual(whole.scales);
    for (const name of earlier) {
      expect(other.parts[name]).toEqual(whole.parts[name]);
      for (const row of whole.parts[name]) {
        expect(other.data.targets[row]).toBe(whole.data.targets[row]);
        expect(other.data.weights?.[row]).toBe(whole.data.weights?.[row]);
        expect(other.data.features.subarray(row * width, (row + 1) * width)).toEqual(
          whole.data.features.subarray(row * width, (row + 1) * width),
        );
      }
    }
  });
});

describe('the rows of a training', () => {
  it('leave out an embargo behind each cut', () => {
    const embargoed = buildWith([
      '  seed: 11',
      '  data_split: { train: 0.7, validation: 0.15, test: 0.15, embargo: 0.05 }\n  seed: 11',
    ]);
    const plain = build(first, second);
    expect(embargoed.parts.train).toEqual(plain.parts.train);
    const begin = ({ parts }: TrainingSet): number => [...parts.validation][0] ?? 0;
    expect(begin(embargoed) - begin(plain)).toBeGreaterThan(30);
    expect([...embargoed.parts.validation].at(-1)).toBe([...plain.parts.validation].at(-1));
  });

  it('of a network that reads sequences have the whole sequence before them, of their own symbol', () => {
    const model = { type: 'gru', sequenceLength: 24, hiddenSize: 8, layers: 1, dropout: 0 } as const;
    const recurrent = buildTrainingSet(
      { ...plan, strategy: { ...plan.strategy, model } },
      [symbolBars('AAA', first), symbolBars('BBB', second)],
      CancellationToken.none,
    );
    const [, two] = recurrent.symbols;
    const rows = [...recurrent.parts.train, ...recurrent.parts.validation, ...recurrent.parts.test];
    expect(Math.min(...rows)).toBeGreaterThanOrEqual(23);
    expect(Math.min(...rows.filter((row) => row >= (two?.from ?? 0)))).toBeGreaterThanOrEqual((two?.from ?? 0) + 23);
  });

  it('of a network that reads sequences have no sequence across bars at which a feature is unknown', () => {
    const inputs: [string, string] = ['raw_indicator: macd_12.histogram', 'raw_indicator: volume_5'];
    const indicator: [string, string] = ['macd_12: { type: macd }', 'volume_5: { type: volumeratio, period: 5 }'];
    const model = { type: 'gru', sequenceLength: 8, hiddenSize: 8, layers: 1, dropout: 0 } as const;
    const base = resolvePlan(parseStrategy(sampleStrategy(indicator, inputs)));
    const holed = { ...first, volume: first.volume.map((volume, bar) => (bar === 300 ? Number.NaN : volume)) };
    const { parts, symbols } = buildTrainingSet(
      { ...base, strategy: { ...base.strategy, model } },
      [symbolBars('AAA', holed), symbolBars('BBB', second)],
      CancellationToken.none,
    );
    const { bars } = symbols[0] ?? { bars: Int32Array.of() };
    const known = new Set(bars);
    expect(known.has(299)).toBe(true);
    expect(known.has(300)).toBe(false);
    const own = parts.train.filter((row) => row < bars.length);
    expect(own.some((row) => (bars[row] ?? 0) > 320)).toBe(true);
    for (const row of own) {
      const last = bars[row] ?? -1;
      expect(Array.from({ length: 8 }, (_, back) => known.has(last - back))).toEqual(Array(8).fill(true));
    }
  });

  it('count as much as their label is unique, when asked', () => {
    const labels = 'labels: { source: triple_barrier, max_holding: 20, cusum_multiplier: 0, compute_weights: true }';
    const set = buildWith(['labels: { source: zigzag, zigzag_threshold: 0.02 }', labels]);
    const { training } = resolvePlan(
      parseStrategy(sampleStrategy(['labels: { source: zigzag, zigzag_threshold: 0.02 }', labels])),
    ).strategy;
    const { weights } = labelBars(first, training.labels);
    const { bars } = set.symbols[0] ?? { bars: Int32Array.of() };
    const own = set.parts.train.filter((row) => row < bars.length);
    expect(own.length).toBeGreaterThan(300);
    for (const row of own) expect(set.data.weights?.[row]).toBe(Math.fround(weights?.[bars[row] ?? -1] ?? Number.NaN));
  });

  it('tell the mean of each feature over the training part, as the network sees it', () => {
    const { data, parts, means, scales } = build(first, second);
    for (const [column, mean] of means.entries()) {
      const seen = Array.from(parts.train, (row) => data.features[row * means.length + column] ?? Number.NaN);
      expect(mean).toBeCloseTo(seen.reduce((sum, value) => sum + value, 0) / seen.length, 9);
    }
    // A column that was scaled to mean 0 over these rows, and would have another mean over all.
    const scaled = scales.findIndex(({ method }) => method === 'zscore');
    expect(means[scaled]).toBeCloseTo(0, 6);
  });

  it('have the features of earlier bars beside their own where the strategy looks back', () => {
    const plain = build(first, second);
    const lagged = buildWith([
      '  architecture: { hidden_layers: [8], dropout: 0.1 }',
      '  architecture: { hidden_layers: [8], dropout: 0.1 }\n  features: { lookback_periods: 2 }',
    ]);
    // Two rows less at the beginning of each symbol, and three times the columns.
    expect(lagged.symbols[0]?.to).toBe((plain.symbols[0]?.to ?? 0) - 2);
    const raw = 4;
    for (const row of [0, 5, 100]) {
      for (const lag of [0, 1, 2]) {
        const found = lagged.data.features.subarray(row * 3 * raw + lag * raw, row * 3 * raw + lag * raw + 3);
        expect([...found], `row ${row}, lag ${lag}`).toEqual([
          ...plain.data.features.subarray((row + 2 - lag) * raw, (row + 2 - lag) * raw + 3),
        ]);
      }
    }
  });

  it('count by the rarity of their class when classes are balanced', () => {
    const { data, parts, classes } = buildWith(['  seed: 11', '  class_weights: balanced\n  seed: 11']);
    const sums = classes.map((_, label) =>
      [...parts.train]
        .filter((row) => data.targets[row] === label)
        .reduce((sum, row) => sum + (data.weights?.[row] ?? 0), 0),
    );
    for (const sum of sums.filter((of) => of > 0)) expect(sum).toBeCloseTo(parts.train.length / classes.length, 1);
    expect(build(first, second).data.weights).toBeUndefined();
  });

  it('are refused when they are fewer than a batch', () => {
    expect(thrownBy(() => buildWith(['  seed: 11', '  batch_size: 4096\n  seed: 11'])).message).toMatch(
      /give 1\d{3} rows to train on, and a batch has 4096/,
    );
  });

  it('are refused when they are all of one class', () => {
    const rising = (bars: Bars): Bars => {
      const price = (at: (index: number) => number): Float64Array =>
        Float64Array.from(bars.time, (_, index) => at(index));
      const close = price((index) => 100 * 1.001 ** index);
      return { ...bars, open: close, high: price((index) => 100.1 * 1.001 ** index), low: close, close };
    };
    const error = thrownBy(() => build(rising(first), rising(second)));
    expect(error.message).toContain('to train on are BUY, so there is nothing to tell apart');
    expect(error.details['classBalance']).toMatchObject({ HOLD: 0, SELL: 0 });
  });

  it('are refused when an input never changes in them, and a word that never applies is told', () => {
    const dead = sampleStrategy().replace('low: [0, 20, 45]', 'low: [-3, -2, -1]');
    const set = buildTrainingSet(
      resolvePlan(parseStrategy(dead)),
      [symbolBars('AAA', first), symbolBars('BBB', second)],
      CancellationToken.none,
    );
    expect(set.warnings).toEqual(['The feature 1h_momentum_low has the same value in all rows of the training part.']);
    const allDead = dead.replace('[30, 50, 70]', '[-6, -5, -4]').replace('[55, 80, 100]', '[-9, -8, -7]');
    const error = thrownBy(() =>
      buildTrainingSet(
        resolvePlan(parseStrategy(allDead)),
        [symbolBars('AAA', first), symbolBars('BBB', second)],
        CancellationToken.none,
      ),
    );
    expect(error.message).toContain('1h momentum never changes in the training part');
  });
});

function buildWith(replacement: readonly [string, string]): TrainingSet {
  return buildTrainingSet(
    resolvePlan(parseStrategy(sampleStrategy(replacement))),
    [symbolBars('AAA', first), symbolBars('BBB', second)],
    CancellationToken.none,
  );
}

function otherFuture(bars: Bars, from: number, seed: number): Bars {
  return mergeBars(sliceBars(bars, 0, from), {
    ...walk({ seed, count: bars.time.length - from }),
    time: bars.time.subarray(from),
  });
}
