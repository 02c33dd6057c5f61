import type { Membership } from '../fuzzy/index.ts';
import type { Timeframe } from '../market/index.ts';
import type { Activation, Objective, OptimizerSpec } from '../nn/index.ts';

/** A strategy file that has been read and checked: every name in it refers to something. Plain data; it crosses threads. */
export interface Strategy {
  readonly name: string;
  readonly description: string;
  readonly hypothesis: string;
  readonly symbols: readonly string[];
  /** As written: their order is the order of features. */
  readonly timeframes: readonly Timeframe[];
  /** One row of features for each of its bars. */
  readonly baseTimeframe: Timeframe;
  /** The fewest bars of the base timeframe that each symbol must have. */
  readonly historyRequired: number;
  /** Epoch milliseconds, `[start, end)`; the file's `end_date` is the last day inside. */
  readonly start?: number;
  readonly end?: number;
  readonly indicators: readonly IndicatorUse[];
  readonly fuzzySets: readonly FuzzySet[];
  readonly inputs: readonly NetworkInput[];
  /** Each feature is there again as it was 1, 2, ... up to so many rows before; 0 for none. */
  readonly lookback: number;
  readonly model: ModelSettings;
  readonly decisions: DecisionSettings;
  readonly training: TrainingSettings;
  /** What is allowed but probably a mistake, for example an indicator that nothing uses: `file:line:column: sentence`. */
  readonly warnings: readonly string[];
}

export interface IndicatorUse {
  readonly id: string;
  /** The registry's name, aliases resolved. */
  readonly type: string;
  /** Validated, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** One column of one indicator. */
export interface IndicatorOutput {
  /** The id of an `IndicatorUse`. */
  readonly indicator: string;
  /** The registry's name of the output. */
  readonly output: string;
}

export interface FuzzySet {
  readonly id: string;
  readonly source: IndicatorOutput;
  readonly members: readonly { readonly name: string; readonly membership: Membership }[];
}

export const normalizations = ['minmax', 'zscore', 'none'] as const;
export type Normalization = (typeof normalizations)[number];

export type NetworkInput =
  | { readonly kind: 'fuzzy'; readonly fuzzySet: string; readonly timeframes: readonly Timeframe[] | 'all' }
  | {
      readonly kind: 'raw';
      /** As written: `rsi_14` or `macd_12.histogram`. */
      readonly reference: string;
      readonly source: IndicatorOutput;
      readonly normalization: Normalization;
      readonly timeframes: readonly Timeframe[] | 'all';
    };

export type ModelSettings = MlpSettings | RecurrentSettings;

export interface MlpSettings {
  readonly type: 'mlp';
  readonly hiddenLayers: readonly number[];
  readonly activation: Activation;
  readonly dropout: number;
}

/** A network that reads the last `sequenceLength` rows one after the other. */
export interface RecurrentSettings {
  readonly type: 'gru' | 'lstm';
  readonly sequenceLength: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** Between the layers. */
  readonly dropout: number;
}

/** How outputs of the network become decisions. */
export interface DecisionSettings {
  readonly outputFormat: 'classification' | 'regression';
  /** A class with a lower probability decides nothing. Always 0 for a regression. */
  readonly confidenceThreshold: number;
  /** The shortest time between two signals other than HOLD. */
  readonly minSignalSeparationMs?: number;
  readonly volumeFilter?: VolumeFilter;
  /** Whether a signal is held back that the position at hand makes empty, such as BUY while long. */
  readonly positionAwareness: boolean;
  /** Of a regression, and of nothing else. */
  readonly costModel?: CostModel;
  /** Whether SELL without a position opens a short one; only a decision that knows its position may. */
  readonly allowShortFromFlat: boolean;
}

/** A signal needs a bar with at least `minRatio` times the mean volume of the `period` bars before it. */
export interface VolumeFilter {
  readonly period: number;
  readonly minRatio: number;
}

/** A signal needs an expected return beyond `roundTripCost * minEdgeMultiplier`; both as fractions of the price. */
export interface CostModel {
  readonly roundTripCost: number;
  readonly minEdgeMultiplier: number;
}

export interface TrainingSettings {
  readonly labels: LabelSettings;
  readonly objective: Objective;
  /** `balanced` weighs each row by rows / (classes * rows of its class), counted in the training part. */
  readonly classWeights: (typeof classWeightings)[number];
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerSpec;
  /** Absent: the learning rate stays as it is. */
  readonly scheduler?: SchedulerSettings;
  /** Absent: every epoch is trained and the last weights are kept. */
  readonly earlyStopping?: EarlyStopping;
  readonly split: SplitSettings;
  readonly seed: number;
}

/** What a network learns to tell of a bar; the classes of each source are those of `classesOf`. */
export type LabelSettings = ZigzagLabels | ForwardReturnLabels | TripleBarrierLabels | ContextLabels | RegimeLabels;

/** The legs between the turning points of the price. */
export interface ZigzagLabels {
  readonly source: 'zigzag';
  /** The move against a leg that ends it, as a fraction of the price. */
  readonly threshold: number;
}

/** The return of the close over the next `horizon` bars, as a fraction. */
export interface ForwardReturnLabels {
  readonly source: 'forward_return';
  readonly horizon: number;
}

/** Which barrier the price touches first: the upper one, the lower one, or the end of the holding time. */
export interface TripleBarrierLabels {
  readonly source: 'triple_barrier';
  /** Distances of the two barriers in volatilities. */
  readonly takeProfit: number;
  readonly stopLoss: number;
  /** In bars. */
  readonly maxHolding: number;
  /** Bars that the volatility looks back on. */
  readonly volatilitySpan: number;
  readonly volatilityMethod: 'atr' | 'close';
  /** Only bars at which a cumulative sum of returns passes the threshold, or the multiple of the volatility, are labelled. Absent: every bar. */
  readonly cusum?: { readonly threshold: number } | { readonly multiplier: number };
  /** Whether rows are weighed by how little their labels overlap with others. */
  readonly weights: boolean;
}

/** Whether the return over the next `horizon` bars lies above `bullish`, below `bearish` (a number below 0), or between. */
export interface ContextLabels {
  readonly source: 'context';
  readonly horizon: number;
  readonly bullish: number;
  readonly bearish: number;
}

/** In what state the market is: rising, falling, going sideways, or in turmoil. */
export interface RegimeLabels {
  readonly source: 'regime';
  /** The move against a leg that ends it, in average true ranges. */
  readonly macroAtrMultiple: number;
  /** Retracements of fewer average true ranges do not count. */
  readonly microAtrMultiple: number;
  readonly atrPeriod: number;
  /** Bars that the usual volatility is taken from. */
  readonly volatilityLookback: number;
  /** How many times its usual volatility a market in turmoil has. */
  readonly volatilityCrisis: number;
  /** The share of its move that a retracement may take back while a leg is a trend. */
  readonly tolerance: number;
}

export const classWeightings = ['none', 'balanced'] as const;

/** The learning rate over the epochs. */
export type SchedulerSettings =
  /** Times `gamma` after every `stepSize` epochs. */
  | { readonly type: 'step'; readonly stepSize: number; readonly gamma: number }
  /** Times `gamma` after every epoch. */
  | { readonly type: 'exponential'; readonly gamma: number }
  /** Times `factor` when the validation loss has not fallen for more than `patience` epochs. */
  | { readonly type: 'reduce_on_plateau'; readonly factor: number; readonly patience: number };

export const monitors = ['val_loss', 'val_accuracy'] as const;

export interface EarlyStopping {
  /** Epochs without improvement before training stops. */
  readonly patience: number;
  /** What counts as improvement. */
  readonly minDelta: number;
  readonly monitor: (typeof monitors)[number];
}

/** Parts of the time span, in time order; the first three add up to 1. */
export interface SplitSettings {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  /** The share of all rows that is left out after each cut, beyond those whose labels reach over it. */
  readonly embargo: number;
}
