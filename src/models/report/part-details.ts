import { z } from 'zod';
import type { Schema } from '../../base/index.ts';
import { decisionSummarySchema, type DecisionSummary } from './decision-summary.ts';
import { areClassMetrics, partMetrics, partMetricsSchema, type Measured, type PartMetrics } from '../metrics.ts';

/** What stands behind the metrics of one part. Losses here are plain: all rows count the same, see `plainLoss`. */
export interface PartDetails {
  /** Of the model, to compare with those of the baselines. */
  plainLoss: number;
  /** How well each class is told; none of a regression. */
  classes: ClassScore[];
  /** What the metrics of a forecast without a model are; a model that does not beat them has learnt nothing of use. */
  baselines: { name: string; metrics: PartMetrics }[];
  /** The model on each symbol that has rows in the part. */
  symbols: { symbol: string; metrics: PartMetrics }[];
  decisions: DecisionSummary;
}

interface ClassScore {
  name: string;
  /** How many rows have it, and how many were taken for it. */
  rows: number;
  predicted: number;
  precision: number;
  recall: number;
  f1: number;
}

const share = z.number().min(0).max(1);
const count = z.number().int().nonnegative();

export const partDetailsSchema: Schema<PartDetails> = z.object({
  plainLoss: z.number(),
  classes: z.array(
    z.object({ name: z.string(), rows: count, predicted: count, precision: share, recall: share, f1: share }),
  ),
  baselines: z.array(z.object({ name: z.string(), metrics: partMetricsSchema })),
  symbols: z.array(z.object({ symbol: z.string(), metrics: partMetricsSchema })),
  decisions: decisionSummarySchema,
});

/** Outputs and targets of some rows, in the same order. */
export type Told = Omit<Measured, 'loss'>;

interface PartToDetail extends Told {
  /** The rows `[from, to)` of each symbol; of some there may be none. */
  readonly symbols: readonly { readonly symbol: string; readonly from: number; readonly to: number }[];
  /** The targets of the training part: all that a baseline may know. */
  readonly known: Measured['targets'];
}

export function partDetails({ symbols, known, ...told }: PartToDetail): Omit<PartDetails, 'decisions'> {
  const all = plainMetrics(told);
  return {
    plainLoss: all.loss,
    classes: classScores(all, told.classes),
    baselines: baselinesOf(told, known).map(({ name, output }) => ({
      name,
      metrics: plainMetrics({ ...told, outputs: repeated(output, told.targets.length) }),
    })),
    symbols: symbols
      .filter(({ from, to }) => to > from)
      .map(({ symbol, from, to }) => ({ symbol, metrics: plainMetrics(rowsBetween(told, from, to)) })),
  };
}

function plainMetrics(told: Told): PartMetrics {
  return partMetrics({ ...told, loss: plainLoss(told) });
}

/** No chance is told as smaller than this, so that one surprise does not make the mean loss infinite. */
const leastChance = 1e-12;

/** Mean cross entropy in nats; of a regression the mean square of the error. */
export function plainLoss({ outputs, targets, classes }: Told): number {
  let sum = 0;
  for (let row = 0; row < targets.length; row += 1) {
    const target = targets[row] ?? 0;
    sum +=
      classes.length > 0
        ? -Math.log(Math.max(leastChance, outputs[row * classes.length + target] ?? 0))
        : ((outputs[row] ?? 0) - target) ** 2;
  }
  return sum / targets.length;
}

function classScores(metrics: PartMetrics, classes: readonly string[]): ClassScore[] {
  if (!areClassMetrics(metrics)) return [];
  const { confusion } = metrics;
  return classes.map((name, label): ClassScore => {
    const hits = confusion[label]?.[label] ?? 0;
    const rows = (confusion[label] ?? []).reduce((sum, cell) => sum + cell, 0);
    const predicted = confusion.reduce((sum, row) => sum + (row[label] ?? 0), 0);
    const precision = predicted === 0 ? 0 : hits / predicted;
    const recall = rows === 0 ? 0 : hits / rows;
    return { name, rows, predicted, precision, recall, f1: hits === 0 ? 0 : (2 * hits) / (rows + predicted) };
  });
}

/** Forecasts that are the same for every row. */
function baselinesOf(
  { classes }: Told,
  known: Measured['targets'],
): { readonly name: string; readonly output: Float32Array }[] {
  if (classes.length === 0) {
    const mean = Float64Array.from(known).reduce((sum, target) => sum + target, 0) / known.length;
    return [
      { name: 'random walk: no change is expected', output: Float32Array.of(0) },
      { name: 'mean of the training part', output: Float32Array.of(mean) },
    ];
  }
  // One more of each class (Laplace), for one that the training part does not have.
  const counts = Float64Array.from(classes, () => 1);
  for (const target of known) counts[target] = (counts[target] ?? 0) + 1;
  const chances = Float32Array.from(counts, (count) => count / (known.length + classes.length));
  const likeliest = classes[counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0))] ?? '';
  return [{ name: `always ${likeliest}, with the chances of the training part`, output: chances }];
}

function repeated(output: Float32Array, rows: number): Float32Array {
  const whole = new Float32Array(rows * output.length);
  for (let row = 0; row < rows; row += 1) whole.set(output, row * output.length);
  return whole;
}

function rowsBetween({ outputs, targets, classes }: Told, from: number, to: number): Told {
  const width = outputs.length / targets.length;
  return { outputs: outputs.subarray(from * width, to * width), targets: targets.subarray(from, to), classes };
}
