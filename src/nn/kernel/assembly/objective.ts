import { exp, log } from './functions.ts';
import { chunkRows, lineBytes, Panels, reserve, vectorBytes } from './panels.ts';

/** The caller's numbers for the objectives. */
const crossEntropy: i32 = 0;
const focal: i32 = 1;
const huber: i32 = 2;

let kind: i32 = crossEntropy;
/** Gamma or delta. */
let parameter: f32 = 0;

/** Of each row of the chunk its class or value, and its weight divided by that of all rows of the step. */
export const targets: usize = reserve(chunkRows * sizeof<f32>());
export const scales: usize = reserve(chunkRows * sizeof<f32>());

export function setObjective(objective: i32, value: f32): void {
  kind = objective;
  parameter = value;
}

/**
 * Makes the sums of the last layer outputs of the model, in place; sets the slopes of those sums; returns the losses of
 * the rows, each times its scale.
 */
export function judge(sums: Panels, slopes: Panels, outputs: usize, panels: usize): f64 {
  let loss = f32x4.splat(0);
  for (let panel: usize = 0; panel < panels; panel++) {
    for (let half: usize = 0; half < lineBytes; half += vectorBytes) {
      const values = sums.at + panel * sums.stride + half;
      const blame = slopes.at + panel * slopes.stride + half;
      const row = panel * lineBytes + half;
      const target = v128.load(targets + row);
      const scale = v128.load(scales + row);
      const one =
        kind === crossEntropy || kind === focal
          ? judgeClasses(values, blame, outputs, target, scale)
          : judgeValue(values, blame, target, scale);
      loss = f32x4.add(loss, one);
    }
  }
  const lanes = f64x2.add(
    f64x2.promote_low_f32x4(loss),
    f64x2.promote_low_f32x4(v128.shuffle<f32>(loss, loss, 2, 3, 0, 1)),
  );
  return f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
}

/** Softmax and the loss of four rows. The largest sum is taken off first, so that no exponential overflows. */
function judgeClasses(values: usize, blame: usize, classes: usize, target: v128, scale: v128): v128 {
  const end = values + classes * lineBytes;
  let largest = v128.load(values);
  for (let at = values + lineBytes; at < end; at += lineBytes) largest = f32x4.pmax(largest, v128.load(at));
  let total = f32x4.splat(0);
  let others = f32x4.splat(0);
  let chosen = f32x4.splat(0);
  let output = f32x4.splat(0);
  for (let at = values; at < end; at += lineBytes) {
    const distance = f32x4.sub(v128.load(at), largest);
    const power = exp(distance);
    const isTarget = f32x4.eq(output, target);
    v128.store(at, power);
    total = f32x4.add(total, power);
    others = f32x4.add(others, v128.andnot(power, isTarget));
    chosen = v128.or(chosen, v128.and(distance, isTarget));
    output = f32x4.add(output, f32x4.splat(1));
  }
  const share = f32x4.div(f32x4.splat(1), total);
  const logLikelihood = f32x4.sub(chosen, log(total));
  let loss = f32x4.neg(logLikelihood);
  let slope = scale;
  if (kind === focal) {
    const q = f32x4.mul(others, share);
    const factor = exp(f32x4.mul(f32x4.splat(parameter), log(f32x4.pmax(q, f32x4.splat(1.1754944e-38)))));
    const ratio = logOverRest(q, logLikelihood);
    loss = f32x4.neg(f32x4.mul(factor, f32x4.mul(q, ratio)));
    const growth = f32x4.mul(f32x4.mul(f32x4.splat(parameter), f32x4.sub(f32x4.splat(1), q)), ratio);
    slope = f32x4.mul(slope, f32x4.mul(factor, f32x4.sub(f32x4.splat(1), growth)));
  }
  output = f32x4.splat(0);
  const toSlope = blame - values;
  for (let at = values; at < end; at += lineBytes) {
    const probability = f32x4.mul(v128.load(at), share);
    const wanted = v128.and(f32x4.eq(output, target), f32x4.splat(1));
    v128.store(at, probability);
    v128.store(at + toSlope, f32x4.mul(slope, f32x4.sub(probability, wanted)));
    output = f32x4.add(output, f32x4.splat(1));
  }
  return f32x4.mul(scale, loss);
}

/** log(1 - q) / q, where the logarithm has no digits left by its series. */
function logOverRest(q: v128, logLikelihood: v128): v128 {
  let series = f32x4.add(f32x4.mul(q, f32x4.splat(0.25)), f32x4.splat(f32(1.0 / 3)));
  series = f32x4.add(f32x4.mul(series, q), f32x4.splat(0.5));
  series = f32x4.neg(f32x4.add(f32x4.mul(series, q), f32x4.splat(1)));
  return v128.bitselect(series, f32x4.div(logLikelihood, q), f32x4.lt(q, f32x4.splat(0.01)));
}

/** Huber's loss or the square of four rows' errors. */
function judgeValue(values: usize, blame: usize, target: v128, scale: v128): v128 {
  const error = f32x4.sub(v128.load(values), target);
  const square = f32x4.mul(error, error);
  if (kind !== huber) {
    v128.store(blame, f32x4.mul(scale, f32x4.add(error, error)));
    return f32x4.mul(scale, square);
  }
  const delta = f32x4.splat(parameter);
  const half = f32x4.splat(0.5);
  const size = f32x4.abs(error);
  const line = f32x4.mul(delta, f32x4.sub(size, f32x4.mul(half, delta)));
  v128.store(blame, f32x4.mul(scale, f32x4.pmax(f32x4.pmin(error, delta), f32x4.neg(delta))));
  return f32x4.mul(scale, v128.bitselect(f32x4.mul(half, square), line, f32x4.le(size, delta)));
}
