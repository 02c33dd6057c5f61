import { drop, dropSlopes } from './dropout.ts';
import { chunkPanels, lineBytes, linesFrom, Panels, roundUp, vectorBytes } from './panels.ts';
import { linesOf, Source, Weights } from './parameters.ts';
import { addGradient, multiply, multiplyBack } from './product.ts';
import { gruBackward, gruForward, lstmBackward, lstmForward, Step } from './recurrent-cell.ts';

/** The caller's numbers for the kinds. */
const gru: i32 = 0;

/**
 * A recurrent layer. Gates whose sums take inputs and state alike have joint weights for both. The two parts of n, which a
 * GRU does not simply add, have weights of their own.
 */
@unmanaged
class Layer {
  inputs: usize = 0;
  /** Lines of the state and its 1 in the source of a step. */
  stateLines: usize = 0;
  joint: Weights = changetype<Weights>(0);
  fromInputs: Weights = changetype<Weights>(0);
  fromState: Weights = changetype<Weights>(0);
  steps: Step[] = [];
  /** The derivatives of the loss by the source of a step, and by its inputs alone; of an LSTM those by the memory. */
  slopes: Panels = changetype<Panels>(0);
  inputSlopes: Panels = changetype<Panels>(0);
  memorySlopes: Panels = changetype<Panels>(0);
}

/** Steps whose part of the gradient is summed in one go: more of them read more memory than the cache holds. */
const stepsAtOnce: i32 = 4;

const layers: Layer[] = [];
let kind: i32 = gru;
let length: i32 = 0;
let units: usize = 0;
let dropout: f64 = 0;
let dense = changetype<Weights>(0);
let outputs = changetype<Panels>(0);
let outputsBlame = changetype<Panels>(0);

/** Begins a network without layers; `share` is that of its dropout. */
export function beginRecurrent(which: i32, sequenceLength: i32, hiddenSize: usize, share: f64): void {
  kind = which;
  length = sequenceLength;
  units = hiddenSize;
  dropout = share;
}

/** Puts a layer on top of those there are; its parameters begin there in the caller's layout. */
export function addRecurrent(inputs: usize, weightIh: usize, weightHh: usize, biasIh: usize, biasHh: usize): void {
  const layer = new Layer();
  const jointUnits: usize = kind === gru ? 2 * units : 4 * units;
  layer.inputs = inputs;
  layer.stateLines = linesOf(units);
  layer.joint = new Weights(jointUnits, new Source(inputs, weightIh, biasIh), new Source(units, weightHh, biasHh));
  if (kind === gru) {
    const inputsPart = new Source(inputs, weightIh + jointUnits * inputs, biasIh + jointUnits);
    layer.fromInputs = new Weights(units, inputsPart);
    layer.fromState = new Weights(units, new Source(units, weightHh + jointUnits * units, biasHh + jointUnits));
  }
  addPanels(layer);
  if (layers.length > 0 && dropout > 0) {
    const below = layers[layers.length - 1];
    for (let index = 0; index < length; index++) below.steps[index].mask = new Panels(units);
  }
  layers.push(layer);
}

/** What a layer keeps of a chunk. What has weights of its own begins with a tile, so that none reaches into the next. */
function addPanels(layer: Layer): void {
  const sourceLines = layer.stateLines + linesOf(layer.inputs);
  const third = kind === gru ? roundUp(2 * units, 4) : 2 * units;
  const fourth = third + (kind === gru ? roundUp(units, 4) : units);
  const sources = new Panels(sourceLines, length + 1);
  const gates = new Panels(fourth + roundUp(units, 4), length);
  for (let index = 0; index <= length; index++) {
    const step = new Step();
    step.source = linesFrom(sources, 0, index);
    step.source.fill(units, 1);
    step.source.fill(layer.stateLines + layer.inputs, 1);
    step.inputs = linesFrom(step.source, layer.stateLines);
    if (kind !== gru) step.memory = new Panels(2 * units);
    if (index < length) {
      step.gates = linesFrom(gates, 0, index);
      step.thirdGate = linesFrom(step.gates, third);
      step.fourthGate = linesFrom(step.gates, fourth);
    }
    layer.steps.push(step);
  }
  layer.slopes = new Panels(sourceLines);
  layer.inputSlopes = linesFrom(layer.slopes, layer.stateLines);
  if (kind !== gru) layer.memorySlopes = new Panels(units);
}

/** Puts the dense layer behind the last state. */
export function endRecurrent(count: usize, weightsFrom: usize, biasesFrom: usize): void {
  dense = new Weights(count, new Source(units, weightsFrom, biasesFrom));
  outputs = new Panels(linesOf(count));
  outputsBlame = new Panels(linesOf(count));
}

/** True when this instance has a recurrent network. */
export function isBegun(): bool {
  return length > 0;
}

/** Where the caller puts the rows of a step. */
export function inputPanels(step: i32): Panels {
  return layers[0].steps[step].inputs;
}

export function outputPanels(): Panels {
  return outputs;
}

export function outputSlopes(): Panels {
  return outputsBlame;
}

export function outputCount(): usize {
  return dense.outputs;
}

/** Sends a chunk through, up to the sums of the dense layer. */
export function forward(panels: usize, withDropout: bool): void {
  const top = layers.length - 1;
  for (let index = 0; index < length; index++) {
    for (let place = 0; place <= top; place++) {
      advance(layers[place], index, panels);
      if (place < top) passUp(place, index, withDropout, panels);
    }
  }
  multiply(dense, layers[top].steps[length].source, outputs, panels);
}

/** One step of a layer. */
function advance(layer: Layer, index: i32, panels: usize): void {
  const step = layer.steps[index];
  const next = layer.steps[index + 1];
  multiply(layer.joint, step.source, step.gates, panels);
  if (kind === gru) {
    multiply(layer.fromInputs, step.inputs, step.thirdGate, panels);
    multiply(layer.fromState, step.source, step.fourthGate, panels);
    gruForward(step, next, units, panels);
  } else {
    lstmForward(step, next, units, panels);
  }
}

/** Makes the state of a layer after a step an input of the next layer. */
function passUp(place: i32, index: i32, withDropout: bool, panels: usize): void {
  const state = layers[place].steps[index + 1].source;
  const above = layers[place + 1].steps[index].inputs;
  if (withDropout && dropout > 0) drop(dropout, state, layers[place].steps[index].mask, above, units, panels);
  else copyLines(state, above, units, panels);
}

/** Adds to the gradient. Follows a `forward` with dropout, and the slopes of the sums of the dense layer. */
export function backward(panels: usize): void {
  const top = layers.length - 1;
  for (let place = 0; place <= top; place++) {
    clearLines(layers[place].slopes, units, panels);
    if (kind !== gru) clearLines(layers[place].memorySlopes, units, panels);
  }
  addGradient(dense, outputsBlame, layers[top].steps[length].source, panels);
  multiplyBack(dense, outputsBlame, layers[top].slopes, units, true, panels);
  for (let index = length - 1; index >= 0; index--) {
    for (let place = top; place >= 0; place--) {
      if (place < top) passDown(place, index, panels);
      retreat(layers[place], index, place > 0, panels);
    }
  }
}

/** Adds the slopes by the inputs of the next layer to those by the state that they are made of. */
function passDown(place: i32, index: i32, panels: usize): void {
  const passed = layers[place + 1].inputSlopes;
  if (dropout > 0) dropSlopes(passed, layers[place].steps[index].mask, units, panels);
  addLines(passed, layers[place].slopes, units, panels);
}

/** One step of a layer back: from the slopes by the state after it to those by its source. */
function retreat(layer: Layer, index: i32, passesDown: bool, panels: usize): void {
  const step = layer.steps[index];
  const slopes = layer.slopes;
  if (kind === gru) gruBackward(step, slopes, units, panels);
  else lstmBackward(step, layer.steps[index + 1], slopes, layer.memorySlopes, units, panels);
  learn(layer, index, panels);
  if (passesDown) {
    clearLines(layer.inputSlopes, layer.inputs, panels);
    multiplyBack(layer.joint, step.gates, slopes, layer.stateLines + layer.inputs, true, panels);
    if (kind === gru) multiplyBack(layer.fromInputs, step.thirdGate, layer.inputSlopes, layer.inputs, true, panels);
  } else if (index > 0) {
    multiplyBack(layer.joint, step.gates, slopes, units, true, panels);
  }
  if (kind === gru && index > 0) multiplyBack(layer.fromState, step.fourthGate, slopes, units, true, panels);
}

/** Adds to the gradient: of a whole chunk, whose steps lie one behind the other, several steps in one go. */
function learn(layer: Layer, index: i32, panels: usize): void {
  const step = layer.steps[index];
  let together = panels;
  if (panels === chunkPanels) {
    if (index % stepsAtOnce !== 0) return;
    together = chunkPanels * min(stepsAtOnce, length - index);
  }
  addGradient(layer.joint, step.gates, step.source, together);
  if (kind !== gru) return;
  addGradient(layer.fromInputs, step.thirdGate, step.inputs, together);
  addGradient(layer.fromState, step.fourthGate, step.source, together);
}

function copyLines(from: Panels, to: Panels, lines: usize, panels: usize): void {
  for (let panel: usize = 0; panel < panels; panel++) {
    memory.copy(to.at + panel * to.stride, from.at + panel * from.stride, lines * lineBytes);
  }
}

function clearLines(values: Panels, lines: usize, panels: usize): void {
  for (let panel: usize = 0; panel < panels; panel++) {
    memory.fill(values.at + panel * values.stride, 0, lines * lineBytes);
  }
}

function addLines(from: Panels, to: Panels, lines: usize, panels: usize): void {
  for (let panel: usize = 0; panel < panels; panel++) {
    const target = to.at + panel * to.stride;
    const toSource = from.at + panel * from.stride - target;
    for (let at = target; at < target + lines * lineBytes; at += vectorBytes) {
      v128.store(at, f32x4.add(v128.load(at), v128.load(at + toSource)));
    }
  }
}
