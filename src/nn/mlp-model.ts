import { z } from 'zod';
import type { DenseLayer } from './dense-layer.ts';
import type { Random } from './random.ts';

export const activations = ['relu', 'leaky_relu', 'tanh', 'sigmoid'] as const;

export type Activation = (typeof activations)[number];

/** A fully connected network: dense layers, each hidden one with an activation and dropout behind it. */
export const mlpSchema = z.strictObject({
  kind: z.literal('mlp'),
  /** Numbers in a row. */
  inputs: z.number().int().positive(),
  /** Units of each hidden layer, from the input on; none makes it a linear model. */
  hiddenLayers: z.array(z.number().int().positive()).readonly(),
  outputs: z.number().int().positive(),
  activation: z.enum(activations),
  /** Share of hidden units that is left out at random in each training step. */
  dropout: z.number().min(0).lt(1),
});

export type MlpSpec = z.infer<typeof mlpSchema>;

/** The dense layers from the input on. The flat layout: each layer's weights output by output, then its biases. */
export function layersOf({ inputs, hiddenLayers, outputs: last }: MlpSpec): DenseLayer[] {
  const layers: DenseLayer[] = [];
  let offset = 0;
  let previous = inputs;
  for (const outputs of [...hiddenLayers, last]) {
    const biases = offset + previous * outputs;
    layers.push({ inputs: previous, outputs, weights: offset, biases });
    offset = biases + outputs;
    previous = outputs;
  }
  return layers;
}

/**
 * Sets the starting weights; biases stay 0. Weights of rectified layers are normal with the variance 2 / inputs (He et
 * al. 2015), all others, the last layer's included, uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010).
 */
export function initializeMlp(model: MlpSpec, weights: Float32Array, random: Random): void {
  const layers = layersOf(model);
  const rectified = model.activation === 'relu' || model.activation === 'leaky_relu';
  for (const [index, layer] of layers.entries()) {
    const draw =
      rectified && index < layers.length - 1
        ? () => random.normal() * Math.sqrt(2 / layer.inputs)
        : () => (2 * random.float() - 1) * Math.sqrt(6 / (layer.inputs + layer.outputs));
    for (let position = layer.weights; position < layer.biases; position += 1) weights[position] = draw();
  }
}
