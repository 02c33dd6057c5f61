import { z } from 'zod';
import { createRandom } from './random.ts';

export const activations = ['relu', 'leaky_relu', 'tanh', 'sigmoid'] as const;

export type Activation = (typeof activations)[number];

/** A fully connected network that sorts rows into classes: dense layers with an activation, then a softmax. */
export const mlpSchema = z.strictObject({
  kind: z.literal('mlp'),
  /** Numbers in a row. */
  inputs: z.number().int().positive(),
  /** Units of each hidden layer, from the input on; none makes it a linear model. */
  hiddenLayers: z.array(z.number().int().positive()).readonly(),
  classes: z.number().int().min(2),
  activation: z.enum(activations),
  /** Share of hidden units that is left out at random in each training step. */
  dropout: z.number().min(0).lt(1),
});

export type ModelSpec = z.infer<typeof mlpSchema>;

/** A dense layer; `weights` and `biases` say where its parameters begin in the flat array. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly biases: number;
}

/** The dense layers from the input on. The flat layout: each layer's weights output by output, then its biases. */
export function layersOf({ inputs, hiddenLayers, classes }: ModelSpec): Layer[] {
  const widths = [inputs, ...hiddenLayers, classes];
  const layers: Layer[] = [];
  let offset = 0;
  let previous = inputs;
  for (const outputs of widths.slice(1)) {
    const biases = offset + previous * outputs;
    layers.push({ inputs: previous, outputs, weights: offset, biases });
    offset = biases + outputs;
    previous = outputs;
  }
  return layers;
}

/** How many weights and biases a model has. */
export function parameterCount(model: ModelSpec): number {
  return layersOf(model).reduce((count, { inputs, outputs }) => count + (inputs + 1) * outputs, 0);
}

/**
 * Starting weights in the flat layout; biases are 0. Weights of rectified layers are normal with the variance 2 / inputs
 * (He et al. 2015), all others, the last layer's included, uniform within sqrt(6 / (inputs + outputs)) (Glorot and
 * Bengio 2010).
 */
export function initialWeights(model: ModelSpec, seed: number): Float32Array {
  const random = createRandom(seed);
  const weights = new Float32Array(parameterCount(model));
  const layers = layersOf(model);
  const rectified = model.activation === 'relu' || model.activation === 'leaky_relu';
  for (const [index, layer] of layers.entries()) {
    const draw =
      rectified && index < layers.length - 1
        ? () => random.normal() * Math.sqrt(2 / layer.inputs)
        : () => (2 * random.float() - 1) * Math.sqrt(6 / (layer.inputs + layer.outputs));
    for (let position = layer.weights; position < layer.biases; position += 1) weights[position] = draw();
  }
  return weights;
}
