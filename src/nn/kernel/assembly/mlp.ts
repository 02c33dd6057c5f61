import { activate, chainSlopes } from './activation.ts';
import { drop, dropSlopes } from './dropout.ts';
import { Panels } from './panels.ts';
import { linesOf, Source, Weights } from './parameters.ts';
import { addGradient, multiply, multiplyBack } from './product.ts';

/** A dense layer and what it keeps of a chunk between forward and backward. */
@unmanaged
class Dense {
  weights: Weights;
  /** After the activation; of the last layer the sums, and then the outputs of the model. */
  activated: Panels;
  /** The derivative of the loss by the layer's sums. */
  slopes: Panels;
  /** After the dropout; the same as `activated` where there is none. */
  passed: Panels;
  /** What the dropout multiplied by. */
  mask: Panels;

  constructor(weights: Weights) {
    const activated = layerPanels(weights.outputs);
    this.weights = weights;
    this.activated = activated;
    this.slopes = new Panels(linesOf(weights.outputs));
    this.passed = activated;
    this.mask = activated;
  }
}

const layers: Dense[] = [];
let inputs: usize = 0;
let input: Panels = changetype<Panels>(0);
let activation: i32 = 0;
let dropout: f64 = 0;

/** Begins a network without layers. */
export function beginMlp(width: usize, bend: i32, share: f64): void {
  inputs = width;
  input = layerPanels(width);
  activation = bend;
  dropout = share;
}

/** Puts a layer on top of those there are; its weights and biases begin there in the caller's layout. */
export function addDense(outputs: usize, weightsFrom: usize, biasesFrom: usize): void {
  let depth = inputs;
  if (layers.length > 0) {
    const below = top();
    depth = below.weights.outputs;
    if (dropout > 0) {
      below.passed = layerPanels(depth);
      below.mask = new Panels(linesOf(depth));
    }
  }
  layers.push(new Dense(new Weights(outputs, new Source(depth, weightsFrom, biasesFrom))));
}

function top(): Dense {
  return layers[layers.length - 1];
}

/** Where the caller puts the rows of a chunk, and what the network makes of them. */
export function inputPanels(): Panels {
  return input;
}

export function outputPanels(): Panels {
  return top().activated;
}

export function outputSlopes(): Panels {
  return top().slopes;
}

export function outputCount(): usize {
  return top().weights.outputs;
}

/** Sends a chunk through, up to the sums of the last layer. */
export function forward(panels: usize, withDropout: bool): void {
  const drops = withDropout && dropout > 0;
  let source = input;
  for (let index = 0; index < layers.length; index++) {
    const layer = layers[index];
    const outputs = layer.weights.outputs;
    multiply(layer.weights, source, layer.activated, panels);
    if (index === layers.length - 1) return;
    activate(activation, layer.activated, outputs, panels);
    if (drops) drop(dropout, layer.activated, layer.mask, layer.passed, outputs, panels);
    source = drops ? layer.passed : layer.activated;
  }
}

/** Adds to the gradient. Follows a `forward` with dropout, and the slopes of the sums of the last layer. */
export function backward(panels: usize): void {
  for (let index = layers.length - 1; index > 0; index--) {
    const layer = layers[index];
    const below = layers[index - 1];
    const lines = below.weights.outputs;
    addGradient(layer.weights, layer.slopes, below.passed, panels);
    multiplyBack(layer.weights, layer.slopes, below.slopes, lines, false, panels);
    if (dropout > 0) dropSlopes(below.slopes, below.mask, lines, panels);
    chainSlopes(activation, below.slopes, below.activated, lines, panels);
  }
  addGradient(layers[0].weights, layers[0].slopes, input, panels);
}

/** Values of a layer, with the 1 that the biases of the layer above are weights of. */
function layerPanels(count: usize): Panels {
  const panels = new Panels(linesOf(count));
  panels.fill(count, 1);
  return panels;
}
