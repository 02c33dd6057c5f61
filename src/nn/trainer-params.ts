import { KtrdrError } from '../base/index.ts';
import type { RandomState } from './random.ts';

/** All that a continued training needs. */
export interface TrainerState {
  readonly weights: Float32Array;
  /** The optimizer's moments, in the order of the weights. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly steps: number;
  readonly random: RandomState;
}

const halvesPerWord = 2;
const words = 5;

/** The layout of `Trainer.exportParams`. */
export function packParams({ weights, first, second, steps, random }: TrainerState): Float32Array {
  const count = weights.length;
  const params = new Float32Array(3 * count + words * halvesPerWord);
  params.set(weights);
  params.set(first, count);
  params.set(second, 2 * count);
  params.set([steps, ...random].flatMap(halves), 3 * count);
  return params;
}

/**
 * @param count how many weights the model has.
 * @throws KtrdrError `invalid_input` when there are not as many numbers as such a model needs.
 */
export function unpackParams(params: Float32Array, count: number): TrainerState {
  const length = 3 * count + words * halvesPerWord;
  if (params.length !== length) {
    throw new KtrdrError(
      'invalid_input',
      `Cannot take ${params.length} numbers as the state of a training whose state has ${length}; ` +
        'it was exported from another model.',
    );
  }
  const word = (index: number): number => joined(params, 3 * count + halvesPerWord * index);
  return {
    weights: params.subarray(0, count),
    first: params.subarray(count, 2 * count),
    second: params.subarray(2 * count, 3 * count),
    steps: word(0),
    random: [word(1), word(2), word(3), word(4)],
  };
}

/** A float32 holds 16 bits exactly, 32 not. */
const halves = (word: number): number[] => [word & 0xffff, word >>> 16];

const joined = (params: Float32Array, index: number): number =>
  (params[index] ?? 0) + 2 ** 16 * (params[index + 1] ?? 0);
