import type { ModelSpec } from './model.ts';
import type { Objective } from './objective.ts';
import { referenceMlp } from './reference-mlp.fixture.ts';
import { referenceRecurrent } from './reference-recurrent.fixture.ts';

/** A model by the book and what it is trained for. */
export interface ReferenceTask {
  readonly model: ModelSpec;
  readonly objective: Objective;
}

export interface ReferenceRow {
  /** The features of the row, the last of the window, and of those before it that a recurrent model reads with it. */
  readonly window: readonly (readonly number[])[];
  readonly target: number;
  readonly weight: number;
}

/**
 * A network by the book, without dropout.
 * @param weights in the flat layout.
 * @returns the probability of each class, or the value.
 */
export function referenceOutputs(
  { model, objective }: ReferenceTask,
  weights: readonly number[],
  window: ReferenceRow['window'],
): number[] {
  const sums =
    model.kind === 'mlp'
      ? referenceMlp(model, weights, window.at(-1) ?? [])
      : referenceRecurrent(model, weights, window);
  return objective.kind === 'cross_entropy' || objective.kind === 'focal' ? softmax(sums) : sums;
}

/** The mean loss of rows by their weights. */
export function referenceLoss(task: ReferenceTask, weights: readonly number[], rows: readonly ReferenceRow[]): number {
  const losses = rows.map(
    ({ window, target, weight }) => weight * lossOf(task.objective, referenceOutputs(task, weights, window), target),
  );
  return sumOf(losses) / sumOf(rows.map(({ weight }) => weight));
}

/** The gradient of the mean loss by central differences. */
export function referenceGradient(
  task: ReferenceTask,
  weights: readonly number[],
  rows: readonly ReferenceRow[],
): number[] {
  return weights.map((_, index) => referenceSlope(task, weights, { rows, direction: new Map([[index, 1]]) }));
}

/** The derivative of the mean loss along a direction, which has its components by the index of the weight. */
export function referenceSlope(
  task: ReferenceTask,
  weights: readonly number[],
  { rows, direction }: { rows: readonly ReferenceRow[]; direction: ReadonlyMap<number, number> },
): number {
  const width = 1e-5;
  const at = (distance: number): number => {
    const moved = [...weights];
    for (const [index, component] of direction) moved[index] = (moved[index] ?? Number.NaN) + distance * component;
    return referenceLoss(task, moved, rows);
  };
  return (at(width) - at(-width)) / (2 * width);
}

function lossOf(objective: Objective, outputs: readonly number[], target: number): number {
  const likelihood = outputs[target] ?? Number.NaN;
  const error = (outputs[0] ?? Number.NaN) - target;
  switch (objective.kind) {
    case 'cross_entropy':
      return -Math.log(likelihood);
    case 'focal':
      return -((1 - likelihood) ** objective.gamma) * Math.log(likelihood);
    case 'mse':
      return error ** 2;
    case 'huber': {
      const { delta } = objective;
      return Math.abs(error) <= delta ? error ** 2 / 2 : delta * (Math.abs(error) - delta / 2);
    }
    default:
      return objective satisfies never;
  }
}

function softmax(sums: readonly number[]): number[] {
  const weights = sums.map((sum) => Math.exp(sum - Math.max(...sums)));
  return weights.map((weight) => weight / sumOf(weights));
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
