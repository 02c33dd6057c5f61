import { z } from 'zod';
import type { CancellationToken } from '../../async/index.ts';
import type { Schema } from '../../base/index.ts';
import { createRandom, evenSample, type Predictor } from '../../nn/index.ts';
import type { TrainingSet } from '../../samples/index.ts';
import { targetsOf } from '../metrics.ts';
import { plainLoss } from './part-details.ts';

/** How much a model needs each of its features. */
export interface Importance {
  part: 'validation' | 'test';
  /** An even sample of the part when the part is large. */
  rows: number;
  repeats: number;
  /** The plain loss on these rows as they are. */
  loss: number;
  /** The most important first. */
  features: FeatureImportance[];
}

interface FeatureImportance {
  id: string;
  /** How much the loss rises, in the mean of the repeats, where each row gets the feature of another one. */
  lossIncrease: number;
  /** Standard deviation over the repeats. */
  spread: number;
}

const count = z.number().int().nonnegative();

export const importanceSchema: Schema<Importance> = z.object({
  part: z.enum(['validation', 'test']),
  rows: count,
  repeats: count,
  loss: z.number(),
  features: z.array(z.object({ id: z.string(), lossIncrease: z.number(), spread: z.number() })),
});

interface ImportanceOptions {
  readonly part: Importance['part'];
  readonly rows: Int32Array;
  readonly data: TrainingSet['data'];
  readonly classes: readonly string[];
  /** In the order of the inputs. */
  readonly ids: readonly string[];
  readonly predictor: Predictor;
  /** Rows that the model reads to judge one. */
  readonly window: number;
  /** Weights of the model. */
  readonly weights: number;
  readonly seed: number;
}

const repeats = 3;
/** Multiplications that all of it may take: a second or so. */
const budget = 5e8;
const fewestRows = 64;
const mostRows = 5_000;

/**
 * Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019). A network that reads sequences gets the whole
 * sequence of the feature from another row.
 */
export function permutationImportance(options: ImportanceOptions, token: CancellationToken): Importance {
  const { part, data, classes, ids, predictor, window } = options;
  const rows = evenSample(options.rows, affordable(options));
  const told = { targets: targetsOf(data.targets, rows), classes };
  const width = ids.length;
  const seen = windowsOf(data.features, rows, { width, window });
  const lossOf = (windows: Float32Array): number =>
    plainLoss({ ...told, outputs: judge(predictor, windows, { width, window }) });
  const random = createRandom(options.seed, importanceStream);
  const loss = lossOf(seen);
  const mixed = new Float32Array(seen.length);
  const features = ids.map((id, column): FeatureImportance => {
    const increases = Array.from({ length: repeats }, () => {
      token.throwIfCancelled('the report of the training');
      const order = Int32Array.from(rows.keys());
      random.shuffle(order);
      mixed.set(seen);
      for (const [row, other] of order.entries()) {
        for (let back = 0; back < window; back += 1) {
          mixed[(row * window + back) * width + column] = seen[(other * window + back) * width + column] ?? Number.NaN;
        }
      }
      return lossOf(mixed) - loss;
    });
    const mean = increases.reduce((sum, increase) => sum + increase, 0) / repeats;
    const variance = increases.reduce((sum, increase) => sum + (increase - mean) ** 2, 0) / repeats;
    return { id, lossIncrease: mean, spread: Math.sqrt(variance) };
  });
  return {
    part,
    rows: rows.length,
    repeats,
    loss,
    features: features.toSorted((a, b) => b.lossIncrease - a.lossIncrease),
  };
}

/** Streams 0 to 2 of a seed are those of the training. */
const importanceStream = 3;

function affordable({ ids, weights, window }: ImportanceOptions): number {
  const most = Math.floor(budget / (repeats * ids.length * weights * window));
  return Math.max(fewestRows, Math.min(mostRows, most));
}

interface Shape {
  readonly width: number;
  readonly window: number;
}

/** What the model reads for each row, one window after the other. */
function windowsOf(features: Float32Array, rows: Int32Array, { width, window }: Shape): Float32Array {
  const windows = new Float32Array(rows.length * window * width);
  for (const [index, row] of rows.entries()) {
    windows.set(features.subarray((row - window + 1) * width, (row + 1) * width), index * window * width);
  }
  return windows;
}

function judge(predictor: Predictor, windows: Float32Array, { width, window }: Shape): Float32Array {
  if (window === 1) return predictor.outputs(windows);
  const size = window * width;
  const outputs: number[] = [];
  for (let from = 0; from < windows.length; from += size) {
    outputs.push(...predictor.outputs(windows.subarray(from, from + size)));
  }
  return Float32Array.from(outputs);
}
