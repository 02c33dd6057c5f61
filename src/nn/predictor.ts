import { KtrdrError } from '../base/index.ts';
import { blockRows, MlpNetwork } from './mlp-network.ts';
import { type ModelSpec, parameterCount } from './model.ts';

/** A trained model at work. */
export interface Predictor {
  /**
   * The probability of each class for rows of features, row after row.
   * @throws KtrdrError `invalid_input` when the features are not whole rows.
   */
  probabilities(features: Float32Array): Float32Array;
}

/**
 * @param weights in the layout of `Trainer.exportWeights`.
 * @throws KtrdrError `invalid_input` when the weights do not fit the model.
 */
export function createPredictor(model: ModelSpec, weights: Float32Array): Predictor {
  const { inputs, classes } = model;
  const expected = parameterCount(model);
  if (weights.length !== expected) {
    throw new KtrdrError('invalid_input', `This model has ${expected} weights, not ${weights.length}.`);
  }
  const network = new MlpNetwork(model, Float64Array.from(weights));
  return {
    probabilities(features) {
      const rows = features.length / inputs;
      if (!Number.isInteger(rows)) {
        throw new KtrdrError('invalid_input', `${features.length} features do not make whole rows of ${inputs}.`);
      }
      const result = new Float32Array(rows * classes);
      for (let start = 0; start < rows; start += blockRows) {
        const count = Math.min(blockRows, rows - start);
        network.inputs.set(features.subarray(start * inputs, (start + count) * inputs));
        network.forward(count);
        result.set(network.probabilities.subarray(0, count * classes), start * classes);
      }
      return result;
    },
  };
}
