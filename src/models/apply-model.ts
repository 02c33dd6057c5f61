import { z } from 'zod';
import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { barsInRange, indexAtOrAfter, type Timeframe } from '../market/index.ts';
import { createPredictor, sequenceLengthOf } from '../nn/index.ts';
import {
  barSeen,
  barsOf,
  featureColumns,
  symbolFeatures,
  unknownFeatures,
  type FeatureColumns,
  type SymbolBars,
} from '../samples/index.ts';
import { decide, decisionSchema, lookBack, standingAfter, type Decision, type Standing } from './decisions.ts';
import { explain, explanationSchema, type SeenBar } from './explain.ts';
import type { ModelFeatures, ModelMetadata } from './model-record.ts';

/** A model and the bars that it is to judge. Plain data; it crosses to a thread. */
export interface ModelOnBars {
  readonly metadata: Pick<ModelMetadata, 'model' | 'objective' | 'classes' | 'decisions'>;
  readonly features: ModelFeatures;
  readonly weights: Float32Array;
  readonly bars: SymbolBars;
}

/** Which of the bars: those whose stamp lies in `[start, end)`; of these the newest so many are told, page by page. */
export interface WantedBars {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly last?: number | undefined;
  /** So many bars on a page; absent, all are on one. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly from?: PageStart | undefined;
}

/** Behind which bar a page begins, and what the bars up to it came to: they need not be judged again. */
export interface PageStart extends Standing {
  /** The stamp of that bar. */
  readonly after: number;
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
  /** Where there are more. */
  readonly next?: PageStart;
}

/**
 * Bars that the model cannot judge, because an indicator is in its warm-up, are left out. The features are those of the
 * whole history; the network, which takes most of the time, is asked about no more bars than the answer needs.
 * @throws KtrdrError `failed_precondition` where none can be judged, with the features that are missing and why.
 */
export function judgeBars(
  job: ModelOnBars,
  { start = -Infinity, end = Infinity, last = Infinity, limit = Infinity, from: before }: WantedBars,
  token: CancellationToken,
): JudgedBars {
  const { metadata, features, weights, bars } = job;
  const rows = symbolFeatures(features, bars, token);
  if (rows.bars.length === 0) throw cannotJudge(job, token);
  const base = barsOf(bars, features.baseTimeframe);
  const time = Float64Array.from(rows.bars, (bar) => base.time[bar] ?? Number.NaN);
  const window = sequenceLengthOf(metadata.model);
  const span = { from: indexAtOrAfter(time, start), to: indexAtOrAfter(time, end) };
  const judged = judgedRows(rows.bars, { ...span, window });
  const place = before === undefined ? 0 : judged.findIndex((row) => (time[row] ?? 0) > before.after);
  const told = Math.max(judged.length - last, place === -1 ? judged.length : place);
  const to = Math.min(judged.length, told + limit);
  const from = before === undefined && lookBack(metadata.decisions) ? 0 : told;
  const asked = judged.subarray(from, to);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(asked, (row) => column[row] ?? Number.NaN);
  scaleInPlace(rows.values, features);
  const predictor = createPredictor(metadata.model, metadata.objective.kind, weights);
  const outputs = new Float32Array(asked.length * metadata.model.outputs);
  const width = features.features.length;
  let offset = 0;
  for (const run of runsOf(asked)) {
    token.throwIfCancelled('the predictions');
    const said = predictor.outputs(rows.values.subarray((run.from - window + 1) * width, run.to * width));
    outputs.set(said, offset);
    offset += said.length;
  }
  const closedAt = pick(rows.closedAt);
  const decided = {
    outputs,
    closedAt,
    bars: asked.map((row) => rows.bars[row] ?? -1),
    volume: base.volume,
    before,
  };
  const decisions = decide(decided, metadata.classes, metadata.decisions);
  const skipped = told - from;
  const newest = judged[to - 1];
  return {
    time: pick(time).subarray(skipped),
    closedAt: closedAt.subarray(skipped),
    outputs: outputs.subarray(skipped * metadata.model.outputs),
    decisions: decisions.slice(skipped),
    ...(to === judged.length || newest === undefined
      ? {}
      : { next: { after: time[newest] ?? Number.NaN, ...standingAfter(decided, decisions) } }),
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

/** The rows within a span that a model can judge: those with so many rows behind them whose bars follow without a gap. */
function judgedRows(bars: Int32Array, { from, to, window }: Run & { readonly window: number }): Int32Array {
  const judged = new Int32Array(Math.max(0, to - from));
  let found = 0;
  let together = 0;
  for (let row = Math.max(0, from - window + 1); row < to; row += 1) {
    together = together > 0 && bars[row] === (bars[row - 1] ?? -1) + 1 ? together + 1 : 1;
    if (row < from || together < window) continue;
    judged[found] = row;
    found += 1;
  }
  return judged.subarray(0, found);
}

/** The stretches of rows that follow each other. */
function runsOf(rows: Int32Array): Run[] {
  const runs: Run[] = [];
  let begin = 0;
  for (let place = 1; place <= rows.length; place += 1) {
    const before = rows[place - 1] ?? -1;
    if (place < rows.length && rows[place] === before + 1) continue;
    runs.push({ from: rows[begin] ?? 0, to: before + 1 });
    begin = place;
  }
  return runs;
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

function valueAt(column: Columns[number], of: Float64Array, bar: number): number {
  return of[barSeen(column, bar)] ?? Number.NaN;
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
    `A model of ${[...known].join(', ')} cannot be applied to ${timeframe} alone; leave the timeframe out.`,
  );
}
