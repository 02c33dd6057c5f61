import { z } from 'zod';
import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { barsInRange, indexAtOrAfter, type Timeframe } from '../market/index.ts';
import { createPredictor, sequenceLengthOf } from '../nn/index.ts';
import {
  barsOf,
  featureColumns,
  symbolFeatures,
  unknownFeatures,
  type FeatureColumns,
  type SymbolBars,
} from '../samples/index.ts';
import { decide, decisionSchema, type Decision } from './decisions.ts';
import { explain, explanationSchema, type SeenBar } from './explain.ts';
import type { ModelFeatures, ModelMetadata } from './model-record.ts';

/** A model and the bars that it is to judge. Plain data; it crosses to a thread. */
export interface ModelOnBars {
  readonly metadata: Pick<ModelMetadata, 'model' | 'objective' | 'classes' | 'decisions'>;
  readonly features: ModelFeatures;
  readonly weights: Float32Array;
  readonly bars: SymbolBars;
}

/** Which of the bars: those whose stamp lies in `[start, end)`; of these the newest so many are told. */
export interface WantedBars {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly last?: number | undefined;
}

/** What a model says of bars, oldest first: columns of equal length. */
export interface JudgedBars {
  /** Stamps as in `Bars.time`, and the instants at which the bars were complete. */
  readonly time: Float64Array;
  readonly closedAt: Float64Array;
  /** Row after row the probability of each class, or the value. */
  readonly outputs: Float32Array;
  /** Those of somebody who has no position at the start of the span. */
  readonly decisions: readonly Decision[];
}

/**
 * Bars that the model cannot judge, because an indicator is in its warm-up, are left out.
 * @throws KtrdrError `failed_precondition` where these are all, with the features that are missing and why.
 */
export function judgeBars(
  job: ModelOnBars,
  { start = -Infinity, end = Infinity, last = Infinity }: WantedBars,
  token: CancellationToken,
): JudgedBars {
  const { metadata, features, weights, bars } = job;
  const rows = symbolFeatures(features, bars, token);
  if (rows.bars.length === 0) throw cannotJudge(job, token);
  const base = barsOf(bars, features.baseTimeframe);
  const time = Float64Array.from(rows.bars, (bar) => base.time[bar] ?? Number.NaN);
  const width = features.features.length;
  scaleInPlace(rows.values, features);
  const predictor = createPredictor(metadata.model, metadata.objective.kind, weights);
  const window = sequenceLengthOf(metadata.model);
  const from = indexAtOrAfter(time, start);
  const to = indexAtOrAfter(time, end);
  const judged: number[] = [];
  const outputs: Float32Array[] = [];
  for (const run of runsOf(rows.bars, { from: Math.max(0, from - window + 1), to, window })) {
    token.throwIfCancelled('the predictions');
    const told = predictor.outputs(rows.values.subarray(run.from * width, run.to * width));
    const first = Math.max(from, run.from + window - 1);
    if (first >= run.to) continue;
    for (let row = first; row < run.to; row += 1) judged.push(row);
    outputs.push(told.subarray((first - run.from - window + 1) * metadata.model.outputs));
  }
  const told = joined(outputs);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(judged, (row) => column[row] ?? Number.NaN);
  const closedAt = pick(rows.closedAt);
  const decisions = decide(
    {
      outputs: told,
      closedAt,
      bars: Int32Array.from(judged, (row) => rows.bars[row] ?? -1),
      volume: base.volume,
    },
    metadata.classes,
    metadata.decisions,
  );
  const skipped = Math.max(0, judged.length - last);
  return {
    time: pick(time).subarray(skipped),
    closedAt: closedAt.subarray(skipped),
    outputs: told.subarray(skipped * metadata.model.outputs),
    decisions: decisions.slice(skipped),
  };
}

function scaleInPlace(values: Float32Array, { features }: ModelFeatures): void {
  for (const [column, { scale }] of features.entries()) {
    if (scale.method === 'none') continue;
    for (let index = column; index < values.length; index += features.length) {
      values[index] = ((values[index] ?? Number.NaN) - scale.offset) / scale.scale;
    }
  }
}

interface Run {
  readonly from: number;
  readonly to: number;
}

/** The stretches of rows whose bars follow each other without a gap; a model that reads single rows needs none. */
function runsOf(bars: Int32Array, { from, to, window }: Run & { readonly window: number }): Run[] {
  if (window === 1) return from < to ? [{ from, to }] : [];
  const runs: Run[] = [];
  let begin = from;
  for (let row = from + 1; row <= to; row += 1) {
    if (row < to && bars[row] === (bars[row - 1] ?? -1) + 1) continue;
    if (row - begin >= window) runs.push({ from: begin, to: row });
    begin = row;
  }
  return runs;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** What a model says of one bar, why, and what its strategy makes of it. */
export const explainedBarSchema = explanationSchema.extend({
  /** The stamp of the bar, and the instant at which it was complete. */
  time: z.number(),
  closedAt: z.number(),
  /** Of somebody who has no position. */
  decision: decisionSchema,
});

export type ExplainedBar = z.infer<typeof explainedBarSchema>;

/**
 * Explains the newest bar that starts at `at` or before and that the model can judge.
 * @throws KtrdrError `failed_precondition` when there is none.
 */
export function explainBar(job: ModelOnBars, at: number, token: CancellationToken): ExplainedBar {
  const { metadata, features, weights, bars } = job;
  const base = barsOf(bars, features.baseTimeframe);
  const { columns, barClosedAt } = featureColumns(features, bars, token);
  const window = sequenceLengthOf(metadata.model);
  let bar = indexAtOrAfter(base.time, at + 1) - 1;
  while (bar >= 0 && !isKnown(columns, bar, window)) bar -= 1;
  if (bar < 0) {
    throw cannotJudge({ ...job, bars: barsUntil(bars, at) }, token);
  }
  const seen = seenBar(columns, bar, window);
  const predictor = createPredictor(metadata.model, metadata.objective.kind, weights);
  const explanation = explain({
    features: features.features,
    predictor,
    classes: metadata.classes,
    bar: seen,
    cost: weights.length * window,
  });
  const closedAt = barClosedAt[bar] ?? Number.NaN;
  const [decision] = decide(
    {
      outputs: Float32Array.from(Object.values(explanation.outputs)),
      closedAt: Float64Array.of(closedAt),
      bars: Int32Array.of(bar),
      volume: base.volume,
    },
    metadata.classes,
    metadata.decisions,
  );
  if (decision === undefined) throw new KtrdrError('internal', 'A bar went without a decision.');
  return { ...explanation, time: base.time[bar] ?? Number.NaN, closedAt, decision };
}

/** No bar of all that there are has every feature. */
function cannotJudge({ metadata, features, bars }: ModelOnBars, token: CancellationToken): KtrdrError {
  const { ids, why } = unknownFeatures(features, bars, token);
  const window = sequenceLengthOf(metadata.model);
  const sequence = window === 1 ? '' : ` It reads ${window} bars in a row.`;
  return new KtrdrError(
    'failed_precondition',
    `The model can judge no bar of ${bars.symbol} [${features.baseTimeframe}].${sequence} ${why} ` +
      'Load what is missing, ask for a later bar, or take a model without such inputs.',
    { details: { symbol: bars.symbol, unknown: ids } },
  );
}

function barsUntil({ series, ...symbol }: SymbolBars, at: number): SymbolBars {
  const range = { start: -Infinity, end: at + 1 };
  return { ...symbol, series: series.map(({ timeframe, bars }) => ({ timeframe, bars: barsInRange(bars, range) })) };
}

type Columns = FeatureColumns['columns'];

function valueAt({ barOfRow, lag }: Columns[number], of: Float64Array, bar: number): number {
  return of[barOfRow[bar - lag] ?? -1] ?? Number.NaN;
}

function isKnown(columns: Columns, bar: number, window: number): boolean {
  for (let back = 0; back < window; back += 1) {
    if (!columns.every((column) => Number.isFinite(valueAt(column, column.readings, bar - back)))) return false;
  }
  return true;
}

function seenBar(columns: Columns, bar: number, window: number): SeenBar {
  const rows = Array.from({ length: window }, (_, row) => bar - window + 1 + row);
  return {
    window: Float32Array.from(rows.flatMap((row) => columns.map((column) => valueAt(column, column.values, row)))),
    readings: Float64Array.from(columns, (column) => valueAt(column, column.readings, bar)),
  };
}

/**
 * The features of a model that knows one timeframe, on another one.
 * @throws KtrdrError `invalid_input` for a model that knows several.
 */
export function onTimeframe(features: ModelFeatures, timeframe: Timeframe): ModelFeatures {
  const known = new Set([features.baseTimeframe, ...features.features.map((feature) => feature.timeframe)]);
  if (known.size === 1) {
    return {
      ...features,
      baseTimeframe: timeframe,
      features: features.features.map((feature) => ({ ...feature, timeframe })),
    };
  }
  throw new KtrdrError(
    'invalid_input',
    `A model of ${[...known].join(', ')} cannot be put on ${timeframe} alone; leave the timeframe out.`,
  );
}
