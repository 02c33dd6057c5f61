import { z } from 'zod';
import { initializeMlp, layersOf, mlpSchema } from './mlp-model.ts';
import { createRandom } from './random.ts';

/** The networks that can be trained. Each takes rows of `inputs` numbers and gives `outputs` numbers for a row. */
export const modelSchema = z.discriminatedUnion('kind', [mlpSchema]);

export type ModelSpec = z.infer<typeof modelSchema>;

/** A tensor of a model's parameters, and where it lies in the flat array that holds them all. */
export interface ParameterTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * All parameters in the order of the flat layout, without gaps. Of an MLP: `layers.0.weight` of shape [outputs, inputs]
 * and `layers.0.bias` of shape [outputs], from the first layer on.
 */
export function parametersOf(model: ModelSpec): ParameterTensor[] {
  return layersOf(model).flatMap(({ inputs, outputs, weights, biases }, index) => [
    { name: `layers.${index}.weight`, shape: [outputs, inputs], start: weights, end: biases },
    { name: `layers.${index}.bias`, shape: [outputs], start: biases, end: biases + outputs },
  ]);
}

/** How many weights and biases a model has. */
export function parameterCount(model: ModelSpec): number {
  return parametersOf(model).at(-1)?.end ?? 0;
}

/** Starting weights in the flat layout, decided by the seed. */
export function initialWeights(model: ModelSpec, seed: number): Float32Array {
  const weights = new Float32Array(parameterCount(model));
  initializeMlp(model, weights, createRandom(seed));
  return weights;
}
