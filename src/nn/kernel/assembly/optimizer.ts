import { firstMoments, gradient, parameters, regionBytes, secondMoments } from './parameters.ts';
import { vectorBytes } from './panels.ts';

/** The caller's numbers for the optimizers. */
const adam: i32 = 0;
const adamW: i32 = 1;
const sgd: i32 = 2;

let kind: i32 = adam;
let weightDecay: f32 = 0;
let gradientClip: f64 = 0;

export function setOptimizer(optimizer: i32, decay: f64, clip: f64): void {
  kind = optimizer;
  weightDecay = f32(decay);
  gradientClip = clip;
}

/**
 * Moves the parameters against the gradient and clears it for the next step. The formulas are those of the plain
 * backend's `createOptimizer`.
 * @param stride what the direction is multiplied by: the learning rate, of Adam times its correction of the moments.
 * @param floor what is added to the root of the second moment, so that it can be divided by.
 */
export function applyOptimizer(learningRate: f64, stride: f64, floor: f64): void {
  if (gradientClip > 0) clip();
  if (kind === adamW) {
    if (weightDecay > 0) shrink(parameters, f32(1.0 - learningRate * f64(weightDecay)));
  } else if (weightDecay > 0) addDecay();
  if (kind === adam || kind === adamW) applyAdam(f32x4.splat(f32(stride)), f32x4.splat(f32(floor)));
  else if (kind === sgd) applySgd(f32x4.splat(f32(stride)));
  else applyRmsprop(f32x4.splat(f32(stride)), f32x4.splat(f32(floor)));
}

function applyAdam(stride: v128, floor: v128): void {
  const toGradient = gradient - parameters;
  const toFirst = firstMoments - parameters;
  const toSecond = secondMoments - parameters;
  const end = parameters + regionBytes;
  for (let at = parameters; at < end; at += vectorBytes) {
    const slope = v128.load(at + toGradient);
    const mean = blend(v128.load(at + toFirst), 0.9, slope);
    const square = blend(v128.load(at + toSecond), 0.999, f32x4.mul(slope, slope));
    v128.store(at + toFirst, mean);
    v128.store(at + toSecond, square);
    v128.store(at + toGradient, f32x4.splat(0));
    const move = f32x4.div(f32x4.mul(stride, mean), f32x4.add(f32x4.sqrt(square), floor));
    v128.store(at, f32x4.sub(v128.load(at), move));
  }
}

function applySgd(stride: v128): void {
  const toGradient = gradient - parameters;
  const toFirst = firstMoments - parameters;
  const end = parameters + regionBytes;
  for (let at = parameters; at < end; at += vectorBytes) {
    const velocity = settled(
      f32x4.add(f32x4.mul(v128.load(at + toFirst), f32x4.splat(0.9)), v128.load(at + toGradient)),
    );
    v128.store(at + toFirst, velocity);
    v128.store(at + toGradient, f32x4.splat(0));
    v128.store(at, f32x4.sub(v128.load(at), f32x4.mul(stride, velocity)));
  }
}

function applyRmsprop(stride: v128, floor: v128): void {
  const toGradient = gradient - parameters;
  const toSecond = secondMoments - parameters;
  const end = parameters + regionBytes;
  for (let at = parameters; at < end; at += vectorBytes) {
    const slope = v128.load(at + toGradient);
    const square = blend(v128.load(at + toSecond), 0.99, f32x4.mul(slope, slope));
    v128.store(at + toSecond, square);
    v128.store(at + toGradient, f32x4.splat(0));
    const move = f32x4.div(f32x4.mul(stride, slope), f32x4.add(f32x4.sqrt(square), floor));
    v128.store(at, f32x4.sub(v128.load(at), move));
  }
}

/** A moment: so much of the old one, and of the new value the rest. */
function blend(moment: v128, kept: f64, value: v128): v128 {
  return settled(f32x4.add(f32x4.mul(moment, f32x4.splat(f32(kept))), f32x4.mul(value, f32x4.splat(f32(1.0 - kept)))));
}

/**
 * Without what is too small to matter: the moments of a parameter that gets no gradient any more would come to rest among
 * the subnormal numbers, with which many processors are slow.
 */
function settled(moments: v128): v128 {
  return v128.and(moments, f32x4.gt(f32x4.abs(moments), f32x4.splat(1e-36)));
}

/** Scales the gradient down to the length that is allowed. The length is summed in float64: squares overflow float32. */
function clip(): void {
  let squares = f64x2.splat(0);
  const end = gradient + regionBytes;
  for (let at = gradient; at < end; at += vectorBytes) {
    const slopes = v128.load(at);
    const low = f64x2.promote_low_f32x4(slopes);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(slopes, slopes, 2, 3, 0, 1));
    squares = f64x2.add(squares, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  const length = sqrt<f64>(f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1));
  if (length > gradientClip) shrink(gradient, f32(gradientClip / length));
}

function shrink(region: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  const end = region + regionBytes;
  for (let at = region; at < end; at += vectorBytes) v128.store(at, f32x4.mul(v128.load(at), factors));
}

function addDecay(): void {
  const decay = f32x4.splat(weightDecay);
  const toParameters = parameters - gradient;
  const end = gradient + regionBytes;
  for (let at = gradient; at < end; at += vectorBytes) {
    v128.store(at, f32x4.add(v128.load(at), f32x4.mul(decay, v128.load(at + toParameters))));
  }
}
