import { createRequire } from 'node:module';
import { KtrdrError } from '../../base/index.ts';
import { encodeOnnx, type OnnxGraph } from '../onnx/onnx-graph.ts';

/** What of the package onnxruntime-node is used here. */
interface Library {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32' | 'int32', values: Numbers, shape: readonly number[]) => Tensor;
}

interface Session {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

type Numbers = Float32Array | Int32Array;

/** Numbers and their shape. */
export interface Tensor {
  readonly data: unknown;
}

export interface Runtime {
  /** On numbers that are not copied, and that must not change while they are computed with. */
  tensor(values: Numbers, shape?: readonly number[]): Tensor;
  /** A computation on one thread, so that sums are added up in one order. */
  compile(graph: OnnxGraph): Promise<Computation>;
}

export interface Computation {
  /** Each output by its name, in memory of its own. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/**
 * @param library the file that the package is entered by.
 * @throws KtrdrError `failed_precondition` when it cannot be loaded, as where it has no binary for this machine.
 */
export function loadRuntime(library: string): Runtime {
  const { InferenceSession, Tensor } = required(library);
  return {
    tensor: (values, shape = [values.length]) =>
      new Tensor(values instanceof Float32Array ? 'float32' : 'int32', values, shape),
    compile: (graph) => InferenceSession.create(encodeOnnx(graph), sessionOptions),
  };
}

/** @throws TypeError for anything but numbers with a point, which a graph of ours never gives. */
export function numbersOf(tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new TypeError('The computation gave something other than numbers.');
}

const sessionOptions = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  // Errors only.
  logSeverityLevel: 3,
  // Moments of units that have nothing to learn become ever smaller, and arithmetic on subnormal numbers is slow.
  extra: { session: { set_denormal_as_zero: '1' } },
};

function required(library: string): Library {
  try {
    return createRequire(import.meta.url)(library);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new KtrdrError(
      'failed_precondition',
      `The package onnxruntime-node cannot be loaded from ${library} on ${process.platform} ${process.arch} with Node ${process.version}: ${why}. ` +
        'Install a version that has a binary for this machine, or set KTRDR_TRAINING_BACKEND to auto.',
      { cause },
    );
  }
}
