import type { Objective } from '../nn/index.ts';
import { areTrades } from './classes.ts';
import type { WrittenDecisions } from './decisions.schema.ts';
import type { WrittenModel } from './model.schema.ts';
import { fastest } from './resolve.ts';
import type { WrittenStrategy } from './strategy.schema.ts';
import type {
  DecisionSettings,
  LabelSettings,
  ModelSettings,
  SchedulerSettings,
  Strategy,
  TrainingSettings,
} from './strategy.ts';
import type { WrittenTraining } from './training.schema.ts';

/** What the names of a strategy turned out to refer to. */
export type ResolvedReferences = Pick<Strategy, 'indicators' | 'fuzzySets' | 'inputs'>;

/** A strategy that has passed every check, with what was left out filled in. */
export function buildStrategy(written: WrittenStrategy, references: ResolvedReferences): Omit<Strategy, 'warnings'> {
  const { name, description, hypothesis, training_data: data, model } = written;
  const { timeframes, base } = data.timeframes;
  return {
    name,
    description,
    hypothesis,
    symbols: data.symbols,
    timeframes,
    baseTimeframe: base ?? fastest(timeframes),
    historyRequired: data.history_required,
    ...(data.start_date === undefined ? {} : { start: data.start_date }),
    ...(data.end_date === undefined ? {} : { end: data.end_date + dayMs }),
    ...references,
    lookback: model.type === 'mlp' ? model.features.lookback_periods : 0,
    model: modelSettings(model),
    decisions: decisionSettings(written),
    training: trainingSettings(written),
  };
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function modelSettings(model: WrittenModel): ModelSettings {
  if (model.type === 'mlp') {
    const { hidden_layers: hiddenLayers, activation, dropout } = model.architecture;
    return { type: model.type, hiddenLayers, activation, dropout };
  }
  const { sequence_length: sequenceLength, hidden_size: hiddenSize, num_layers: layers, dropout } = model.architecture;
  return { type: model.type, sequenceLength, hiddenSize, layers, dropout };
}

function decisionSettings({ decisions, training: { labels } }: WrittenStrategy): DecisionSettings {
  const { output_format: outputFormat, filters, position_awareness: awareness = areTrades(labels) } = decisions;
  const isRegression = outputFormat === 'regression';
  const { min_signal_separation: separation, volume_filter: volume } = filters;
  return {
    outputFormat,
    confidenceThreshold: isRegression ? 0 : (decisions.confidence_threshold ?? 0.5),
    ...(separation === undefined ? {} : { minSignalSeparationMs: Math.round(separation * hourMs) }),
    ...(volume === false ? {} : { volumeFilter: volumeFilter(volume) }),
    positionAwareness: awareness,
    ...(isRegression ? { costModel: costModel(decisions.cost_model) } : {}),
    allowShortFromFlat: decisions.allow_short_from_flat ?? false,
  };
}

type VolumeChoice = WrittenDecisions['filters']['volume_filter'];

function volumeFilter(choice: Exclude<VolumeChoice, false>): NonNullable<DecisionSettings['volumeFilter']> {
  return choice === true ? { period: 20, minRatio: 1 } : { period: choice.period, minRatio: choice.min_ratio };
}

function costModel(given: WrittenDecisions['cost_model']): NonNullable<DecisionSettings['costModel']> {
  return { roundTripCost: given?.round_trip_cost ?? 0.003, minEdgeMultiplier: given?.min_edge_multiplier ?? 1.5 };
}

function trainingSettings({ training, decisions }: WrittenStrategy): TrainingSettings {
  const { early_stopping: stopping, lr_scheduler: scheduler, data_split: split } = training;
  const isRegression = decisions.output_format === 'regression';
  return {
    labels: labelSettings(training.labels),
    objective: objective(training, isRegression ? 'huber' : 'cross_entropy'),
    classWeights: training.class_weights ?? 'none',
    epochs: training.epochs,
    batchSize: training.batch_size,
    optimizer: {
      type: training.optimizer,
      learningRate: training.learning_rate,
      weightDecay: training.weight_decay ?? (isRegression ? 0 : 1e-4),
      gradientClip: training.gradient_clip,
    },
    ...(scheduler === undefined ? {} : { scheduler: schedulerSettings(scheduler) }),
    ...(stopping === undefined
      ? {}
      : { earlyStopping: { patience: stopping.patience, minDelta: stopping.min_delta, monitor: stopping.monitor } }),
    split: { ...split, embargo: split.embargo ?? (training.labels.source === 'triple_barrier' ? 0.01 : 0) },
    seed: training.seed,
  };
}

function objective(training: WrittenTraining, usual: 'huber' | 'cross_entropy'): Objective {
  const { loss: kind = usual, focal_gamma: gamma = 2, huber_delta: delta = 0.01 } = training;
  if (kind === 'focal') return { kind, gamma };
  if (kind === 'huber') return { kind, delta };
  return { kind };
}

function schedulerSettings(scheduler: NonNullable<WrittenTraining['lr_scheduler']>): SchedulerSettings {
  if (scheduler.type !== 'step') return scheduler;
  return { type: scheduler.type, stepSize: scheduler.step_size, gamma: scheduler.gamma };
}

function labelSettings(labels: WrittenTraining['labels']): LabelSettings {
  const { source } = labels;
  switch (source) {
    case 'zigzag':
      return { source, threshold: labels.zigzag_threshold };
    case 'forward_return':
      return { source, horizon: labels.horizon };
    case 'triple_barrier':
      return tripleBarrier(labels);
    case 'context':
      return { source, horizon: labels.horizon, bullish: labels.bullish_threshold, bearish: labels.bearish_threshold };
    case 'regime':
      return {
        source,
        macroAtrMultiple: labels.macro_atr_mult,
        microAtrMultiple: labels.micro_atr_mult,
        atrPeriod: labels.atr_period,
        volatilityLookback: labels.vol_lookback,
        volatilityCrisis: labels.vol_crisis,
        tolerance: labels.tolerance,
      };
    default:
      return source satisfies never;
  }
}

function tripleBarrier(labels: Extract<WrittenTraining['labels'], { source: 'triple_barrier' }>): LabelSettings {
  const { cusum_threshold: threshold, cusum_multiplier: multiplier = 0.5 } = labels;
  const cusum = threshold === undefined ? { multiplier } : { threshold };
  return {
    source: labels.source,
    takeProfit: labels.pt,
    stopLoss: labels.sl,
    maxHolding: labels.max_holding,
    volatilitySpan: labels.vol_span,
    volatilityMethod: labels.vol_method,
    ...('multiplier' in cusum && cusum.multiplier === 0 ? {} : { cusum }),
    weights: labels.compute_weights,
  };
}
