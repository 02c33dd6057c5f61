import { z } from 'zod';
import { membershipColumn } from '../fuzzy/index.ts';
import type { Predictor } from '../nn/index.ts';
import type { Feature } from '../strategies/index.ts';
import { likeliest } from './class-metrics.ts';
import { attribute, usualOrders } from './attribute.ts';
import type { ModelFeatures } from './model-record.ts';

const explainedFeature = z.object({
  id: z.string(),
  /** The degree of membership in [0, 1]; of a raw indicator its unscaled value. */
  value: z.number(),
  contribution: z.number(),
});

const explainedInput = z.object({
  timeframe: z.string(),
  /** `rsi_14` or `macd_12.histogram`. */
  indicator: z.string(),
  /** What the indicator shows. */
  reading: z.number(),
  contribution: z.number(),
  features: z.array(explainedFeature),
});

const change = z.object({
  timeframe: z.string(),
  indicator: z.string(),
  from: z.number(),
  to: z.number(),
  /** What the model would decide then: the likeliest class, or the sign of the value. */
  decision: z.string(),
});

/** Why a model says what it says of one bar. */
export const explanationSchema = z.object({
  /** What it says: the probability of each class by its name, or `value`. */
  outputs: z.record(z.string(), z.number()),
  /** The output that is explained: the likeliest class, or `value`. */
  output: z.string(),
  /** The same output on an ordinary day, when each feature is at its mean over the training part. */
  ordinary: z.number(),
  /** The most important first. All contributions add up to the output less the ordinary one. */
  inputs: z.array(explainedInput),
  /** For each reading the nearest value with which the model would decide otherwise, all else equal; nearest first. */
  changes: z.array(change),
});

export type Explanation = z.infer<typeof explanationSchema>;
type ExplainedInput = z.infer<typeof explainedInput>;
type Change = z.infer<typeof change>;

/** What a model sees when it judges a bar. */
export interface SeenBar {
  /** Unscaled, row after row: the bar's own row, behind those that a network for sequences reads before it. */
  readonly window: Float32Array;
  /** What the indicator of each feature shows at the bar, or so many bars before as the feature lags. */
  readonly readings: Float64Array;
}

interface ExplainOptions {
  readonly features: ModelFeatures['features'];
  readonly predictor: Predictor;
  /** None for a regression. */
  readonly classes: readonly string[];
  readonly bar: SeenBar;
  /** Multiplications that the network takes for one bar: of a large one less is tried. */
  readonly cost?: number;
}

export function explain({ features, predictor, classes, bar, cost = 0 }: ExplainOptions): Explanation {
  const width = features.length;
  const scaled = bar.window.map((value, index) => scale(value, features[index % width]));
  const outputs = predictor.outputs(scaled);
  const place = likeliest(outputs, 0, classes.length);
  const outputOf = (isOwn: Uint8Array): number => {
    const mixed = scaled.map((value, index) =>
      isOwn[index % width] === 1 ? value : (features[index % width]?.mean ?? 0),
    );
    return predictor.outputs(mixed)[place] ?? Number.NaN;
  };
  const names = classes.length > 0 ? classes : ['value'];
  return {
    outputs: Object.fromEntries(names.map((name, index) => [name, outputs[index] ?? Number.NaN])),
    output: names[place] ?? '',
    ordinary: outputOf(new Uint8Array(width)),
    inputs: inputsOf(
      features,
      bar,
      attribute({ features: width, outputOf, orders: affordable(cost * 2 * width, [5, usualOrders]) }),
    ),
    changes: changesOf({ features, predictor, classes, bar, cost }),
  };
}

const scale = (value: number, feature: ModelFeatures['features'][number] | undefined): number =>
  feature === undefined ? value : (value - feature.scale.offset) / feature.scale.scale;

function inputsOf(
  features: ModelFeatures['features'],
  { window, readings }: SeenBar,
  contributions: Float64Array,
): ExplainedInput[] {
  const last = window.subarray(window.length - features.length);
  const groups = new Map<string, number[]>();
  for (const [place, { timeframe, source }] of features.entries()) {
    const name = `${timeframe} ${nameOf(source)}`;
    groups.set(name, [...(groups.get(name) ?? []), place]);
  }
  return Array.from(groups, ([name, places]): ExplainedInput => {
    const [timeframe = '', indicator = ''] = name.split(' ');
    const own = places.map((place) => ({
      id: features[place]?.id ?? '',
      value: last[place] ?? Number.NaN,
      contribution: contributions[place] ?? 0,
    }));
    const contribution = own.reduce((sum, feature) => sum + feature.contribution, 0);
    return { timeframe, indicator, reading: readings[places[0] ?? -1] ?? Number.NaN, contribution, features: own };
  }).toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
}

/** The main output goes without saying. */
function nameOf({ indicator, output }: Feature['source']): string {
  return output === 'value' ? indicator : `${indicator}.${output}`;
}

/** Multiplications for each half of an explanation: a second or so. */
const budget = 1.5e9;

/** How often something of this cost may be done, within bounds. */
function affordable(cost: number, [least, most]: readonly [number, number]): number {
  return Math.max(least, Math.min(most, Math.floor(budget / cost)));
}

const halvings = 40;

function changesOf({ features, predictor, classes, bar, cost = 0 }: ExplainOptions): Change[] {
  // Values of each reading that are tried on each side of its own before the search is given up.
  const tries = affordable(cost * 2 * features.length, [40, 400]);
  const decisionAt = decider({ features, predictor, classes, bar });
  const changes: { readonly change: Change; readonly distance: number }[] = [];
  const seen = new Set<string>();
  for (const [place, { timeframe, source, lag }] of features.entries()) {
    const name = `${timeframe} ${nameOf(source)}`;
    const from = bar.readings[place] ?? Number.NaN;
    if (lag > 0 || seen.has(name)) continue;
    seen.add(name);
    const varied = features.map((other) => other.lag === 0 && `${other.timeframe} ${nameOf(other.source)}` === name);
    const decided = decisionAt(varied, from);
    const [low, high] = reach(
      features.filter((_, index) => varied[index]),
      from,
    );
    const step = (high - low) / tries;
    const found = [-1, 1].flatMap((side) => {
      for (let far = 1; far <= tries; far += 1) {
        const to = from + side * far * step;
        if (to < low || to > high) return [];
        if (decisionAt(varied, to) !== decided) {
          return [nearest(from + side * (far - 1) * step, to, (value) => decisionAt(varied, value) !== decided)];
        }
      }
      return [];
    });
    const to = found.toSorted((a, b) => Math.abs(a - from) - Math.abs(b - from))[0];
    if (to === undefined) continue;
    const distance = Math.abs(to - from) / (high - low);
    const change = { timeframe, indicator: nameOf(source), from, to, decision: decisionAt(varied, to) };
    changes.push({ change, distance });
  }
  return changes.toSorted((a, b) => a.distance - b.distance).map(({ change }) => change);
}

/** What the model decides when an indicator shows another value at the bar. */
function decider({ features, predictor, classes, bar }: ExplainOptions) {
  const width = features.length;
  const ends = bar.window.length - width;
  return (varied: readonly boolean[], reading: number): string => {
    const window = bar.window.map((value, index) => scale(value, features[index % width]));
    for (const [place, feature] of features.entries()) {
      if (varied[place] === true) window[ends + place] = scale(Math.fround(valueOf(feature, reading)), feature);
    }
    const outputs = predictor.outputs(window);
    if (classes.length === 0) return (outputs[0] ?? 0) > 0 ? 'above 0' : 'not above 0';
    return classes[likeliest(outputs, 0, classes.length)] ?? '';
  };
}

function valueOf(feature: Feature, reading: number): number {
  if (feature.kind === 'raw') return reading;
  return membershipColumn(feature.membership, Float64Array.of(reading))[0] ?? Number.NaN;
}

/** Between which values of a reading anything of its features changes, its own value included. */
function reach(features: ModelFeatures['features'], own: number): [low: number, high: number] {
  const ends = features.flatMap((feature): number[] => {
    if (feature.kind === 'raw') {
      const middle = feature.scale.offset + feature.mean * feature.scale.scale;
      const spread = 4 * feature.scale.scale;
      return [middle - spread, middle + spread];
    }
    const { type, parameters } = feature.membership;
    const [center = 0, width = 0] = parameters;
    if (type === 'gaussian') return [center - 5 * width, center + 5 * width];
    if (type === 'sigmoid') return [center - 8 / Math.abs(width), center + 8 / Math.abs(width)];
    return [...parameters];
  });
  return [Math.min(own, ...ends), Math.max(own, ...ends)];
}

/** The value nearest to `same` between it and `other` for which the test holds, as it does for `other`. */
function nearest(same: number, other: number, isOther: (value: number) => boolean): number {
  let [inside, outside] = [same, other];
  for (let halving = 0; halving < halvings; halving += 1) {
    const middle = (inside + outside) / 2;
    if (isOther(middle)) outside = middle;
    else inside = middle;
  }
  return outside;
}
