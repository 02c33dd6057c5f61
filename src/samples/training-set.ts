import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { Dataset } from '../nn/index.ts';
import { symbolFeatures, type FeatureRows, type SymbolBars } from './features.ts';
import { unlabelled, zigzagLabels } from './labels.ts';
import { normalize, type FeatureScale } from './normalize.ts';
import type { TrainingPlan } from '../strategies/index.ts';
import { cutsOf, type SplitCuts } from './split.ts';

/** The rows of a training, of all its symbols one after the other, and which of them belong to which part. */
export interface TrainingSet {
  readonly data: Dataset & { readonly targets: Int32Array };
  readonly parts: TrainingParts;
  /** For each feature how its raw values were scaled. */
  readonly scales: readonly FeatureScale[];
}

/** Indices of rows. A row belongs to one part at most; rows without a label belong to none. */
export interface TrainingParts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

/**
 * Features, labels and parts of a training.
 *
 * A part's labels are computed from the bars up to its own end only: what came after the cut, which decides the last
 * labels before it, is not known to the part. Those few rows carry no label and are left out.
 * @throws KtrdrError `failed_precondition` when a part has no row.
 */
export function buildTrainingSet(
  plan: TrainingPlan,
  symbols: readonly SymbolBars[],
  token: CancellationToken,
): TrainingSet {
  const rows = symbols.map((held) => symbolFeatures(plan, held, token));
  const { split, labels: rule } = plan.strategy.training;
  if (rule.source !== 'zigzag') throw new KtrdrError('internal', `There are no labels of the source "${rule.source}".`);
  const cuts = cutsOf(
    rows.map(({ closedAt }) => closedAt),
    split,
  );
  const count = rows.reduce((sum, { bars }) => sum + bars.length, 0);
  const features = new Float32Array(count * plan.features.length);
  const labels = new Int32Array(count);
  const parts: Record<keyof TrainingParts, number[]> = { train: [], validation: [], test: [] };
  let offset = 0;
  for (const [index, held] of symbols.entries()) {
    token.throwIfCancelled('the labelling of bars');
    const own = rows[index];
    if (own === undefined) continue;
    features.set(own.values, offset * plan.features.length);
    const closes = closesOf(held, plan);
    for (const { part, from, to } of spansOf(own, cuts)) {
      const lastBar = own.bars[to - 1] ?? -1;
      const known = zigzagLabels(closes.subarray(0, lastBar + 1), rule.threshold);
      for (let row = from; row < to; row += 1) {
        const label = known[own.bars[row] ?? -1] ?? unlabelled;
        if (label === unlabelled) continue;
        labels[offset + row] = label;
        parts[part].push(offset + row);
      }
    }
    offset += own.bars.length;
  }
  const rowsOf = {
    train: Int32Array.from(parts.train),
    validation: Int32Array.from(parts.validation),
    test: Int32Array.from(parts.test),
  };
  refuseEmptyParts(plan, rowsOf);
  return {
    data: { features, targets: labels },
    parts: rowsOf,
    scales: normalize(features, plan.features, rowsOf.train),
  };
}

interface Span {
  readonly part: keyof TrainingParts;
  readonly from: number;
  readonly to: number;
}

/** The rows of one symbol fall into three spans, in time order. */
function spansOf({ closedAt }: FeatureRows, { validationFrom, testFrom }: SplitCuts): Span[] {
  const firstAtOrAfter = (instant: number): number => {
    const index = closedAt.findIndex((closed) => closed >= instant);
    return index < 0 ? closedAt.length : index;
  };
  const validation = firstAtOrAfter(validationFrom);
  const test = firstAtOrAfter(testFrom);
  return [
    { part: 'train', from: 0, to: validation },
    { part: 'validation', from: validation, to: test },
    { part: 'test', from: test, to: closedAt.length },
  ];
}

function closesOf({ symbol, series }: SymbolBars, { baseTimeframe }: TrainingPlan): Float64Array {
  const found = series.find(({ timeframe }) => timeframe === baseTimeframe);
  if (found === undefined) throw new KtrdrError('internal', `The ${baseTimeframe} bars of ${symbol} went missing.`);
  return found.bars.close;
}

function refuseEmptyParts({ strategy, symbols, baseTimeframe }: TrainingPlan, parts: TrainingParts): void {
  const { split } = strategy.training;
  for (const part of ['train', 'validation', 'test'] as const) {
    if (split[part] === 0 || parts[part].length > 0) continue;
    throw new KtrdrError(
      'failed_precondition',
      `No bar of ${symbols.join(', ')} [${baseTimeframe}] has both features and a label in the ${part} part. Give the ` +
        'training a longer history, or labels whose threshold the price reaches more often.',
      {
        details: {
          part,
          rows: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
        },
      },
    );
  }
}
