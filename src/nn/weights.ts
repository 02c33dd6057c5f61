import { createHash } from 'node:crypto';
import { KtrdrError } from '../base/index.ts';
import { layersOf, type ModelSpec, parameterCount } from './model.ts';
import type { Tensor } from './safetensors.ts';

/** The SHA-256 of weights as little-endian float32, in hexadecimal: equal hashes are equal models. */
export function weightsHash(weights: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(weights.byteLength));
  for (const [index, value] of weights.entries()) bytes.setFloat32(index * Float32Array.BYTES_PER_ELEMENT, value, true);
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Weights by name: `layers.0.weight` of shape [outputs, inputs] and `layers.0.bias` of shape [outputs], from the first
 * layer on.
 * @throws KtrdrError `invalid_input` when the weights do not fit the model.
 */
export function tensorsFromWeights(model: ModelSpec, weights: Float32Array): Map<string, Tensor> {
  const expected = parameterCount(model);
  if (weights.length !== expected) {
    throw new KtrdrError('invalid_input', `This model has ${expected} weights, not ${weights.length}.`);
  }
  return new Map(
    slots(model).map(({ name, shape, start, end }) => [name, { shape, values: weights.slice(start, end) }]),
  );
}

/**
 * The other way round.
 * @throws KtrdrError `data_corrupt` when a tensor is absent, has another shape, or is not of this model.
 */
export function weightsFromTensors(model: ModelSpec, tensors: ReadonlyMap<string, Tensor>): Float32Array {
  const weights = new Float32Array(parameterCount(model));
  const expected = slots(model);
  for (const { name, shape, start } of expected) {
    const tensor = tensors.get(name);
    if (tensor === undefined)
      throw new KtrdrError('data_corrupt', `The weights lack the tensor "${name}" of the model.`);
    if (tensor.shape.join() !== shape.join()) {
      throw new KtrdrError(
        'data_corrupt',
        `The tensor "${name}" has the shape [${tensor.shape.join(', ')}]; the model needs [${shape.join(', ')}].`,
      );
    }
    weights.set(tensor.values, start);
  }
  if (tensors.size !== expected.length) {
    throw new KtrdrError('data_corrupt', `The weights hold ${tensors.size} tensors; the model has ${expected.length}.`);
  }
  return weights;
}

function slots(model: ModelSpec): { name: string; shape: number[]; start: number; end: number }[] {
  return layersOf(model).flatMap(({ inputs, outputs, weights, biases }, index) => [
    { name: `layers.${index}.weight`, shape: [outputs, inputs], start: weights, end: biases },
    { name: `layers.${index}.bias`, shape: [outputs], start: biases, end: biases + outputs },
  ]);
}
