import { seedStep } from './dropout.ts';
import { addDense, beginMlp } from './mlp.ts';
import { backward, forward, inputPanels, outputCount, outputPanels, outputSlopes } from './network.ts';
import { judge, scales, setObjective, targets } from './objective.ts';
import { applyOptimizer, setOptimizer } from './optimizer.ts';
import {
  exchange,
  exportRegion,
  firstMoments,
  gradient,
  importRegion,
  parameters,
  reserveFlat,
  reserveParameters,
  secondMoments,
} from './parameters.ts';
import { chunkRows, panelsOf } from './panels.ts';
import { addRecurrent, beginRecurrent, endRecurrent } from './recurrent.ts';

/*
 * What a trainer calls. It builds its network once (`beginMlp` and
 * `addDense` for each layer, or `beginRecurrent`, `addRecurrent` for each layer and `endRecurrent`; then `seal`), sets objective and
 * optimizer, and then for each chunk of a batch puts rows, targets and scales in their places and calls `learn`; after
 * the last chunk it calls `apply`. Where something else computes the gradient, `sealFlat` is all the building there is, and
 * parameters, gradient and moments lie at their addresses in the caller's layout.
 */
export {
  addDense,
  addRecurrent,
  applyOptimizer as apply,
  beginMlp,
  beginRecurrent,
  chunkRows,
  endRecurrent,
  seedStep,
  setObjective,
  setOptimizer,
};

/** Ends the building; `count` is how many parameters there are in the caller's layout. */
export function seal(count: usize): void {
  reserveParameters(count);
}

/** Instead of a network: `count` parameters, and the optimizer that moves them. */
export function sealFlat(count: usize): void {
  reserveFlat(count);
}

/** Forward and backward of a chunk; returns its part of the loss. */
export function learn(rows: usize): f64 {
  const panels = panelsOf(rows);
  forward(panels, true);
  const loss = judge(outputPanels(), outputSlopes(), outputCount(), panels);
  backward(panels);
  return loss;
}

/** Outputs and loss of a chunk, without dropout. */
export function evaluate(rows: usize): f64 {
  const panels = panelsOf(rows);
  forward(panels, false);
  return judge(outputPanels(), outputSlopes(), outputCount(), panels);
}

/** Takes weights (0), first (1) or second moments (2) from the exchange, in the caller's layout. */
export function importNumbers(which: i32): void {
  importRegion(regionOf(which));
}

/** Brings them to the exchange. */
export function exportNumbers(which: i32): void {
  exportRegion(regionOf(which));
}

function regionOf(which: i32): usize {
  return which === 0 ? parameters : which === 1 ? firstMoments : secondMoments;
}

/** Addresses of what the caller writes and reads. */
export function inputsAt(step: i32): usize {
  return inputPanels(step).at;
}

export function inputStride(): usize {
  return inputPanels(0).stride;
}

export function outputsAt(): usize {
  return outputPanels().at;
}

export function outputStride(): usize {
  return outputPanels().stride;
}

export function targetsAt(): usize {
  return targets;
}

export function scalesAt(): usize {
  return scales;
}

export function exchangeAt(): usize {
  return exchange;
}

export function parametersAt(): usize {
  return parameters;
}

export function gradientAt(): usize {
  return gradient;
}

export function firstMomentsAt(): usize {
  return firstMoments;
}

export function secondMomentsAt(): usize {
  return secondMoments;
}
