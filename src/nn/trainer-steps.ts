import { KtrdrError } from '../base/index.ts';

/** `Trainer.steps` of a trainer for which many batches at once are no less work than one after the other. */
export function stepByStep(rows: Int32Array, batchSize: number, step: (rows: Int32Array) => number): Float64Array {
  if (rows.length === 0) throw noRows();
  const losses = new Float64Array(Math.ceil(rows.length / batchSize));
  for (const batch of losses.keys()) losses[batch] = step(rows.subarray(batch * batchSize, (batch + 1) * batchSize));
  return losses;
}

export function noRows(): KtrdrError {
  return new KtrdrError('invalid_input', 'A training step needs at least one row; it got none.');
}
