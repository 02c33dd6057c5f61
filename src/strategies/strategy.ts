import type { Membership } from '../fuzzy/index.ts';
import type { Timeframe } from '../market/index.ts';
import type { Activation, OptimizerSpec } from '../nn/index.ts';

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
  readonly model: ModelSettings;
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

export interface ModelSettings {
  readonly type: 'mlp';
  readonly hiddenLayers: readonly number[];
  readonly activation: Activation;
  readonly dropout: number;
}

export interface TrainingSettings {
  readonly zigzagThreshold: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: OptimizerSpec;
  /** Absent: every epoch is trained and the last weights are kept. */
  readonly earlyStopping?: EarlyStopping;
  readonly split: SplitFractions;
  readonly seed: number;
}

export const monitors = ['val_loss', 'val_accuracy'] as const;

export interface EarlyStopping {
  /** Epochs without improvement before training stops. */
  readonly patience: number;
  /** What counts as improvement. */
  readonly minDelta: number;
  readonly monitor: (typeof monitors)[number];
}

/** Parts of the time span, in time order; they add up to 1. */
export interface SplitFractions {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}
