import { KtrdrError } from '../base/index.ts';
import type { Membership } from '../fuzzy/index.ts';
import { timeframeMs, type TimeRange, type Timeframe } from '../market/index.ts';
import type { FuzzySet, IndicatorOutput, IndicatorUse, NetworkInput, Normalization, Strategy } from './strategy.ts';

/** What narrows a strategy down for one training. Instants in epoch milliseconds, `[start, end)`. */
export interface PlanOverrides {
  readonly symbols?: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  readonly start?: number;
  readonly end?: number;
  readonly seed?: number;
}

/** One column of the network's input. */
export type Feature = {
  /** `{timeframe}_{fuzzy set}_{member}` or `{timeframe}_{reference}_raw`, and `_lag_{n}` behind it where it is an earlier one. */
  readonly id: string;
  readonly timeframe: Timeframe;
  /** How many bars of the base timeframe before the row's own the value was known; 0 for the row's own. */
  readonly lag: number;
  readonly source: IndicatorOutput;
} & (
  | { readonly kind: 'fuzzy'; readonly fuzzySet: string; readonly member: string; readonly membership: Membership }
  | { readonly kind: 'raw'; readonly reference: string; readonly normalization: Normalization }
);

/** Everything that decides what is trained on what. Plain data; it crosses threads. */
export interface TrainingPlan {
  readonly strategy: Strategy;
  readonly symbols: readonly string[];
  readonly timeframes: readonly Timeframe[];
  readonly baseTimeframe: Timeframe;
  /** Absent: every bar there is. */
  readonly range?: TimeRange;
  readonly indicators: readonly IndicatorUse[];
  /** Their order is the order of the network's inputs and is stored with the model. */
  readonly features: readonly Feature[];
  readonly seed: number;
}

/**
 * A strategy and what narrows it down, as a plan.
 * @throws KtrdrError `invalid_input` when an input of the strategy needs a timeframe that the overrides leave out, or the range is empty.
 */
export function resolvePlan(strategy: Strategy, overrides: PlanOverrides = {}): TrainingPlan {
  const symbols = overrides.symbols ?? strategy.symbols;
  const timeframes = overrides.timeframes ?? strategy.timeframes;
  refuseRepeated('symbol', symbols);
  refuseRepeated('timeframe', timeframes);
  refuseMissingTimeframes(strategy, timeframes);
  const range = rangeOf(strategy, overrides);
  return {
    strategy,
    symbols,
    timeframes,
    baseTimeframe: timeframes.includes(strategy.baseTimeframe) ? strategy.baseTimeframe : fastest(timeframes),
    ...(range === undefined ? {} : { range }),
    indicators: strategy.indicators,
    features: withLags(
      resolveFeatures(strategy, timeframes).map(({ feature }) => feature),
      strategy.lookback,
    ),
    seed: overrides.seed ?? strategy.training.seed,
  };
}

/** The timeframe with the shortest bars. */
export function fastest(timeframes: readonly Timeframe[]): Timeframe {
  const [first = '1d', ...others] = timeframes;
  return others.reduce((best, next) => (timeframeMs(next) < timeframeMs(best) ? next : best), first);
}

/** The features, then all of them one row earlier, then two, and so on. */
function withLags(features: readonly Feature[], lookback: number): Feature[] {
  const lags = Array.from({ length: lookback }, (_, index) => index + 1);
  return [0, ...lags].flatMap((lag) =>
    lag === 0 ? features : features.map((feature) => ({ ...feature, id: `${feature.id}_lag_${lag}`, lag })),
  );
}

/** The features in the order of inputs, then timeframes, then members, all as written; `input` counts the strategy's inputs. */
export function resolveFeatures(
  { inputs, fuzzySets }: Pick<Strategy, 'inputs' | 'fuzzySets'>,
  timeframes: readonly Timeframe[],
): { feature: Feature; input: number }[] {
  const sets = new Map(fuzzySets.map((set) => [set.id, set]));
  return inputs.flatMap((input, index) =>
    (input.timeframes === 'all' ? timeframes : input.timeframes)
      .flatMap((timeframe) => featuresOf(input, timeframe, sets))
      .map((feature) => ({ feature, input: index })),
  );
}

function featuresOf(input: NetworkInput, timeframe: Timeframe, sets: ReadonlyMap<string, FuzzySet>): Feature[] {
  if (input.kind === 'raw') {
    const { kind, reference, source, normalization } = input;
    return [{ id: `${timeframe}_${reference}_raw`, timeframe, lag: 0, kind, reference, source, normalization }];
  }
  const { kind, fuzzySet } = input;
  const set = sets.get(fuzzySet);
  if (set === undefined) throw new KtrdrError('internal', `The fuzzy set "${fuzzySet}" went missing.`);
  return set.members.map(({ name: member, membership }) => {
    const id = `${timeframe}_${fuzzySet}_${member}`;
    return { id, timeframe, lag: 0, kind, source: set.source, fuzzySet, member, membership };
  });
}

function rangeOf(strategy: Strategy, overrides: PlanOverrides): TimeRange | undefined {
  const start = overrides.start ?? strategy.start;
  const end = overrides.end ?? strategy.end;
  if (start === undefined && end === undefined) return undefined;
  const range = { start: start ?? 0, end: end ?? lastInstant };
  if (range.start >= range.end) {
    throw new KtrdrError(
      'invalid_input',
      `The training range of "${strategy.name}" is empty: it starts at ${day(range.start)} and ends before ${day(range.end)}.`,
    );
  }
  return range;
}

/** The furthest instant a date can name. */
const lastInstant = 8.64e15;

function day(instant: number): string {
  return Math.abs(instant) <= lastInstant ? new Date(instant).toISOString() : String(instant);
}

function refuseRepeated(what: string, names: readonly string[]): void {
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw new KtrdrError('invalid_input', `The ${what} ${repeated} is given twice.`);
}

function refuseMissingTimeframes({ name, inputs }: Strategy, timeframes: readonly Timeframe[]): void {
  for (const input of inputs) {
    const missing =
      input.timeframes === 'all' ? undefined : input.timeframes.find((wanted) => !timeframes.includes(wanted));
    if (missing !== undefined) {
      throw new KtrdrError(
        'invalid_input',
        `The strategy "${name}" has an input on ${missing}, and this training is on ${timeframes.join(', ')}; add ${missing}.`,
      );
    }
  }
}
