import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { sliceBars } from '../market/index.ts';
import { initialWeights, plainBackend, type ModelSpec } from '../nn/index.ts';
import { buildTrainingSet, type SymbolBars } from '../samples/index.ts';
import { walk } from '../samples/random-walk.fixture.ts';
import { classesOf, parseStrategy, resolvePlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { explainBar, judgeBars, onTimeframe, type JudgedBars, type ModelOnBars } from './apply-model.ts';

const none = CancellationToken.none;
const bars = walk({ seed: 5, count: 1_500 });
const held: SymbolBars = { symbol: 'AAA', calendar: 'us_equities', series: [{ timeframe: '1h', bars }] };
const kinds: readonly ModelSpec[] = [
  { kind: 'mlp', inputs: 4, hiddenLayers: [8], outputs: 3, activation: 'tanh', dropout: 0 },
  { kind: 'lstm', inputs: 4, sequenceLength: 6, hiddenSize: 5, layers: 1, outputs: 3, dropout: 0 },
];

/** A model whose weights nobody has trained, on the bars, and the training set that it would be trained on. */
function untrained(model: ModelSpec): { job: ModelOnBars; set: ReturnType<typeof buildTrainingSet> } {
  const recurrent = 'type: lstm\n  architecture: { sequence_length: 6, hidden_size: 5, num_layers: 1 }';
  const text =
    model.kind === 'mlp'
      ? sampleStrategy()
      : sampleStrategy(['type: mlp\n  architecture: { hidden_layers: [8], dropout: 0.1 }', recurrent]);
  const plan = resolvePlan(parseStrategy(text));
  const set = buildTrainingSet(plan, [held], none);
  const features = plan.features.map((feature, index) => ({
    ...feature,
    scale: set.scales[index] ?? { method: 'none' as const, offset: 0, scale: 1 },
    mean: set.means[index] ?? 0,
  }));
  const { baseTimeframe, indicators, strategy } = plan;
  const { training, decisions } = strategy;
  const metadata = { model, objective: training.objective, classes: classesOf(training.labels), decisions };
  const weights = initialWeights(model, 3).map((weight) => 3 * weight);
  return { job: { metadata, features: { baseTimeframe, indicators, features }, weights, bars: held }, set };
}

describe.each(kinds)('judgeBars() with a model of kind $kind', (model) => {
  const { job, set } = untrained(model);
  const all = judgeBars(job, {}, none);

  it('says of each bar what the training would have measured', () => {
    using trainer = plainBackend.create({
      model,
      objective: { kind: 'cross_entropy' },
      optimizer: { type: 'adam', learningRate: 0.001, weightDecay: 0, gradientClip: 0 },
      data: set.data,
      seed: 1,
    });
    const packed = trainer.exportParams();
    packed.set(job.weights);
    trainer.importParams(packed);
    const { outputs } = trainer.evaluate(set.parts.test);
    const time = set.symbols[0]?.time ?? new Float64Array(0);
    for (const [index, row] of set.parts.test.entries()) {
      const place = all.time.indexOf(time[row] ?? -1);
      const told = all.outputs.subarray(3 * place, 3 * place + 3);
      for (const [label, chance] of outputs.subarray(3 * index, 3 * index + 3).entries()) {
        expect(told[label]).toBeCloseTo(chance, 6);
      }
    }
    expect(set.parts.test.length).toBeGreaterThan(50);
  });

  it('says the same of a bar whatever else is asked for, and when bars follow it', () => {
    const from = all.time[700] ?? 0;
    const some = judgeBars(job, { start: from, last: 40 }, none);
    expect(some.time).toEqual(all.time.slice(-40));
    expect(some.outputs).toEqual(all.outputs.slice(-120));
    const earlier = judgeBars(
      { ...job, bars: { ...held, series: [{ timeframe: '1h', bars: sliceBars(bars, 0, 1_000) }] } },
      { last: 20 },
      none,
    );
    const end = all.time.indexOf(earlier.time.at(-1) ?? -1) + 1;
    expect(earlier.outputs).toEqual(all.outputs.slice(3 * (end - 20), 3 * end));
  });

  it.each([1, 7, 500, 5_000])('says the same of bars page by page, %i on each', (limit) => {
    const strict = { positionAwareness: true, minSignalSeparationMs: 5 * 3_600_000, confidenceThreshold: 0.34 };
    const metadata = { ...job.metadata, decisions: { ...job.metadata.decisions, ...strict } };
    const [start, end] = [all.time[300], all.time[limit < 10 ? 340 : 1_200]];
    const whole = judgeBars({ ...job, metadata }, { start, end }, none);
    const pages: JudgedBars[] = [];
    for (let from: JudgedBars['next']; pages.length < 100;) {
      const page = judgeBars({ ...job, metadata }, { start, end, limit, from }, none);
      pages.push(page);
      from = page.next;
      if (from === undefined) break;
    }
    expect(pages).toHaveLength(Math.ceil(whole.time.length / limit));
    expect(pages.flatMap(({ time }) => [...time])).toEqual([...whole.time]);
    expect(pages.flatMap(({ outputs }) => [...outputs])).toEqual([...whole.outputs]);
    expect(pages.flatMap(({ decisions }) => decisions)).toEqual(whole.decisions);
    const rules = new Set(whole.decisions.map(({ withheld }) => withheld));
    if (limit > 10) expect(rules.size, 'some are held back').toBeGreaterThan(1);
    const newest = judgeBars({ ...job, metadata }, { start, end, last: 9, limit: 4 }, none);
    expect(newest.decisions).toEqual(whole.decisions.slice(-9, -5));
    expect(judgeBars({ ...job, metadata }, { start, end, last: 9, from: newest.next }, none).decisions).toEqual(
      whole.decisions.slice(-5),
    );
  });

  it('judges the first bar that is asked for with the bars before it', () => {
    const some = judgeBars(job, { start: all.time[700] ?? 0 }, none);
    expect(some.time).toEqual(all.time.slice(700));
    expect(some.outputs).toEqual(all.outputs.slice(2_100));
  });

  it('decides as many bars as it judges, and explains what it says of one', () => {
    expect(all.decisions).toHaveLength(all.time.length);
    const at = all.time[900] ?? 0;
    const explained = explainBar(job, at + 60_000, none);
    expect(explained.time).toBe(at);
    expect(explained.closedAt).toBe(all.closedAt[900]);
    for (const [label, name] of ['BUY', 'HOLD', 'SELL'].entries()) {
      expect(explained.outputs[name]).toBeCloseTo(all.outputs[2_700 + label] ?? -1, 6);
    }
    const sum = explained.inputs.reduce((total, { contribution }) => total + contribution, 0);
    expect(sum).toBeCloseTo((explained.outputs[explained.output] ?? 0) - explained.ordinary, 5);
  });
});

describe('bars of which none has every feature', () => {
  const [rows] = kinds;
  if (rows === undefined) throw new Error('There is a model that reads single rows.');
  const { job } = untrained(rows);

  it('are refused with the feature that needs volumes where there are none', () => {
    const without: ModelOnBars = {
      ...job,
      bars: { ...held, series: [{ timeframe: '1h', bars: { ...bars, volume: bars.volume.map(() => Number.NaN) } }] },
      features: {
        ...job.features,
        indicators: [...job.features.indicators, { id: 'flow', type: 'mfi', parameters: { period: 5 } }],
        features: job.features.features.map((feature, place) =>
          place === 3 ? { ...feature, source: { indicator: 'flow', output: 'value' } } : feature,
        ),
      },
    };
    const reason = /AAA.*"flow" reads the volume of bars, and these have none\./;
    expect(() => explainBar(without, Infinity, none)).toThrow(reason);
    expect(() => judgeBars(without, {}, none)).toThrow(reason);
  });

  it('are refused with how many bars an indicator takes where there are fewer', () => {
    const short = { ...job, bars: { ...held, series: [{ timeframe: '1h' as const, bars: sliceBars(bars, 0, 3) }] } };
    expect(() => explainBar(short, Infinity, none)).toThrow(/takes \d+ bars, and 3 are at hand\./);
  });
});

describe('bars at which a feature is unknown', () => {
  const [, sequences] = kinds;
  if (sequences === undefined) throw new Error('There is a model that reads sequences.');
  const { job } = untrained(sequences);
  const volume = bars.volume.map((traded, bar) => (bar === 300 ? Number.NaN : traded));
  const holed: ModelOnBars = {
    ...job,
    bars: { ...held, series: [{ timeframe: '1h', bars: { ...bars, volume } }] },
    features: {
      ...job.features,
      indicators: [...job.features.indicators, { id: 'volume_5', type: 'volumeratio', parameters: { period: 5 } }],
      features: job.features.features.map((feature, place) =>
        place === 3 ? { ...feature, source: { indicator: 'volume_5', output: 'value' } } : feature,
      ),
    },
  };
  // The mean of five bars holds the hole up to the fourth behind it; then a sequence of six can begin.
  const unjudged = bars.time.subarray(300, 310);

  it('are in no sequence that is judged', () => {
    const { time } = judgeBars(holed, {}, none);
    expect(time.filter((at) => unjudged.includes(at))).toHaveLength(0);
    expect(time.includes(bars.time[299] ?? 0)).toBe(true);
    expect(time.includes(bars.time[310] ?? 0)).toBe(true);
  });

  it('are in no sequence that is explained', () => {
    expect(explainBar(holed, bars.time[309] ?? 0, none).time).toBe(bars.time[299]);
    expect(explainBar(holed, bars.time[310] ?? 0, none).time).toBe(bars.time[310]);
  });
});

describe('explainBar()', () => {
  it('refuses a time before which no bar can be judged', () => {
    const { job } = untrained(
      kinds[0] ?? { kind: 'mlp', inputs: 4, hiddenLayers: [], outputs: 3, activation: 'relu', dropout: 0 },
    );
    expect(() => explainBar(job, bars.time[3] ?? 0, none)).toThrow(KtrdrError);
    expect(() => explainBar(job, bars.time[3] ?? 0, none)).toThrow(/takes \d+ bars, and 4 are at hand/);
  });
});

describe('onTimeframe()', () => {
  const { job } = untrained(
    kinds[0] ?? { kind: 'mlp', inputs: 4, hiddenLayers: [], outputs: 3, activation: 'relu', dropout: 0 },
  );

  it('puts a model of one timeframe on another one', () => {
    const moved = onTimeframe(job.features, '1d');
    expect(moved.baseTimeframe).toBe('1d');
    expect(new Set(moved.features.map(({ timeframe }) => timeframe))).toEqual(new Set(['1d']));
  });

  it('refuses a model of several', () => {
    const mixed = { ...job.features, baseTimeframe: '5m' as const };
    expect(() => onTimeframe(mixed, '1d')).toThrow('A model of 5m, 1h cannot be applied to 1d alone');
  });
});
