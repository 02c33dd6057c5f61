import { activate, hyperbolicTangent, logistic } from './activation.ts';
import { tanh } from './functions.ts';
import { lineBytes, Panels, vectorBytes } from './panels.ts';

/*
 * The arithmetic of one step of a recurrent layer between the products. The gates begin as sums and end as what each lets
 * through, until the way back makes them the derivatives by those sums. The formulas are those of the plain backend's cells.
 */

/** What a layer keeps of one step of the sequence; after the last there is one more, for the state and the memory then. */
@unmanaged
export class Step {
  /** The state before the step and a 1, then the layer's inputs and a 1: joint weights read all of it in one go. */
  source: Panels = changetype<Panels>(0);
  /** The inputs alone. */
  inputs: Panels = changetype<Panels>(0);
  /** From the first gate on: those of a GRU are r, z, n and the state's part of n, those of an LSTM i, f, g and o. */
  gates: Panels = changetype<Panels>(0);
  thirdGate: Panels = changetype<Panels>(0);
  fourthGate: Panels = changetype<Panels>(0);
  /** Of an LSTM the memory before the step, then its tanh. */
  memory: Panels = changetype<Panels>(0);
  /** What the dropout on the way to the next layer multiplied by. */
  mask: Panels = changetype<Panels>(0);
}

/** n = tanh(inputs' part + r * state's part), h' = n + z * (h - n). */
export function gruForward(step: Step, next: Step, units: usize, panels: usize): void {
  // Apart from the rest, where they would only wait for each other.
  activate(logistic, step.gates, 2 * units, panels);
  for (let panel: usize = 0; panel < panels; panel++) {
    const r = firstOf(step.gates, panel);
    const z = r + units * lineBytes;
    const n = firstOf(step.thirdGate, panel);
    const part = firstOf(step.fourthGate, panel);
    const before = firstOf(step.source, panel);
    const after = firstOf(next.source, panel);
    for (let unit: usize = 0; unit < units * lineBytes; unit += vectorBytes) {
      const fromState = f32x4.mul(v128.load(r + unit), v128.load(part + unit));
      const fresh = tanh(f32x4.add(v128.load(n + unit), fromState));
      const kept = f32x4.mul(v128.load(z + unit), f32x4.sub(v128.load(before + unit), fresh));
      v128.store(n + unit, fresh);
      v128.store(after + unit, f32x4.add(fresh, kept));
    }
  }
}

/** @param slopes by the state after the step; then by the one before it, as far as it does not go through the gates. */
export function gruBackward(step: Step, slopes: Panels, units: usize, panels: usize): void {
  const one = f32x4.splat(1);
  for (let panel: usize = 0; panel < panels; panel++) {
    const r = firstOf(step.gates, panel);
    const z = r + units * lineBytes;
    const n = firstOf(step.thirdGate, panel);
    const part = firstOf(step.fourthGate, panel);
    const before = firstOf(step.source, panel);
    const blame = firstOf(slopes, panel);
    for (let unit: usize = 0; unit < units * lineBytes; unit += vectorBytes) {
      const slope = v128.load(blame + unit);
      const reset = v128.load(r + unit);
      const keep = v128.load(z + unit);
      const fresh = v128.load(n + unit);
      const byFresh = f32x4.mul(f32x4.mul(slope, f32x4.sub(one, keep)), f32x4.sub(one, f32x4.mul(fresh, fresh)));
      const byReset = f32x4.mul(byFresh, v128.load(part + unit));
      const byKeep = f32x4.mul(slope, f32x4.sub(v128.load(before + unit), fresh));
      v128.store(r + unit, f32x4.mul(byReset, bendAt(reset)));
      v128.store(z + unit, f32x4.mul(byKeep, bendAt(keep)));
      v128.store(n + unit, byFresh);
      v128.store(part + unit, f32x4.mul(byFresh, reset));
      v128.store(blame + unit, f32x4.mul(slope, keep));
    }
  }
}

/** c' = f * c + i * g, h' = o * tanh(c'). */
export function lstmForward(step: Step, next: Step, units: usize, panels: usize): void {
  const width = units * lineBytes;
  activate(logistic, step.gates, 2 * units, panels);
  activate(hyperbolicTangent, step.thirdGate, units, panels);
  activate(logistic, step.fourthGate, units, panels);
  for (let panel: usize = 0; panel < panels; panel++) {
    const i = firstOf(step.gates, panel);
    const f = i + width;
    const g = firstOf(step.thirdGate, panel);
    const o = firstOf(step.fourthGate, panel);
    const before = firstOf(step.memory, panel);
    const memory = firstOf(next.memory, panel);
    const after = firstOf(next.source, panel);
    for (let unit: usize = 0; unit < width; unit += vectorBytes) {
      const kept = f32x4.mul(v128.load(f + unit), v128.load(before + unit));
      const value = f32x4.add(kept, f32x4.mul(v128.load(i + unit), v128.load(g + unit)));
      const shown = tanh(value);
      v128.store(memory + unit, value);
      v128.store(memory + width + unit, shown);
      v128.store(after + unit, f32x4.mul(v128.load(o + unit), shown));
    }
  }
}

/**
 * @param slopes by the state after the step; then 0, since the state before goes through the gates alone.
 * @param memorySlopes by the memory after the step, as far as later steps read it; then by the one before.
 */
export function lstmBackward(
  step: Step,
  next: Step,
  slopes: Panels,
  memorySlopes: Panels,
  units: usize,
  panels: usize,
): void {
  const one = f32x4.splat(1);
  const width = units * lineBytes;
  for (let panel: usize = 0; panel < panels; panel++) {
    const i = firstOf(step.gates, panel);
    const f = i + width;
    const g = firstOf(step.thirdGate, panel);
    const o = firstOf(step.fourthGate, panel);
    const before = firstOf(step.memory, panel);
    const shownAt = firstOf(next.memory, panel) + width;
    const blame = firstOf(slopes, panel);
    const memoryBlame = firstOf(memorySlopes, panel);
    for (let unit: usize = 0; unit < width; unit += vectorBytes) {
      const slope = v128.load(blame + unit);
      const input = v128.load(i + unit);
      const forget = v128.load(f + unit);
      const fresh = v128.load(g + unit);
      const output = v128.load(o + unit);
      const shown = v128.load(shownAt + unit);
      const byShown = f32x4.mul(f32x4.mul(slope, output), f32x4.sub(one, f32x4.mul(shown, shown)));
      const byMemory = f32x4.add(v128.load(memoryBlame + unit), byShown);
      v128.store(i + unit, f32x4.mul(f32x4.mul(byMemory, fresh), bendAt(input)));
      v128.store(f + unit, f32x4.mul(f32x4.mul(byMemory, v128.load(before + unit)), bendAt(forget)));
      v128.store(g + unit, f32x4.mul(f32x4.mul(byMemory, input), f32x4.sub(one, f32x4.mul(fresh, fresh))));
      v128.store(o + unit, f32x4.mul(f32x4.mul(slope, shown), bendAt(output)));
      v128.store(memoryBlame + unit, f32x4.mul(byMemory, forget));
      v128.store(blame + unit, f32x4.splat(0));
    }
  }
}

/** Where the first line of a panel lies. */
function firstOf(panels: Panels, panel: usize): usize {
  return panels.at + panel * panels.stride;
}

/** The derivative of the logistic function where it gave `value`. */
function bendAt(value: v128): v128 {
  return f32x4.mul(value, f32x4.sub(f32x4.splat(1), value));
}
