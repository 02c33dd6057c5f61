import { reserve, roundUp } from './panels.ts';

/**
 * All parameters lie in one region, their gradient and the optimizer's moments in three more of the same layout, so that
 * an optimizer runs through them from end to end. Gaps between the parameters are 0 in all four, and stay so: whatever
 * would move them is multiplied by a line of zeros.
 */
export let parameters: usize = 0;
export let gradient: usize = 0;
export let firstMoments: usize = 0;
export let secondMoments: usize = 0;
/** Of a region, a multiple of a vector. */
export let regionBytes: usize = 0;

/** Where a flat array of parameters is exchanged with the caller, in the caller's layout. */
export let exchange: usize = 0;

const announced: Weights[] = [];

/**
 * The weights of a dense layer, with its biases as those of one more input that is always 1. They lie in tiles of four
 * outputs, and in a tile input after input: [outputs / 4][rows][4], which both directions read from end to end.
 */
@unmanaged
export class Weights {
  inputs: usize;
  outputs: usize;
  /** Inputs, the one of the biases, and what the last tiles reach beyond. */
  rows: usize;
  /** In bytes from the beginning of a region. */
  at: usize;
  /** Where weights, output by output, and biases begin in the caller's layout, counted in numbers. */
  weightsFrom: usize;
  biasesFrom: usize;

  constructor(inputs: usize, outputs: usize, weightsFrom: usize, biasesFrom: usize) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.rows = max(roundUp(inputs + 1, 2), roundUp(inputs, 4));
    this.at = regionBytes;
    this.weightsFrom = weightsFrom;
    this.biasesFrom = biasesFrom;
    announced.push(this);
    regionBytes += this.rows * roundUp(outputs, 4) * sizeof<f32>();
  }

  /** Bytes from a tile of outputs to the next one. */

  get tileBytes(): usize {
    return this.rows * vectorBytes;
  }
}

const vectorBytes: usize = 16;

/** Makes the regions, once every layer has announced its weights. */
export function reserveParameters(count: usize): void {
  parameters = reserve(regionBytes);
  gradient = reserve(regionBytes);
  firstMoments = reserve(regionBytes);
  secondMoments = reserve(regionBytes);
  exchange = reserve(count * sizeof<f32>());
}

/** Takes a region's numbers from the exchange. */
export function importRegion(region: usize): void {
  for (let index = 0; index < announced.length; index++) {
    const weights = announced[index];
    for (let output: usize = 0; output < weights.outputs; output++) {
      for (let input: usize = 0; input <= weights.inputs; input++) {
        store<f32>(
          region + placeOf(weights, output, input),
          load<f32>(exchange + callersPlaceOf(weights, output, input)),
        );
      }
    }
  }
}

/** Brings a region's numbers to the exchange. */
export function exportRegion(region: usize): void {
  for (let index = 0; index < announced.length; index++) {
    const weights = announced[index];
    for (let output: usize = 0; output < weights.outputs; output++) {
      for (let input: usize = 0; input <= weights.inputs; input++) {
        store<f32>(
          exchange + callersPlaceOf(weights, output, input),
          load<f32>(region + placeOf(weights, output, input)),
        );
      }
    }
  }
}

function placeOf(weights: Weights, output: usize, input: usize): usize {
  return weights.at + (output >> 2) * weights.tileBytes + input * vectorBytes + (output & 3) * sizeof<f32>();
}

function callersPlaceOf(weights: Weights, output: usize, input: usize): usize {
  const isBias = input === weights.inputs;
  const place = isBias ? weights.biasesFrom + output : weights.weightsFrom + output * weights.inputs + input;
  return place * sizeof<f32>();
}
