import { lineBytes, panelRows, Panels, vectorBytes } from './panels.ts';

/**
 * The randomness of a step: a hash of how many numbers the step has drawn before, mixed with two words that the caller
 * draws for each step. So the caller's generator is all the state there is.
 */
let key: v128 = i32x4.splat(0);
let secondKey: v128 = i32x4.splat(0);
let drawn: i32 = 0;

export function seedStep(first: i32, second: i32): void {
  key = i32x4.splat(first);
  secondKey = i32x4.splat(second);
  drawn = 0;
}

/**
 * Leaves out the given share of the values and multiplies the others by what makes up for it; `mask` keeps what each was
 * multiplied by.
 */
export function drop(share: f64, from: Panels, mask: Panels, to: Panels, lines: usize, panels: usize): void {
  const kept = f32x4.splat(f32(1.0 / (1.0 - share)));
  const limit = i32x4.splat(i32(i64(share * 4294967296.0) - 2147483648));
  let counter = i32x4.add(i32x4.splat(drawn), i32x4(0, 1, 2, 3));
  for (let panel: usize = 0; panel < panels; panel++) {
    const values = from.at + panel * from.stride;
    const factors = mask.at + panel * mask.stride - values;
    const passed = to.at + panel * to.stride - values;
    const end = values + lines * lineBytes;
    for (let at = values; at < end; at += vectorBytes) {
      const factor = v128.and(i32x4.ge_s(hashOf(counter), limit), kept);
      counter = i32x4.add(counter, i32x4.splat(4));
      v128.store(at + factors, factor);
      v128.store(at + passed, f32x4.mul(v128.load(at), factor));
    }
  }
  drawn += i32(lines * panelRows * panels);
}

/** Multiplies slopes by what their values were multiplied by. */
export function dropSlopes(slopes: Panels, mask: Panels, lines: usize, panels: usize): void {
  for (let panel: usize = 0; panel < panels; panel++) {
    const from = slopes.at + panel * slopes.stride;
    const factors = mask.at + panel * mask.stride - from;
    const end = from + lines * lineBytes;
    for (let at = from; at < end; at += vectorBytes) {
      v128.store(at, f32x4.mul(v128.load(at), v128.load(at + factors)));
    }
  }
}

/** The rounds of multiplying and folding that Ellis's search found to mix 32 bits best (hash-prospector, 2018). */
function hashOf(counter: v128): v128 {
  let mixed = i32x4.add(counter, key);
  mixed = v128.xor(mixed, i32x4.shr_u(mixed, 16));
  mixed = i32x4.mul(mixed, i32x4.splat(0x21f0aaad));
  mixed = v128.xor(v128.xor(mixed, i32x4.shr_u(mixed, 15)), secondKey);
  mixed = i32x4.mul(mixed, i32x4.splat(0xd35a2d97));
  return v128.xor(mixed, i32x4.shr_u(mixed, 15));
}
