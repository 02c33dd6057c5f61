import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { membershipColumn, type Membership } from '../fuzzy/index.ts';
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

/** A feature of the base bar `bar` is that of its own timeframe's bar `barOfRow[bar - lag]`, -1 for none. */
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
    return column !== undefined && completeBars([column], barClosedAt.length).length === 0;
  });
}

interface ReadingColumn {
  /** What the indicator gave. */
  readonly readings: Float64Array;
  /** What the feature makes of it; absent where it is the reading itself. */
  readonly membership?: Membership;
  /** Whether it is of the base timeframe, so that each base bar looks at itself. */
  readonly isOwn: boolean;
  readonly barOfRow: Int32Array;
  readonly lag: number;
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
      const isOwn = timeframe === plan.baseTimeframe;
      const barOfRow = isOwn ? ownBars(barClosedAt.length) : latestClosed(barClosedAt, closesOf(timeframe));
      view = { bars: barsOf(held, timeframe), isOwn, barOfRow, outputs: new Map() };
      views.set(timeframe, view);
    }
    const { isOwn, barOfRow } = view;
    const readings = readingsOf(feature, view, plan.indicators);
    return feature.kind === 'raw'
      ? { readings, isOwn, barOfRow, lag }
      : { readings, membership: feature.membership, isOwn, barOfRow, lag };
  });
  return { columns, barClosedAt };
}

interface TimeframeView {
  readonly bars: Bars;
  readonly isOwn: boolean;
  /** For each base bar the index of the bar to look at, -1 for none. */
  readonly barOfRow: Int32Array;
  /** What indicators gave, by id, so that each is computed once. */
  readonly outputs: Map<string, IndicatorColumns>;
}

export function barsOf({ symbol, series }: SymbolBars, timeframe: Timeframe): Bars {
  const found = series.find((held) => held.timeframe === timeframe);
  if (found === undefined) throw new KtrdrError('internal', `The ${timeframe} bars of ${symbol} went missing.`);
  return found.bars;
}

function ownBars(count: number): Int32Array {
  const bars = new Int32Array(count);
  for (let bar = 0; bar < count; bar += 1) bars[bar] = bar;
  return bars;
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

/** So many readings and their rows stay in the processor's cache while one column after the other is written. */
const rowsAtOnce = 2048;

function completeRows(columns: readonly ReadingColumn[], barClosedAt: Float64Array): FeatureRows {
  const bars = completeBars(columns, barClosedAt.length);
  const closedAt = new Float64Array(bars.length);
  for (let row = 0; row < bars.length; row += 1) closedAt[row] = barClosedAt[bars[row] ?? 0] ?? Number.NaN;
  const width = columns.length;
  const values = new Float32Array(bars.length * width);
  const scratch = new Float64Array(rowsAtOnce);
  const degrees = new Float64Array(rowsAtOnce);
  for (let from = 0; from < bars.length; from += rowsAtOnce) {
    const to = Math.min(from + rowsAtOnce, bars.length);
    const some = bars.subarray(from, to);
    for (const [place, column] of columns.entries()) {
      const readings = readingsAt(some, column, scratch);
      const { membership } = column;
      const known =
        membership === undefined
          ? readings
          : membershipColumn(membership, readings, degrees.subarray(0, readings.length));
      scatter(known, values.subarray(from * width + place, to * width), width);
    }
  }
  return { bars, closedAt, barClosedAt, values };
}

/** The readings of some base bars: a view where they lie side by side, else copied to `scratch`. */
function readingsAt(
  bars: Int32Array,
  { readings, isOwn, barOfRow, lag }: ReadingColumn,
  scratch: Float64Array,
): Float64Array {
  const first = (bars[0] ?? 0) - lag;
  const last = (bars[bars.length - 1] ?? 0) - lag;
  if (isOwn && last - first === bars.length - 1) return readings.subarray(first, last + 1);
  for (let row = 0; row < bars.length; row += 1) {
    scratch[row] = readings[barOfRow[(bars[row] ?? 0) - lag] ?? -1] ?? Number.NaN;
  }
  return scratch.subarray(0, bars.length);
}

/** Writes a column into rows that are `width` apart. */
function scatter(column: Float64Array, rows: Float32Array, width: number): void {
  for (let at = 0, row = 0; at < rows.length; at += width, row += 1) rows[at] = column[row] ?? Number.NaN;
}

/** The indices of the base bars at which every feature is known: those at which every reading is. */
function completeBars(columns: readonly ReadingColumn[], count: number): Int32Array {
  const isComplete = new Uint8Array(count).fill(1);
  const looked = new Map<Float64Array, Set<number>>();
  for (const { readings, isOwn, barOfRow, lag } of columns) {
    const lags = looked.get(readings) ?? new Set();
    if (lags.has(lag)) continue;
    looked.set(readings, lags.add(lag));
    isComplete.fill(0, 0, lag);
    for (let bar = lag; bar < count; bar += 1) {
      const reading = isOwn ? readings[bar - lag] : readings[barOfRow[bar - lag] ?? -1];
      if (!Number.isFinite(reading)) isComplete[bar] = 0;
    }
  }
  const bars = new Int32Array(count);
  let found = 0;
  for (let bar = 0; bar < count; bar += 1) {
    if (isComplete[bar] !== 1) continue;
    bars[found] = bar;
    found += 1;
  }
  return bars.slice(0, found);
}
