import { KtrdrError } from '../base/index.ts';
import { createNetwork } from './create-network.ts';
import { toOutputs } from './loss.ts';
import { type ModelSpec, parameterCount } from './model.ts';
import type { Objective } from './objective.ts';

/** A trained model at work. */
export interface Predictor {
  /**
   * The probability of each class, or the value, for rows of features, row after row. A recurrent model reads each row
   * together with those before it: its first answer is for row `sequenceLength - 1`.
   * @throws KtrdrError `invalid_input` when the features are not whole rows.
   */
  outputs(features: Float32Array): Float32Array;
}

/**
 * @param objective what the model was trained for.
 * @param weights in the layout of `Trainer.exportWeights`.
 * @throws KtrdrError `invalid_input` when the weights do not fit the model.
 */
export function createPredictor(model: ModelSpec, objective: Objective['kind'], weights: Float32Array): Predictor {
  const { inputs, outputs: width } = model;
  const expected = parameterCount(model);
  if (weights.length !== expected) {
    throw new KtrdrError('invalid_input', `This model has ${expected} weights, not ${weights.length}.`);
  }
  const network = createNetwork(model, Float64Array.from(weights));
  const { blockRows, firstRow } = network;
  return {
    outputs(features) {
      const rows = features.length / inputs;
      if (!Number.isInteger(rows)) {
        throw new KtrdrError('invalid_input', `${features.length} features do not make whole rows of ${inputs}.`);
      }
      const result = new Float32Array(Math.max(0, rows - firstRow) * width);
      for (let start = firstRow; start < rows; start += blockRows) {
        const block = Int32Array.from({ length: Math.min(blockRows, rows - start) }, (_, index) => start + index);
        network.load(features, block);
        network.forward(block.length);
        toOutputs(objective, network.outputs, { rows: block.length, width });
        result.set(network.outputs.subarray(0, block.length * width), (start - firstRow) * width);
      }
      return result;
    },
  };
}
