import * as mlp from './mlp.ts';
import { Panels } from './panels.ts';
import * as recurrent from './recurrent.ts';

/*
 * The network of this instance: an MLP, or a recurrent one where it was begun as such.
 */

/** Where the caller puts the rows of a step of the sequence; an MLP has but one. */
export function inputPanels(step: i32): Panels {
  return recurrent.isBegun() ? recurrent.inputPanels(step) : mlp.inputPanels();
}

export function outputPanels(): Panels {
  return recurrent.isBegun() ? recurrent.outputPanels() : mlp.outputPanels();
}

export function outputSlopes(): Panels {
  return recurrent.isBegun() ? recurrent.outputSlopes() : mlp.outputSlopes();
}

export function outputCount(): usize {
  return recurrent.isBegun() ? recurrent.outputCount() : mlp.outputCount();
}

/** Sends a chunk through, up to the sums of the last layer. */
export function forward(panels: usize, withDropout: bool): void {
  if (recurrent.isBegun()) recurrent.forward(panels, withDropout);
  else mlp.forward(panels, withDropout);
}

/** Adds to the gradient. Follows a `forward` with dropout, and the slopes of the sums of the last layer. */
export function backward(panels: usize): void {
  if (recurrent.isBegun()) recurrent.backward(panels);
  else mlp.backward(panels);
}
