import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { membershipColumn, writeDegrees, type Membership, type Places, type Stretch } from '../fuzzy/index.ts';
import { findIndicator, type IndicatorColumns } from '../indicators/index.ts';
import { calendarOf, type Bars, type CalendarId, type Timeframe } from '../market/index.ts';
import { barCloses } from './bar-closes.ts';
import type { Feature, IndicatorUse, TrainingPlan } from '../strategies/index.ts';

/** What is known of one symbol: its bars in each timeframe of the plan. Plain data; it crosses threads. */
export interface SymbolBars {
  readonly symbol: string;
  readonly calendar: CalendarId;
  readonly series: readonly { readonly timeframe: Timeframe; readonly bars: Bars }[];
}

/** The rows of one symbol, oldest first. */
export interface FeatureRows {
  /** The index of each row's bar in the base series. */
  readonly bars: Int32Array;
  /** When each row's bar was complete, in epoch milliseconds: what the row tells was known then. */
  readonly closedAt: Float64Array;
  /** The same of each bar of the base series. */
  readonly barClosedAt: Float64Array;
  /** Row after row, a number for each feature of the plan; raw inputs are not normalised yet. */
  readonly values: Float32Array;
}

/**
 * The features of one symbol: a row for each bar of the base timeframe at which every feature is known. A row takes from
 * each timeframe the latest bar that was complete when the row's own bar was; a bar in progress tells nothing. Bars in
 * the warm-up of an indicator make no row. A feature with a lag is that of so many base bars before.
 */
export function symbolFeatures(plan: FeaturePlan, held: SymbolBars, token: CancellationToken): FeatureRows {
  const { columns, barClosedAt } = readingColumns(plan, held, token);
  return completeRows(columns, barClosedAt);
}

export type FeaturePlan = Pick<TrainingPlan, 'features' | 'indicators' | 'baseTimeframe'>;

/** The features of one symbol before they are put into rows, in the order of the plan. */
export interface FeatureColumns {
  readonly columns: readonly FeatureColumn[];
  /** When each bar of the base series was complete. */
  readonly barClosedAt: Float64Array;
}

/** A feature of the base bar `bar` is that of the bar `barSeen(column, bar)` of its own timeframe. */
export interface FeatureColumn extends ReadingColumn {
  /** Degrees of membership, or the readings themselves. */
  readonly values: Float64Array;
}

export function featureColumns(plan: FeaturePlan, held: SymbolBars, token: CancellationToken): FeatureColumns {
  const { columns, barClosedAt } = readingColumns(plan, held, token);
  return {
    columns: columns.map((column) => {
      const { membership, readings } = column;
      return { ...column, values: membership === undefined ? readings : membershipColumn(membership, readings) };
    }),
    barClosedAt,
  };
}

/** The features that have no value at any bar of the symbol. */
export function neverKnown(plan: FeaturePlan, held: SymbolBars, token: CancellationToken): Feature[] {
  const { columns, barClosedAt } = readingColumns(plan, held, token);
  return plan.features.filter((_, place) => {
    const column = columns[place];
    return column !== undefined && barClosedAt.every((_, bar) => !isKnown(column, bar));
  });
}

interface ReadingColumn {
  /** What the indicator gave. */
  readonly readings: Float64Array;
  /** What the feature makes of it; absent where it is the reading itself. */
  readonly membership?: Membership;
  /** For each base bar the index of the bar that it looks at, -1 for none; absent where it looks at itself. */
  readonly barOfRow?: Int32Array;
  readonly lag: number;
}

/** Whose reading a base bar sees, as an index that may lie before the first one. */
export function barSeen({ barOfRow, lag }: Pick<ReadingColumn, 'barOfRow' | 'lag'>, bar: number): number {
  return barOfRow === undefined ? bar - lag : (barOfRow[bar - lag] ?? -1);
}

function readingColumns(
  plan: FeaturePlan,
  held: SymbolBars,
  token: CancellationToken,
): { readonly columns: readonly ReadingColumn[]; readonly barClosedAt: Float64Array } {
  const calendar = calendarOf(held.calendar);
  const closesOf = (timeframe: Timeframe): Float64Array => barCloses(calendar, timeframe, barsOf(held, timeframe).time);
  const barClosedAt = closesOf(plan.baseTimeframe);
  const views = new Map<Timeframe, TimeframeView>();
  const columns = plan.features.map((feature): ReadingColumn => {
    token.throwIfCancelled('the computation of features');
    const { timeframe, lag } = feature;
    let view = views.get(timeframe);
    if (view === undefined) {
      const bars = barsOf(held, timeframe);
      const isOwn = timeframe === plan.baseTimeframe;
      const sight = isOwn ? {} : { barOfRow: latestClosed(barClosedAt, closesOf(timeframe)) };
      view = { bars, sight, outputs: new Map() };
      views.set(timeframe, view);
    }
    const column = { readings: readingsOf(feature, view, plan.indicators), lag, ...view.sight };
    return feature.kind === 'raw' ? column : { ...column, membership: feature.membership };
  });
  return { columns, barClosedAt };
}

interface TimeframeView {
  readonly bars: Bars;
  readonly sight: Pick<ReadingColumn, 'barOfRow'>;
  /** What indicators gave, by id, so that each is computed once. */
  readonly outputs: Map<string, IndicatorColumns>;
}

export function barsOf({ symbol, series }: SymbolBars, timeframe: Timeframe): Bars {
  const found = series.find((held) => held.timeframe === timeframe);
  if (found === undefined) throw new KtrdrError('internal', `The ${timeframe} bars of ${symbol} went missing.`);
  return found.bars;
}

/** For each instant the index of the last bar that was complete by then; both columns rise. */
function latestClosed(instants: Float64Array, closes: Float64Array): Int32Array {
  const latest = new Int32Array(instants.length);
  let next = 0;
  for (let index = 0; index < latest.length; index += 1) {
    const instant = instants[index] ?? Number.NaN;
    while ((closes[next] ?? Infinity) <= instant) next += 1;
    latest[index] = next - 1;
  }
  return latest;
}

function readingsOf(feature: Feature, view: TimeframeView, indicators: readonly IndicatorUse[]): Float64Array {
  const { indicator: id, output } = feature.source;
  let outputs = view.outputs.get(id);
  if (outputs === undefined) {
    const use = indicators.find((candidate) => candidate.id === id);
    if (use === undefined) throw new KtrdrError('internal', `The indicator "${id}" went missing.`);
    outputs = findIndicator(use.type).configure(use.parameters).compute(view.bars);
    view.outputs.set(id, outputs);
  }
  const values = outputs[output];
  if (values === undefined) throw new KtrdrError('internal', `The output "${output}" of "${id}" went missing.`);
  return values;
}

function isKnown(column: ReadingColumn, bar: number): boolean {
  return Number.isFinite(column.readings[barSeen(column, bar)]);
}

/** So many readings and their rows stay in the processor's cache while one column after the other is gone through. */
const barsAtOnce = 2048;

function completeRows(columns: readonly ReadingColumn[], barClosedAt: Float64Array): FeatureRows {
  const count = barClosedAt.length;
  const step = columns.length;
  const bars = new Int32Array(count);
  const closedAt = new Float64Array(count);
  const into = new Float32Array(count * step);
  const different = differentReadings(columns);
  const scratch = new Float64Array(barsAtOnce);
  let from = 0;
  for (let bar = 0; bar < count; bar += barsAtOnce) {
    const candidates = { bars, from, to: from + Math.min(barsAtOnce, count - bar) };
    for (let row = from; row < candidates.to; row += 1) bars[row] = bar + row - from;
    const rows = { bars, from, to: keepComplete(candidates, different, scratch) };
    for (let row = from; row < rows.to; row += 1) closedAt[row] = barClosedAt[bars[row] ?? -1] ?? Number.NaN;
    columns.forEach((column, place) => {
      const readings = readingsOfRows(rows, column, scratch);
      const places = { into, at: rows.from * step + place, step };
      if (column.membership === undefined) writeReadings(readings, places);
      else writeDegrees(column.membership, readings, places);
    });
    from = rows.to;
  }
  return {
    bars: bars.subarray(0, from),
    closedAt: closedAt.subarray(0, from),
    barClosedAt,
    values: into.subarray(0, from * step),
  };
}

interface Rows {
  /** The base bar of each row, rising. */
  readonly bars: Int32Array;
  /** Which rows: those from `from` up to `to`. */
  readonly from: number;
  readonly to: number;
}

/** A column for each reading and lag that there is: several features may look at the same. */
function differentReadings(columns: readonly ReadingColumn[]): ReadingColumn[] {
  return columns.filter(
    ({ readings, lag }, place) =>
      columns.findIndex((other) => other.readings === readings && other.lag === lag) === place,
  );
}

const isComplete = new Uint8Array(barsAtOnce);

/** Moves the bars at which every reading is known to the front of the rows; returns where they end. */
function keepComplete(rows: Rows, columns: readonly ReadingColumn[], scratch: Float64Array): number {
  isComplete.fill(1);
  for (const column of columns) markUnknown(readingsOfRows(rows, column, scratch));
  const { bars } = rows;
  let to = rows.from;
  for (let row = rows.from; row < rows.to; row += 1) {
    bars[to] = bars[row] ?? -1;
    to += isComplete[row - rows.from] ?? 0;
  }
  return to;
}

function markUnknown({ values, from, to }: Stretch): void {
  for (let index = from, row = 0; index < to; index += 1, row += 1) {
    if (!Number.isFinite(values[index])) isComplete[row] = 0;
  }
}

/** The readings of some rows: where they lie, if they do side by side, else copied to `scratch`. */
function readingsOfRows({ bars, from, to }: Rows, column: ReadingColumn, scratch: Float64Array): Stretch {
  const { readings, barOfRow, lag } = column;
  const first = (bars[from] ?? 0) - lag;
  const last = (bars[to - 1] ?? 0) - lag;
  const areSideBySide = barOfRow === undefined && first >= 0 && last - first === to - from - 1;
  if (areSideBySide) return { values: readings, from: first, to: last + 1 };
  for (let row = from; row < to; row += 1) {
    scratch[row - from] = readings[barSeen(column, bars[row] ?? 0)] ?? Number.NaN;
  }
  return { values: scratch, from: 0, to: to - from };
}

function writeReadings({ values, from, to }: Stretch, { into, at, step }: Places): void {
  for (let index = from, place = at; index < to; index += 1, place += step) into[place] = values[index] ?? Number.NaN;
}
