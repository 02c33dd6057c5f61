import { lineBytes, Panels, vectorBytes } from './panels.ts';
import { gradient, parameters, Weights } from './parameters.ts';

/*
 * The three products of a dense layer. Each sums a tile of four times eight numbers in eight vectors, which stay in
 * registers over the whole depth; together with what a turn loads they just fit into the sixteen that there are. A turn
 * must not be made longer, by hand or by a compiler: registers would spill, and a step takes twice the time.
 */

/** sums = weights * inputs, biases included: for each row and output the sum over the inputs. */
export function multiply(weights: Weights, inputs: Panels, sums: Panels, panels: usize): void {
  const depth = weights.inputs + 1;
  const base = parameters + weights.at;
  for (let output: usize = 0; output < weights.outputs; output += 4) {
    const tile = base + (output >> 2) * weights.tileBytes;
    const wanted = weights.outputs - output;
    for (let panel: usize = 0; panel < panels; panel++) {
      let w = tile;
      let x = inputs.at + panel * inputs.stride;
      let s00 = f32x4.splat(0);
      let s01 = s00;
      let s10 = s00;
      let s11 = s00;
      let s20 = s00;
      let s21 = s00;
      let s30 = s00;
      let s31 = s00;
      const end = w + depth * vectorBytes;
      do {
        const x0 = v128.load(x);
        const x1 = v128.load(x, vectorBytes);
        let weight = v128.load32_splat(w);
        s00 = f32x4.add(s00, f32x4.mul(weight, x0));
        s01 = f32x4.add(s01, f32x4.mul(weight, x1));
        weight = v128.load32_splat(w, 4);
        s10 = f32x4.add(s10, f32x4.mul(weight, x0));
        s11 = f32x4.add(s11, f32x4.mul(weight, x1));
        weight = v128.load32_splat(w, 8);
        s20 = f32x4.add(s20, f32x4.mul(weight, x0));
        s21 = f32x4.add(s21, f32x4.mul(weight, x1));
        weight = v128.load32_splat(w, 12);
        s30 = f32x4.add(s30, f32x4.mul(weight, x0));
        s31 = f32x4.add(s31, f32x4.mul(weight, x1));
        w += vectorBytes;
        x += lineBytes;
      } while (w < end);
      const to = sums.at + panel * sums.stride + output * lineBytes;
      v128.store(to, s00);
      v128.store(to, s01, 16);
      if (wanted > 1) {
        v128.store(to, s10, 32);
        v128.store(to, s11, 48);
      }
      if (wanted > 2) {
        v128.store(to, s20, 64);
        v128.store(to, s21, 80);
      }
      if (wanted > 3) {
        v128.store(to, s30, 96);
        v128.store(to, s31, 112);
      }
    }
  }
}

/**
 * slopes = weights^T * above: for each row and input what it contributed to the slopes of the outputs.
 * @param inputs how many of the inputs are asked for.
 * @param adds adds to the slopes that there are.
 */
export function multiplyBack(
  weights: Weights,
  above: Panels,
  slopes: Panels,
  inputs: usize,
  adds: bool,
  panels: usize,
): void {
  const base = parameters + weights.at;
  const toNextTile = weights.tileBytes - vectorBytes;
  for (let input: usize = 0; input < inputs; input += 4) {
    const wanted = inputs - input;
    for (let panel: usize = 0; panel < panels; panel++) {
      let w = base + input * vectorBytes;
      let z = above.at + panel * above.stride;
      const end = z + weights.outputs * lineBytes;
      let s00 = f32x4.splat(0);
      let s01 = s00;
      let s10 = s00;
      let s11 = s00;
      let s20 = s00;
      let s21 = s00;
      let s30 = s00;
      let s31 = s00;
      do {
        const z0 = v128.load(z);
        const z1 = v128.load(z, vectorBytes);
        let weight = v128.load32_splat(w);
        s00 = f32x4.add(s00, f32x4.mul(weight, z0));
        s01 = f32x4.add(s01, f32x4.mul(weight, z1));
        weight = v128.load32_splat(w, 16);
        s10 = f32x4.add(s10, f32x4.mul(weight, z0));
        s11 = f32x4.add(s11, f32x4.mul(weight, z1));
        weight = v128.load32_splat(w, 32);
        s20 = f32x4.add(s20, f32x4.mul(weight, z0));
        s21 = f32x4.add(s21, f32x4.mul(weight, z1));
        weight = v128.load32_splat(w, 48);
        s30 = f32x4.add(s30, f32x4.mul(weight, z0));
        s31 = f32x4.add(s31, f32x4.mul(weight, z1));
        z += lineBytes;
        w += 4;
        if ((w & 12) === 0) w += toNextTile;
      } while (z < end);
      const to = slopes.at + panel * slopes.stride + input * lineBytes;
      if (adds) {
        s00 = f32x4.add(s00, v128.load(to));
        s01 = f32x4.add(s01, v128.load(to, 16));
        s10 = f32x4.add(s10, v128.load(to, 32));
        s11 = f32x4.add(s11, v128.load(to, 48));
        s20 = f32x4.add(s20, v128.load(to, 64));
        s21 = f32x4.add(s21, v128.load(to, 80));
        s30 = f32x4.add(s30, v128.load(to, 96));
        s31 = f32x4.add(s31, v128.load(to, 112));
      }
      v128.store(to, s00);
      v128.store(to, s01, 16);
      if (wanted > 1) {
        v128.store(to, s10, 32);
        v128.store(to, s11, 48);
      }
      if (wanted > 2) {
        v128.store(to, s20, 64);
        v128.store(to, s21, 80);
      }
      if (wanted > 3) {
        v128.store(to, s30, 96);
        v128.store(to, s31, 112);
      }
    }
  }
}

/** Adds to the gradient of the weights: for each output and input the sum over the rows of slope times input. */
export function addGradient(weights: Weights, above: Panels, inputs: Panels, panels: usize): void {
  const base = gradient + weights.at;
  const zStride = above.stride;
  const xStride = inputs.stride;
  for (let output: usize = 0; output < weights.outputs; output += 4) {
    const tile = base + (output >> 2) * weights.tileBytes;
    for (let input: usize = 0; input < weights.rows; input += 2) {
      let z = above.at + output * lineBytes;
      let x = inputs.at + input * lineBytes;
      const span = panels * zStride;
      const xSpan = panels * xStride;
      const last = z + vectorBytes;
      let s00 = f32x4.splat(0);
      let s01 = s00;
      let s10 = s00;
      let s11 = s00;
      let s20 = s00;
      let s21 = s00;
      let s30 = s00;
      let s31 = s00;
      do {
        const end = z + span;
        do {
          const x0 = v128.load(x);
          const x1 = v128.load(x, 32);
          let slope = v128.load(z);
          s00 = f32x4.add(s00, f32x4.mul(slope, x0));
          s01 = f32x4.add(s01, f32x4.mul(slope, x1));
          slope = v128.load(z, 32);
          s10 = f32x4.add(s10, f32x4.mul(slope, x0));
          s11 = f32x4.add(s11, f32x4.mul(slope, x1));
          slope = v128.load(z, 64);
          s20 = f32x4.add(s20, f32x4.mul(slope, x0));
          s21 = f32x4.add(s21, f32x4.mul(slope, x1));
          slope = v128.load(z, 96);
          s30 = f32x4.add(s30, f32x4.mul(slope, x0));
          s31 = f32x4.add(s31, f32x4.mul(slope, x1));
          z += zStride;
          x += xStride;
        } while (z < end);
        z -= span - vectorBytes;
        x -= xSpan - vectorBytes;
      } while (z <= last);
      const to = tile + input * vectorBytes;
      v128.store(to, f32x4.add(v128.load(to), sumsOf(s00, s10, s20, s30)));
      v128.store(to, f32x4.add(v128.load(to, 16), sumsOf(s01, s11, s21, s31)), 16);
    }
  }
}

/** The sum of each vector's four numbers, side by side. */
function sumsOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}
