import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../../async/index.ts';
import { plainBackend, type ModelSpec } from '../../nn/index.ts';
import { buildTrainingSet } from '../../samples/index.ts';
import { walk } from '../../samples/random-walk.fixture.ts';
import { parseStrategy, resolvePlan } from '../../strategies/index.ts';
import { sampleStrategy } from '../../strategies/sample-strategy.fixture.ts';
import { areClassMetrics } from '../metrics.ts';
import { assessModel } from './assess-model.ts';
import type { Assessment } from './model-report.ts';

const none = CancellationToken.none;

function assessed(...replacements: (readonly [string, string])[]): Assessment {
  const plan = resolvePlan(parseStrategy(sampleStrategy(...replacements)));
  const symbols = ['AAA', 'BBB'].map((symbol, seed) => ({
    symbol,
    calendar: 'us_equities' as const,
    series: [{ timeframe: '1h' as const, bars: walk({ seed: seed + 1, count: 800 }) }],
  }));
  const set = buildTrainingSet(plan, symbols, none);
  const model: ModelSpec = { kind: 'mlp', inputs: 4, hiddenLayers: [], outputs: 3, activation: 'relu', dropout: 0 };
  const { objective, optimizer } = plan.strategy.training;
  using trainer = plainBackend.create({ model, objective, optimizer, data: set.data, seed: 1 });
  return assessModel(
    {
      set,
      ids: plan.features.map(({ id }) => id),
      model,
      objective,
      weights: trainer.exportWeights(),
      evaluate: (rows) => trainer.evaluate(rows),
      decisions: plan.strategy.decisions,
      seed: 1,
    },
    none,
  );
}

describe('assessModel()', () => {
  it('measures each part as a whole, and by symbols that add up to it', () => {
    const { metrics, details, importance } = assessed();
    expect(Object.keys(metrics)).toEqual(['train', 'validation', 'test']);
    for (const part of ['train', 'validation', 'test'] as const) {
      const whole = metrics[part];
      const { symbols, plainLoss, baselines } = details[part] ?? { symbols: [], plainLoss: 0, baselines: [] };
      if (whole === undefined || !areClassMetrics(whole)) throw new Error('It has classes.');
      expect(symbols.map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB']);
      const confusions = symbols.map((of) => (areClassMetrics(of.metrics) ? of.metrics.confusion : []));
      expect(whole.confusion).toEqual(
        whole.confusion.map((cells, actual) =>
          cells.map((_, told) => confusions.reduce((sum, confusion) => sum + (confusion[actual]?.[told] ?? 0), 0)),
        ),
      );
      expect(plainLoss, 'nothing is weighed here').toBeCloseTo(whole.loss, 5);
      expect(baselines).toHaveLength(1);
    }
    expect(importance).toMatchObject({ part: 'test' });
    expect(importance?.features).toHaveLength(4);
  });

  it('counts what the rules of the strategy make of each row, and how often that is right', () => {
    const { details, metrics } = assessed([
      'training:',
      'decisions: { confidence_threshold: 0.34, position_awareness: false }\ntraining:',
    ]);
    const { signals, withheld } = details.train.decisions;
    const whole = metrics.train;
    if (!areClassMetrics(whole)) throw new Error('It has classes.');
    const rows = whole.confusion.flat().reduce((sum, cell) => sum + cell, 0);
    const counted = [...signals, ...withheld].reduce((sum, of) => sum + of.rows, 0);
    expect(counted).toBe(rows);
    expect(signals.map(({ signal }) => signal)).toEqual(['BUY', 'HOLD', 'SELL']);
    expect(withheld.map(({ rule }) => rule)).toEqual(['confidence']);
    const right = whole.confusion.map((cells, label) => cells[label] ?? 0);
    for (const [label, signal] of signals.entries()) {
      expect(signal.rows).toBeGreaterThan(0);
      expect(signal.right).toBeLessThanOrEqual(right[label] ?? 0);
    }
  });

  it('says nothing of parts that the strategy leaves empty', () => {
    const split = 'seed: 11\n  data_split: { train: 0.8, validation: 0.2, test: 0 }';
    const { metrics, details, importance } = assessed(['seed: 11', split]);
    expect(Object.keys(metrics)).toEqual(['train', 'validation']);
    expect(Object.keys(details)).toEqual(['train', 'validation']);
    expect(importance?.part).toBe('validation');
  });
});
