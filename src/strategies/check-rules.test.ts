import { describe, expect, it } from 'vitest';
import { checkStrategy } from './parse-strategy.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';

/** The sample with other labels, and lines for its training and its decisions. */
function strategyWith({
  labels = 'source: zigzag',
  training = '',
  decisions = '',
}: {
  labels?: string;
  training?: string;
  decisions?: string;
}): string {
  return sampleStrategy(
    ['source: zigzag, zigzag_threshold: 0.02', labels],
    ['  early_stopping: { patience: 5 }\n', training === '' ? '' : `  ${training}\n`],
    ['training:\n', `decisions: { ${decisions} }\ntraining:\n`],
  );
}

const errorsOf = (text: string): string[] =>
  checkStrategy(text)
    .issues.filter(({ severity, message }) => severity === 'error' && !message.includes('cannot be trained yet'))
    .map(({ message }) => message);

const regression = { labels: 'source: forward_return', decisions: 'output_format: regression' };

describe('rules between the keys of a strategy', () => {
  it.each([
    ['a regression', regression],
    ['a regression by the mean square', { ...regression, training: 'loss: mse' }],
    ['a regression with costs', { ...regression, decisions: `${regression.decisions}, cost_model: {}` }],
    ['a focal loss', { training: 'loss: focal' }],
    ['states of the market', { labels: 'source: regime', decisions: 'confidence_threshold: 0.4' }],
    ['a threshold for events', { labels: 'source: triple_barrier, cusum_threshold: 0.01' }],
  ])('let %s pass', (_, parts) => {
    expect(errorsOf(strategyWith(parts))).toEqual([]);
  });

  it.each([
    [
      'a number that is sorted into classes',
      { labels: 'source: forward_return' },
      '"decisions.output_format": labels of the source forward_return are a number, so output_format must be regression.',
    ],
    [
      'classes that are taken for a number',
      { decisions: 'output_format: regression' },
      '"decisions.output_format": labels of the source zigzag are classes, so output_format must be classification.',
    ],
    [
      'the loss of a number for classes',
      { training: 'loss: mse' },
      '"training.loss": the loss mse is not for a classification; use cross_entropy or focal.',
    ],
    [
      'the loss of classes for a number',
      { ...regression, training: 'loss: focal' },
      '"training.loss": the loss focal is not for a regression; use huber or mse.',
    ],
    [
      'the setting of another loss',
      { training: 'focal_gamma: 3' },
      '"training.focal_gamma" belongs to the loss focal, and the loss is cross_entropy; remove it.',
    ],
    [
      'the setting of a loss that is not used',
      { ...regression, training: 'loss: mse\n  huber_delta: 0.1' },
      '"training.huber_delta" belongs to the loss huber, and the loss is mse; remove it.',
    ],
    [
      'weights for the classes of a number',
      { ...regression, training: 'class_weights: balanced' },
      '"training.class_weights" belongs to a classification; remove it.',
    ],
    [
      'the probability of a number',
      { ...regression, decisions: `${regression.decisions}, confidence_threshold: 0.6` },
      '"decisions.confidence_threshold" belongs to a classification; a regression has its cost_model; remove it.',
    ],
    [
      'costs of a classification',
      { decisions: 'cost_model: {}' },
      '"decisions.cost_model" belongs to a regression; remove it.',
    ],
    [
      'a short position without a position',
      { decisions: 'allow_short_from_flat: true, position_awareness: false' },
      '"decisions.allow_short_from_flat" needs to know the position, and position_awareness is false; remove it.',
    ],
    [
      'trades on states of the market',
      { labels: 'source: context', decisions: 'filters: { volume_filter: true }' },
      '"decisions.filters.volume_filter" is about trades, and labels of the source context name states of the market; remove it.',
    ],
    [
      'early stopping with nothing to watch',
      { training: 'early_stopping: {}\n  data_split: { train: 0.8, validation: 0, test: 0.2 }' },
      '"training.early_stopping": early stopping watches the validation part, and data_split.validation is 0.',
    ],
    [
      'a scheduler with nothing to watch',
      { training: 'lr_scheduler: { type: reduce_on_plateau }\n  data_split: { train: 0.8, validation: 0, test: 0.2 }' },
      '"training.lr_scheduler.type": reduce_on_plateau watches the validation part, and data_split.validation is 0.',
    ],
    [
      'the accuracy of a number',
      { ...regression, training: 'early_stopping: { monitor: val_accuracy }' },
      '"training.early_stopping.monitor": a regression has no accuracy; use val_loss.',
    ],
    [
      'two thresholds for events',
      { labels: 'source: triple_barrier, cusum_threshold: 0.01, cusum_multiplier: 1' },
      '"training.labels.cusum_multiplier": write cusum_threshold or cusum_multiplier, not both.',
    ],
    [
      'retracements larger than what ends a leg',
      { labels: 'source: regime, micro_atr_mult: 3' },
      '"training.labels.micro_atr_mult": a retracement is smaller than what ends a leg: micro_atr_mult below macro_atr_mult.',
    ],
  ])('refuse %s', (_, parts, complaint) => {
    expect(errorsOf(strategyWith(parts))).toEqual([complaint]);
  });
});
