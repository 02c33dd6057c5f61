import { readFileSync } from 'node:fs';
import { KtrdrError } from '../../base/index.ts';

/**
 * The compiled kernel, `assembly/index.ts`: one network with its optimizer, or an optimizer alone, in a memory of its own. Addresses are bytes from
 * the beginning of the memory.
 */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** How many rows it takes at once. */
  readonly chunkRows: { readonly value: number };
  beginMlp(inputs: number, activation: number, dropout: number): void;
  addDense(outputs: number, weightsFrom: number, biasesFrom: number): void;
  beginRecurrent(kind: number, sequenceLength: number, hiddenSize: number, dropout: number): void;
  addRecurrent(inputs: number, weightIh: number, weightHh: number, biasIh: number, biasHh: number): void;
  endRecurrent(outputs: number, weightsFrom: number, biasesFrom: number): void;
  seal(parameterCount: number): void;
  sealFlat(parameterCount: number): void;
  setObjective(kind: number, parameter: number): void;
  setOptimizer(kind: number, weightDecay: number, gradientClip: number): void;
  seedStep(first: number, second: number): void;
  learn(rows: number): number;
  apply(learningRate: number, stride: number, floor: number): void;
  evaluate(rows: number): number;
  importNumbers(which: number): void;
  exportNumbers(which: number): void;
  inputsAt(step: number): number;
  inputStride(): number;
  outputsAt(): number;
  outputStride(): number;
  targetsAt(): number;
  scalesAt(): number;
  exchangeAt(): number;
  parametersAt(): number;
  gradientAt(): number;
  firstMomentsAt(): number;
  secondMomentsAt(): number;
}

/** Rows that lie side by side in the kernel's memory; see `assembly/panels.ts`. */
export const panelRows = 8;

let compiled: WebAssembly.Module | undefined;

/**
 * A kernel with what `build` has made in it. It is compiled once; its memory goes when nothing refers to it.
 * @throws KtrdrError `failed_precondition` when the memory does not suffice.
 */
export function createKernel(build: (kernel: Kernel) => void): Kernel {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
  try {
    const { exports } = new WebAssembly.Instance(compiled, {});
    const kernel = exports as unknown as Kernel;
    build(kernel);
    return kernel;
  } catch (cause) {
    if (cause instanceof KtrdrError) throw cause;
    // Without memory an instance is a RangeError, and growing within one traps.
    throw new KtrdrError(
      'failed_precondition',
      'There is not enough memory for this model. Make it smaller, or run fewer trainings at a time.',
      { cause },
    );
  }
}
