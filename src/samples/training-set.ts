import type { CancellationToken } from '../async/index.ts';
import type { Dataset } from '../nn/index.ts';
import { classesOf, type TrainingPlan } from '../strategies/index.ts';
import { constantFeatures } from './constant-features.ts';
import { endedSeries } from './ended-series.ts';
import { barsOf, symbolFeatures, type FeatureRows, type SymbolBars } from './features.ts';
import { labelBars } from './labels/label-bars.ts';
import type { BarLabels } from './labels/bar-labels.ts';
import { featureMeans, normalize, type FeatureScale } from './normalize.ts';
import { refuseUnlearnable, refuseWithoutRows } from './refuse-unlearnable.ts';
import { rowWeights } from './row-weights.ts';
import { cutsOf, parts as partNames, type Part, type SplitCuts } from './split.ts';
import { unknownFeatures } from './unknown-features.ts';

/** The rows of a training, of all its symbols one after the other, and which of them belong to which part. */
export interface TrainingSet {
  readonly data: Dataset;
  readonly parts: TrainingParts;
  /** The names of the classes; none where the target is a number. */
  readonly classes: readonly string[];
  /** For each feature how its raw values were scaled. */
  readonly scales: readonly FeatureScale[];
  /** The mean of each feature, scaled, over the training part. */
  readonly means: readonly number[];
  readonly symbols: readonly SymbolRows[];
  /** What does no harm but is probably a mistake, as sentences. */
  readonly warnings: readonly string[];
}

/** Indices of rows, rising. A row belongs to one part at most; rows without a label belong to none. */
export type TrainingParts = Readonly<Record<Part, Int32Array>>;

/** The rows of one symbol, `[from, to)`, and of each its bar: the stamp, when it was complete, which of the series it is. */
export interface SymbolRows {
  readonly symbol: string;
  readonly from: number;
  readonly to: number;
  readonly time: Float64Array;
  readonly closedAt: Float64Array;
  readonly bars: Int32Array;
  /** What was traded in each bar of the series. */
  readonly volume: Float64Array;
}

/**
 * Features, targets and parts of a training.
 *
 * The parts follow each other in time, cut at the same instants for all symbols. A row belongs to a part when both its
 * own bar and all that decided its label were known within it: a label that looked over a cut is left out (purged), and so
 * are the rows of the embargo behind the cut. A row of a network that reads sequences needs the whole sequence before it.
 * @throws KtrdrError `failed_precondition` when there is nothing to learn from: a symbol without any row, an empty part,
 * fewer rows than a batch, one class only, features that never change.
 */
export function buildTrainingSet(
  plan: TrainingPlan,
  symbols: readonly SymbolBars[],
  token: CancellationToken,
): TrainingSet {
  const { training } = plan.strategy;
  const classes = classesOf(training.labels);
  const rows = symbols.map((held) => symbolFeatures(plan, held, token));
  for (const [index, held] of symbols.entries()) {
    if (rows[index]?.bars.length === 0) refuseWithoutRows(held.symbol, unknownFeatures(plan, held, token));
  }
  const cuts = cutsOf(
    rows.map(({ closedAt }) => closedAt),
    training.split,
  );
  const {
    features,
    targets,
    labelWeights,
    parts,
    symbols: symbolRows,
  } = joinRows(plan, symbols, { rows, cuts, token });
  const constant = constantFeatures(features, plan.features, parts.train);
  refuseUnlearnable(plan, { parts, targets, constant });
  const weights = rowWeights({
    labelWeights,
    targets,
    classes,
    train: parts.train,
    classWeights: training.classWeights,
  });
  const scales = normalize(features, plan.features, parts.train);
  return {
    data: { features, targets, ...(weights === undefined ? {} : { weights }) },
    parts,
    classes,
    scales,
    means: featureMeans(features, plan.features.length, parts.train),
    symbols: symbolRows,
    warnings: [
      ...constant.map(({ id }) => `The feature ${id} has the same value in all rows of the training part.`),
      ...endedSeries(plan, symbols),
    ],
  };
}

interface JoinedRows {
  /** Raw values are not scaled yet. */
  readonly features: Float32Array;
  readonly targets: Int32Array | Float32Array;
  readonly labelWeights: Float32Array;
  readonly parts: TrainingParts;
  readonly symbols: readonly SymbolRows[];
}

/** The rows of all symbols one behind the other, those that have one with their label, and the part they belong to. */
function joinRows(
  plan: TrainingPlan,
  symbols: readonly SymbolBars[],
  { rows, cuts, token }: { rows: readonly FeatureRows[]; cuts: SplitCuts; token: CancellationToken },
): JoinedRows {
  const { training, model } = plan.strategy;
  const window = model.type === 'mlp' ? 1 : model.sequenceLength;
  const count = rows.reduce((sum, { bars }) => sum + bars.length, 0);
  const features = new Float32Array(count * plan.features.length);
  const targets = classesOf(training.labels).length > 0 ? new Int32Array(count) : new Float32Array(count);
  const labelWeights = new Float32Array(count).fill(1);
  const chosen: Record<Part, number[]> = { train: [], validation: [], test: [] };
  const symbolRows: SymbolRows[] = [];
  let offset = 0;
  for (const [index, held] of symbols.entries()) {
    token.throwIfCancelled('the labelling of bars');
    const own = rows[index];
    if (own === undefined) continue;
    const bars = barsOf(held, plan.baseTimeframe);
    const labels = labelBars(bars, training.labels);
    features.set(own.values, offset * plan.features.length);
    const time = new Float64Array(own.bars.length);
    for (let row = 0; row < time.length; row += 1) {
      const bar = own.bars[row] ?? -1;
      time[row] = bars.time[bar] ?? Number.NaN;
      const part = partOf(bar, { row, own, labels, cuts, window });
      if (part === undefined) continue;
      targets[offset + row] = labels.values[bar] ?? Number.NaN;
      labelWeights[offset + row] = labels.weights?.[bar] ?? 1;
      chosen[part].push(offset + row);
    }
    const to = offset + own.bars.length;
    const { closedAt, bars: barOfRow } = own;
    symbolRows.push({ symbol: held.symbol, from: offset, to, time, closedAt, bars: barOfRow, volume: bars.volume });
    offset = to;
  }
  return {
    features,
    targets,
    labelWeights,
    parts: {
      train: Int32Array.from(chosen.train),
      validation: Int32Array.from(chosen.validation),
      test: Int32Array.from(chosen.test),
    },
    symbols: symbolRows,
  };
}

interface Candidate {
  readonly row: number;
  readonly own: FeatureRows;
  readonly labels: BarLabels;
  readonly cuts: SplitCuts;
  /** Rows that have to follow each other without a gap up to this one. */
  readonly window: number;
}

function partOf(bar: number, { row, own, labels, cuts, window }: Candidate): Part | undefined {
  const decidedAt = labels.decidedAt[bar] ?? -1;
  if (decidedAt < 0 || own.bars[row - window + 1] !== bar - window + 1) return undefined;
  const known = own.closedAt[row] ?? Number.NaN;
  const decided = own.barClosedAt[decidedAt] ?? Number.NaN;
  return partNames.find((part) => known >= cuts[part].from && decided < cuts[part].to);
}
