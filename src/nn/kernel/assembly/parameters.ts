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

/** Weights by which some outputs sum some inputs, with their biases: where both begin in the caller's layout, in numbers. */
@unmanaged
export class Source {
  inputs: usize;
  weightsFrom: usize;
  biasesFrom: usize;

  constructor(inputs: usize, weightsFrom: usize, biasesFrom: usize) {
    this.inputs = inputs;
    this.weightsFrom = weightsFrom;
    this.biasesFrom = biasesFrom;
  }
}

/** Lines for so many inputs, the 1 that the biases are weights of, and zeros for what the tiles reach beyond. */
export function linesOf(inputs: usize): usize {
  return max(roundUp(inputs + 1, 2), roundUp(inputs, 4));
}

/**
 * The weights of a dense layer, with its biases as those of one more input that is always 1. They lie in tiles of four
 * outputs, and in a tile input after input: [outputs / 4][rows][4], which both directions read from end to end. A layer
 * may sum two sources, one after the other; each then has its biases and its lines.
 */
@unmanaged
export class Weights {
  inputs: usize;
  outputs: usize;
  /** Inputs, the one of the biases, and what the last tiles reach beyond. */
  rows: usize;
  /** In bytes from the beginning of a region. */
  at: usize;
  source: Source;
  /** What is summed before it, or 0. */
  sourceBefore: Source;

  constructor(outputs: usize, source: Source, sourceBefore: Source = changetype<Source>(0)) {
    const linesBefore: usize = changetype<usize>(sourceBefore) === 0 ? 0 : linesOf(sourceBefore.inputs);
    this.inputs = linesBefore + source.inputs;
    this.outputs = outputs;
    this.rows = linesBefore + linesOf(source.inputs);
    this.at = regionBytes;
    this.source = source;
    this.sourceBefore = sourceBefore;
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
  reserveRegions();
  exchange = reserve(count * sizeof<f32>());
}

/** Makes the regions for parameters of a network that is computed elsewhere, in the caller's layout. */
export function reserveFlat(count: usize): void {
  regionBytes = roundUp(count * sizeof<f32>(), vectorBytes);
  reserveRegions();
}

function reserveRegions(): void {
  parameters = reserve(regionBytes);
  gradient = reserve(regionBytes);
  firstMoments = reserve(regionBytes);
  secondMoments = reserve(regionBytes);
}

/** Takes a region's numbers from the exchange. */
export function importRegion(region: usize): void {
  for (let index = 0; index < announced.length; index++) exchangeSources(announced[index], region, true);
}

/** Brings a region's numbers to the exchange. */
export function exportRegion(region: usize): void {
  for (let index = 0; index < announced.length; index++) exchangeSources(announced[index], region, false);
}

function exchangeSources(weights: Weights, region: usize, isImport: bool): void {
  const own = weights.source;
  const before = weights.sourceBefore;
  if (changetype<usize>(before) !== 0) exchangeSource(weights, before, 0, region, isImport);
  exchangeSource(weights, own, weights.inputs - own.inputs, region, isImport);
}

/** @param firstRow of the source in the tiles of the weights. */
function exchangeSource(weights: Weights, source: Source, firstRow: usize, region: usize, isImport: bool): void {
  for (let output: usize = 0; output < weights.outputs; output++) {
    const tile = region + weights.at + (output >> 2) * weights.tileBytes + (output & 3) * sizeof<f32>();
    for (let input: usize = 0; input <= source.inputs; input++) {
      const inRegion = tile + (firstRow + input) * vectorBytes;
      const inExchange = exchange + callersPlaceOf(source, output, input) * sizeof<f32>();
      if (isImport) store<f32>(inRegion, load<f32>(inExchange));
      else store<f32>(inExchange, load<f32>(inRegion));
    }
  }
}

function callersPlaceOf(source: Source, output: usize, input: usize): usize {
  const isBias = input === source.inputs;
  return isBias ? source.biasesFrom + output : source.weightsFrom + output * source.inputs + input;
}
