import type { CancellationToken } from '../../async/index.ts';
import { createPredictor, sequenceLengthOf, type Evaluation, type ModelSpec, type Objective } from '../../nn/index.ts';
import type { TrainingSet } from '../../samples/index.ts';
import type { DecisionSettings } from '../../strategies/index.ts';
import { partMetrics, targetsOf, type PartMetrics } from '../metrics.ts';
import type { Assessment } from './model-report.ts';
import { decisionSummary } from './decision-summary.ts';
import { partDetails, type PartDetails } from './part-details.ts';
import { permutationImportance } from './permutation-importance.ts';

interface ModelToAssess {
  readonly set: TrainingSet;
  /** The ids of the features, in the order of the inputs. */
  readonly ids: readonly string[];
  readonly model: ModelSpec;
  readonly objective: Objective;
  readonly weights: Float32Array;
  /** Loss and outputs of rows, by the trainer that has the weights. */
  readonly evaluate: (rows: Int32Array) => Evaluation;
  readonly decisions: DecisionSettings;
  readonly seed: number;
}

/** Measures a trained model on every part that has rows. The same model and rows give the same numbers. */
export function assessModel(assessed: ModelToAssess, token: CancellationToken): Assessment {
  const { parts } = assessed.set;
  const train = assessPart(assessed, parts.train);
  const validation = parts.validation.length > 0 ? assessPart(assessed, parts.validation) : undefined;
  const test = parts.test.length > 0 ? assessPart(assessed, parts.test) : undefined;
  const part = test !== undefined ? 'test' : validation !== undefined ? 'validation' : undefined;
  return {
    metrics: {
      train: train.metrics,
      ...(validation === undefined ? {} : { validation: validation.metrics }),
      ...(test === undefined ? {} : { test: test.metrics }),
    },
    details: {
      train: train.details,
      ...(validation === undefined ? {} : { validation: validation.details }),
      ...(test === undefined ? {} : { test: test.details }),
    },
    ...(part === undefined ? {} : { importance: importanceOn(part, assessed, token) }),
  };
}

function assessPart(
  { set, evaluate, decisions: settings }: ModelToAssess,
  rows: Int32Array,
): { readonly metrics: PartMetrics; readonly details: PartDetails } {
  const { data, parts, classes } = set;
  const { loss, outputs } = evaluate(rows);
  const told = { outputs, targets: targetsOf(data.targets, rows), classes };
  // Rows rise, and each symbol has a stretch of them.
  const placeOf = (row: number): number => rows.findLastIndex((own) => own < row) + 1;
  const symbols = set.symbols.map((of) => ({ of, first: placeOf(of.from), last: placeOf(of.to) }));
  return {
    metrics: partMetrics({ ...told, loss }),
    details: {
      ...partDetails({
        ...told,
        symbols: symbols.map(({ of: { symbol }, first, last }) => ({ symbol, from: first, to: last })),
        known: targetsOf(data.targets, parts.train),
      }),
      decisions: decisionSummary({ outputs, rows, set, symbols, settings }),
    },
  };
}

function importanceOn(
  part: 'validation' | 'test',
  { set: { data, parts, classes }, ids, model, objective, weights, seed }: ModelToAssess,
  token: CancellationToken,
): ReturnType<typeof permutationImportance> {
  return permutationImportance(
    {
      part,
      rows: parts[part],
      data,
      classes,
      ids,
      predictor: createPredictor(model, objective.kind, weights),
      window: sequenceLengthOf(model),
      weights: weights.length,
      seed,
    },
    token,
  );
}
