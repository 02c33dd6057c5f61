import { z } from 'zod';
import type { DenseLayer } from './dense-layer.ts';
import { initializeMlp, layersOf, mlpSchema } from './mlp-model.ts';
import { createRandom } from './random.ts';
import {
  gruSchema,
  initializeRecurrent,
  lstmSchema,
  recurrentLayersOf,
  type RecurrentShape,
} from './recurrent-model.ts';

/** The networks that can be trained. Each takes rows of `inputs` numbers and gives `outputs` numbers for a row. */
export const modelSchema = z.discriminatedUnion('kind', [mlpSchema, gruSchema, lstmSchema]);

export type ModelSpec = z.infer<typeof modelSchema>;

/** A tensor of a model's parameters, and where it lies in the flat array that holds them all. */
export interface ParameterTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * All parameters in the order of the flat layout, without gaps, layer after layer from the input on. A dense layer has
 * `layers.0.weight` of shape [outputs, inputs] and `layers.0.bias` of shape [outputs]. A recurrent one has
 * `layers.0.weight_ih` of shape [gates, inputs], `layers.0.weight_hh` of shape [gates, hidden size], `layers.0.bias_ih` and
 * `layers.0.bias_hh` of shape [gates], as PyTorch has them; the last layer is dense in all models.
 */
export function parametersOf(model: ModelSpec): ParameterTensor[] {
  if (model.kind === 'mlp') return layersOf(model).flatMap(denseTensors);
  const { recurrent, dense } = recurrentLayersOf(model);
  return [...recurrent.flatMap(recurrentTensors), ...denseTensors(dense, recurrent.length)];
}

function denseTensors({ inputs, outputs, weights, biases }: DenseLayer, index: number): ParameterTensor[] {
  return [
    { name: `layers.${index}.weight`, shape: [outputs, inputs], start: weights, end: biases },
    { name: `layers.${index}.bias`, shape: [outputs], start: biases, end: biases + outputs },
  ];
}

function recurrentTensors(layer: RecurrentShape, index: number): ParameterTensor[] {
  const { inputs, hiddenSize, gates, weightIh, weightHh, biasIh, biasHh } = layer;
  return [
    { name: `layers.${index}.weight_ih`, shape: [gates, inputs], start: weightIh, end: weightHh },
    { name: `layers.${index}.weight_hh`, shape: [gates, hiddenSize], start: weightHh, end: biasIh },
    { name: `layers.${index}.bias_ih`, shape: [gates], start: biasIh, end: biasHh },
    { name: `layers.${index}.bias_hh`, shape: [gates], start: biasHh, end: biasHh + gates },
  ];
}

/** How many weights and biases a model has. */
export function parameterCount(model: ModelSpec): number {
  return parametersOf(model).at(-1)?.end ?? 0;
}

/** How many rows are read for an answer: the row that it is for, and those before it. */
export function sequenceLengthOf(model: ModelSpec): number {
  return model.kind === 'mlp' ? 1 : model.sequenceLength;
}

/** Starting weights in the flat layout, decided by the seed. */
export function initialWeights(model: ModelSpec, seed: number): Float32Array {
  const weights = new Float32Array(parameterCount(model));
  const random = createRandom(seed);
  if (model.kind === 'mlp') initializeMlp(model, weights, random);
  else initializeRecurrent(model, weights, random);
  return weights;
}
