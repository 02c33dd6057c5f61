import { describe, expect, it } from 'vitest';
import { classesOf } from './classes.ts';
import { checkStrategy, type StrategyCheck } from './parse-strategy.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';

type Replacement = readonly [from: string, to: string];

function built(...replacements: readonly Replacement[]): NonNullable<StrategyCheck['strategy']> {
  const { strategy, issues } = checkStrategy(sampleStrategy(...replacements));
  if (strategy === undefined) throw new Error(issues.map(({ message }) => message).join('\n'));
  return strategy;
}

const withLabels = (labels: string, format = 'classification') =>
  built(
    ['source: zigzag, zigzag_threshold: 0.02', labels],
    ['training:\n', `decisions: { output_format: ${format} }\ntraining:\n`],
  );

describe('buildStrategy()', () => {
  it.each([
    ['source: zigzag', { source: 'zigzag', threshold: 0.03 }, ['BUY', 'HOLD', 'SELL']],
    [
      'source: triple_barrier',
      {
        source: 'triple_barrier',
        takeProfit: 2,
        stopLoss: 1.5,
        maxHolding: 50,
        volatilitySpan: 50,
        volatilityMethod: 'atr',
        cusum: { multiplier: 0.5 },
        weights: false,
      },
      ['BUY', 'HOLD', 'SELL'],
    ],
    [
      'source: context',
      { source: 'context', horizon: 5, bullish: 0.005, bearish: -0.005 },
      ['BULLISH', 'BEARISH', 'NEUTRAL'],
    ],
    [
      'source: regime',
      {
        source: 'regime',
        macroAtrMultiple: 3,
        microAtrMultiple: 1,
        atrPeriod: 14,
        volatilityLookback: 120,
        volatilityCrisis: 2,
        tolerance: 0.5,
      },
      ['TRENDING_UP', 'TRENDING_DOWN', 'RANGING', 'VOLATILE'],
    ],
  ])('fills in the usual values of labels with %s', (written, labels, classes) => {
    const { training } = withLabels(written);
    expect(training.labels).toEqual(labels);
    expect(classesOf(training.labels)).toEqual(classes);
  });

  it('takes a cusum threshold for the multiplier, and a multiplier of 0 for none', () => {
    expect(withLabels('source: triple_barrier, cusum_threshold: 0.01').training.labels).toMatchObject({
      cusum: { threshold: 0.01 },
    });
    expect(withLabels('source: triple_barrier, cusum_multiplier: 0').training.labels).not.toHaveProperty('cusum');
  });

  it('leaves an embargo behind the cuts of triple barriers, which overlap, unless the file says otherwise', () => {
    expect(withLabels('source: triple_barrier').training.split.embargo).toBe(0.01);
    expect(built().training.split.embargo).toBe(0);
    const given = '  epochs: 3\n  data_split: { train: 0.6, validation: 0.2, test: 0.2, embargo: 0.05 }';
    expect(built(['  epochs: 3', given]).training.split).toEqual({
      train: 0.6,
      validation: 0.2,
      test: 0.2,
      embargo: 0.05,
    });
  });

  it('fits a number by the Huber loss, without weight decay, and trades it beyond its costs', () => {
    const { training, decisions } = withLabels('source: forward_return, horizon: 10', 'regression');
    expect(training).toMatchObject({
      labels: { source: 'forward_return', horizon: 10 },
      objective: { kind: 'huber', delta: 0.01 },
      classWeights: 'none',
      optimizer: { weightDecay: 0 },
    });
    expect(classesOf(training.labels)).toEqual([]);
    expect(decisions).toEqual({
      outputFormat: 'regression',
      confidenceThreshold: 0,
      positionAwareness: true,
      costModel: { roundTripCost: 0.003, minEdgeMultiplier: 1.5 },
      allowShortFromFlat: false,
    });
  });

  it.each([
    ['loss: focal', { kind: 'focal', gamma: 2 }],
    ['loss: focal\n  focal_gamma: 1.5', { kind: 'focal', gamma: 1.5 }],
    ['loss: cross_entropy', { kind: 'cross_entropy' }],
  ])('reads the objective "%s"', (written, objective) => {
    expect(built(['  epochs: 3', `  ${written}`]).training.objective).toEqual(objective);
  });

  it.each([
    ['{ type: step }', { type: 'step', stepSize: 30, gamma: 0.1 }],
    ['{ type: exponential }', { type: 'exponential', gamma: 0.95 }],
    ['{ type: reduce_on_plateau, patience: 2 }', { type: 'reduce_on_plateau', factor: 0.5, patience: 2 }],
  ])('reads the scheduler %s', (written, scheduler) => {
    expect(built(['  epochs: 3', `  lr_scheduler: ${written}`]).training.scheduler).toEqual(scheduler);
  });

  it('reads recurrent networks', () => {
    const model = ['  type: mlp\n  architecture: { hidden_layers: [8], dropout: 0.1 }'] as const;
    const recurrent = '  type: gru\n  architecture: { sequence_length: 20, num_layers: 1 }';
    expect(built([model[0], recurrent]).model).toEqual({
      type: 'gru',
      sequenceLength: 20,
      hiddenSize: 64,
      layers: 1,
      dropout: 0.2,
    });
  });

  it('reads the lookback of an mlp', () => {
    expect(built(['  type: mlp', '  type: mlp\n  features: { lookback_periods: 2 }']).lookback).toBe(2);
    expect(built().lookback).toBe(0);
  });

  it('reads every decision, hours as milliseconds', () => {
    const written = `decisions:
  confidence_threshold: 0.6
  position_awareness: true
  allow_short_from_flat: true
  filters: { min_signal_separation: 1.5, volume_filter: { period: 10, min_ratio: 1.2 } }
training:
`;
    expect(built(['training:\n', written]).decisions).toEqual({
      outputFormat: 'classification',
      confidenceThreshold: 0.6,
      minSignalSeparationMs: 5_400_000,
      volumeFilter: { period: 10, minRatio: 1.2 },
      positionAwareness: true,
      allowShortFromFlat: true,
    });
    expect(built(['training:\n', 'decisions: { filters: { volume_filter: true } }\ntraining:\n']).decisions).toEqual({
      outputFormat: 'classification',
      confidenceThreshold: 0.5,
      volumeFilter: { period: 20, minRatio: 1 },
      positionAwareness: true,
      allowShortFromFlat: false,
    });
  });

  it('knows no position where the classes are states of the market', () => {
    expect(withLabels('source: regime').decisions.positionAwareness).toBe(false);
  });
});
