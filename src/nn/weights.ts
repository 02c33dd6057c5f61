import { KtrdrError, sha256Of } from '../base/index.ts';
import { type ModelSpec, parameterCount, parametersOf } from './model.ts';
import type { Tensor } from './safetensors.ts';

/** The SHA-256 of weights as little-endian float32, in hexadecimal: equal hashes are equal models. */
export function weightsHash(weights: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(weights.byteLength));
  for (const [index, value] of weights.entries()) bytes.setFloat32(index * Float32Array.BYTES_PER_ELEMENT, value, true);
  return sha256Of(bytes);
}

/**
 * Weights by name; the names and shapes are those of `parametersOf`.
 * @throws KtrdrError `invalid_input` when the weights do not fit the model.
 */
export function tensorsFromWeights(model: ModelSpec, weights: Float32Array): Map<string, Tensor> {
  const expected = parameterCount(model);
  if (weights.length !== expected) {
    throw new KtrdrError('invalid_input', `This model has ${expected} weights, not ${weights.length}.`);
  }
  return new Map(
    parametersOf(model).map(({ name, shape, start, end }) => [name, { shape, values: weights.slice(start, end) }]),
  );
}

/**
 * The other way round.
 * @throws KtrdrError `data_corrupt` when a tensor is absent, has another shape, or is not of this model.
 */
export function weightsFromTensors(model: ModelSpec, tensors: ReadonlyMap<string, Tensor>): Float32Array {
  const weights = new Float32Array(parameterCount(model));
  const expected = parametersOf(model);
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
