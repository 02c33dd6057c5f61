import { sigmoid, tanh } from './functions.ts';
import { lineBytes, Panels, vectorBytes } from './panels.ts';

/** The caller's numbers for the activations. */
const relu: i32 = 0;
const leakyRelu: i32 = 1;
export const hyperbolicTangent: i32 = 2;
export const logistic: i32 = 3;

const leak: f32 = 0.01;

/** Applies an activation to the first lines of each panel, in place. */
export function activate(activation: i32, values: Panels, lines: usize, panels: usize): void {
  for (let panel: usize = 0; panel < panels; panel++) {
    const from = values.at + panel * values.stride;
    const end = from + lines * lineBytes;
    if (activation === relu) {
      for (let at = from; at < end; at += vectorBytes) {
        v128.store(at, f32x4.pmax(v128.load(at), f32x4.splat(0)));
      }
    } else if (activation === leakyRelu) {
      for (let at = from; at < end; at += vectorBytes) {
        const sums = v128.load(at);
        v128.store(at, f32x4.pmax(sums, f32x4.mul(sums, f32x4.splat(leak))));
      }
    } else if (activation === hyperbolicTangent) {
      for (let at = from; at < end; at += vectorBytes) v128.store(at, tanh(v128.load(at)));
    } else {
      for (let at = from; at < end; at += vectorBytes) v128.store(at, sigmoid(v128.load(at)));
    }
  }
}

/** Multiplies slopes by the derivative at the points where the activation gave `activated`. */
export function chainSlopes(activation: i32, slopes: Panels, activated: Panels, lines: usize, panels: usize): void {
  const one = f32x4.splat(1);
  for (let panel: usize = 0; panel < panels; panel++) {
    const from = slopes.at + panel * slopes.stride;
    const end = from + lines * lineBytes;
    const other = activated.at + panel * activated.stride - from;
    if (activation === relu) {
      for (let at = from; at < end; at += vectorBytes) {
        const isOn = f32x4.gt(v128.load(at + other), f32x4.splat(0));
        v128.store(at, v128.and(v128.load(at), isOn));
      }
    } else if (activation === leakyRelu) {
      for (let at = from; at < end; at += vectorBytes) {
        const isOn = f32x4.gt(v128.load(at + other), f32x4.splat(0));
        const slope = v128.load(at);
        v128.store(at, v128.bitselect(slope, f32x4.mul(slope, f32x4.splat(leak)), isOn));
      }
    } else if (activation === hyperbolicTangent) {
      for (let at = from; at < end; at += vectorBytes) {
        const value = v128.load(at + other);
        v128.store(at, f32x4.mul(v128.load(at), f32x4.sub(one, f32x4.mul(value, value))));
      }
    } else {
      for (let at = from; at < end; at += vectorBytes) {
        const value = v128.load(at + other);
        v128.store(at, f32x4.mul(v128.load(at), f32x4.mul(value, f32x4.sub(one, value))));
      }
    }
  }
}
