import { KtrdrError } from '../base/index.ts';
import { classesOf, type Feature, type TrainingPlan } from '../strategies/index.ts';
import { classCounts } from './row-weights.ts';
import { parts, type Part } from './split.ts';
import { inputOf, type UnknownFeatures } from './unknown-features.ts';

interface Learnable {
  readonly parts: Readonly<Record<Part, Int32Array>>;
  readonly targets: Int32Array | Float32Array;
  /** Features that never change in the training part. */
  readonly constant: readonly Feature[];
}

/** @throws KtrdrError `failed_precondition` with what is missing, the numbers, and what would help. */
export function refuseUnlearnable(plan: TrainingPlan, { parts: rows, targets, constant }: Learnable): void {
  const { strategy, symbols, baseTimeframe } = plan;
  const { split, labels, batchSize } = strategy.training;
  const subject = `${symbols.join(', ')} [${baseTimeframe}]`;
  const counts = { train: rows.train.length, validation: rows.validation.length, test: rows.test.length };
  const refuse = (message: string, details: object = {}): never => {
    throw new KtrdrError('failed_precondition', message, { details: { rows: counts, ...details } });
  };
  for (const part of parts) {
    if (split[part] === 0 || rows[part].length > 0) continue;
    refuse(
      `No bar of ${subject} has both features and a label in the ${part} part. ` +
        `Give the training a longer history, or ${easierLabels[labels.source]}.`,
      { part },
    );
  }
  if (counts.train < batchSize) {
    refuse(
      `${subject} give ${counts.train} rows to train on, and a batch has ${batchSize}. ` +
        'Give the training a longer history, or a smaller training.batch_size.',
    );
  }
  const classes = classesOf(labels);
  const balance = classCounts(targets, rows.train, classes.length);
  const present = classes.filter((_, label) => (balance[label] ?? 0) > 0);
  if (present.length === 1) {
    refuse(
      `All ${counts.train} rows of ${subject} to train on are ${present[0]}, so there is nothing to tell apart. ` +
        `Give the training a longer history, or ${easierLabels[labels.source]}.`,
      { classBalance: Object.fromEntries(classes.map((name, label) => [name, balance[label] ?? 0])) },
    );
  }
  refuseConstantInputs(plan, constant, refuse);
}

/**
 * A symbol that gives no row at all would be named by the model, which has learnt nothing of it.
 * @throws KtrdrError `failed_precondition`.
 */
export function refuseWithoutRows(symbol: string, { ids, why }: UnknownFeatures): never {
  throw new KtrdrError(
    'failed_precondition',
    `${why} Load more of its history, take such inputs out of nn_inputs, or train without ${symbol}.`,
    { details: { symbol, unknown: ids } },
  );
}

/** One word of a fuzzy set may never apply; an input of which nothing ever changes cannot be learnt from. */
function refuseConstantInputs(
  { features }: TrainingPlan,
  constant: readonly Feature[],
  refuse: (message: string, details: object) => never,
): void {
  const changing = new Set(features.filter((feature) => !constant.includes(feature)).map(inputOf));
  const dead = [...new Set(constant.map(inputOf))].filter((input) => !changing.has(input));
  if (dead.length === 0) return;
  refuse(
    `${dead.join(', ')} never ${dead.length === 1 ? 'changes' : 'change'} in the training part. Let the fuzzy sets cover ` +
      'the values that occur (the model would learn nothing from them), or take the inputs out of nn_inputs.',
    { constant: constant.map(({ id }) => id) },
  );
}

const easierLabels = {
  zigzag: 'a smaller labels.zigzag_threshold, so that smaller turns of the price count',
  forward_return: 'a shorter labels.horizon',
  triple_barrier: 'a shorter labels.max_holding, or a lower CUSUM threshold',
  context: 'labels.bullish and labels.bearish nearer to 0, or a shorter labels.horizon',
  regime: 'a smaller labels.macro_atr_mult',
} as const;
