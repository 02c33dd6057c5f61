import { KtrdrError } from '../../base/index.ts';
import { type Dataset, weightOf } from '../dataset.ts';
import type { MlpSpec } from '../mlp-model.ts';
import { parameterCount } from '../model.ts';
import { checkedOptions } from '../trainer-options.ts';
import { noRows } from '../trainer-steps.ts';
import { unpackParams } from '../trainer-params.ts';
import type { Evaluation, Trainer, TrainerBackend, TrainerOptions } from '../trainer.ts';
import { Engine } from './engine.ts';
import type { NativeLibrary } from './find-library.ts';

/** A step of a training takes seconds at the very most. */
const patienceMs = 120_000;

/**
 * Training by onnxruntime-node, which the user installs: each step is one ONNX graph of ours, computed on one thread of a
 * process of its own, with the widest registers that the processor has. The same seed, data and steps give the same
 * weights on the same machine with the same version of the library, and elsewhere others by some last bits.
 *
 * All trainers of a backend share its process, which begins with the first of them and ends with the backend, or with the
 * thread that made it.
 */
export function nativeBackend({ path, version }: NativeLibrary, options = { patienceMs }): TrainerBackend {
  let engine: Engine | undefined;
  let trainers = 0;
  return {
    name: 'native',
    computesWith: `onnxruntime-node ${version}`,
    capabilities: { models: ['mlp'], device: 'cpu', reproducible: 'on_one_machine' },
    create(given) {
      const { model, ...rest } = checkedOptions(given);
      if (model.kind !== 'mlp') {
        throw new KtrdrError('invalid_input', `The native backend does not train ${model.kind} models.`);
      }
      engine ??= new Engine({ library: path, ...options });
      trainers += 1;
      return new NativeTrainer({ ...rest, model }, engine, trainers);
    },
    [Symbol.dispose]: () => engine?.[Symbol.dispose](),
  };
}

type MlpOptions = TrainerOptions & { readonly model: MlpSpec };

/** Few enough numbers at a time that the copies on their way are small beside the data. */
const loadedAtOnce = 2 ** 21;

/** The near end of a trainer: checks what it is asked, and has it done. */
class NativeTrainer implements Trainer {
  learningRate: number;
  readonly #id: number;
  readonly #engine: Engine;
  readonly #parameters: number;
  #data: Dataset | undefined;

  constructor({ data, ...training }: MlpOptions, engine: Engine, id: number) {
    const { model, objective, optimizer, seed } = training;
    this.learningRate = optimizer.learningRate;
    this.#id = id;
    this.#engine = engine;
    this.#parameters = parameterCount(model);
    this.#data = data;
    const values = data.targets instanceof Int32Array ? 'classes' : 'numbers';
    engine.call('prepare', id, { rows: data.targets.length, inputs: model.inputs, values });
    this.#load('features', data.features, model.inputs);
    this.#load('targets', data.targets, 1);
    if (data.weights !== undefined) this.#load('weights', data.weights, 1);
    engine.call('create', id, { model, objective, optimizer, seed });
  }

  step(rows: Int32Array): number {
    return this.steps(rows, rows.length)[0] ?? 0;
  }

  steps(rows: Int32Array, batchSize: number): Float64Array {
    const data = this.#held();
    if (rows.length === 0) throw noRows();
    weightOf(data, rows, 0);
    return this.#engine.call('steps', this.#id, { rows: rows.slice(), batchSize, learningRate: this.learningRate });
  }

  evaluate(rows: Int32Array): Evaluation {
    const weight = weightOf(this.#held(), rows, 0);
    if (rows.length === 0) return { loss: Number.NaN, weight, outputs: new Float32Array(0) };
    const { outputs, lossSum } = this.#engine.call('evaluate', this.#id, { rows: rows.slice() });
    return { loss: lossSum / weight, weight, outputs };
  }

  exportWeights(): Float32Array {
    this.#held();
    return this.#engine.call('exportWeights', this.#id, undefined);
  }

  exportParams(): Float32Array {
    this.#held();
    return this.#engine.call('exportParams', this.#id, undefined);
  }

  importParams(params: Float32Array): void {
    this.#held();
    unpackParams(params, this.#parameters);
    this.#engine.call('importParams', this.#id, { params: params.slice() });
  }

  dispose(): void {
    if (this.#data === undefined) return;
    this.#data = undefined;
    try {
      this.#engine.call('release', this.#id, undefined);
    } catch {
      // A process that is gone holds nothing any more.
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #load(column: keyof Dataset, values: Float32Array | Int32Array, width: number): void {
    const rows = Math.ceil(loadedAtOnce / width);
    for (let firstRow = 0; firstRow * width < values.length; firstRow += rows) {
      const piece = values.slice(firstRow * width, (firstRow + rows) * width);
      this.#engine.call('load', this.#id, { column, firstRow, values: piece });
    }
  }

  #held(): Dataset {
    if (this.#data === undefined) {
      throw new KtrdrError('failed_precondition', 'This trainer has been disposed of; create another one.');
    }
    return this.#data;
  }
}
