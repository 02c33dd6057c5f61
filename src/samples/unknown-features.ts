import type { CancellationToken } from '../async/index.ts';
import { findIndicator } from '../indicators/index.ts';
import { barCount } from '../market/index.ts';
import type { Feature } from '../strategies/index.ts';
import { barsOf, neverKnown, type FeaturePlan, type SymbolBars } from './features.ts';

/** Features that have no value at any bar, and a sentence of why that is. */
export interface UnknownFeatures {
  readonly ids: readonly string[];
  readonly why: string;
}

/** What keeps every bar of a symbol, of which none has all features, from being a row. */
export function unknownFeatures(plan: FeaturePlan, held: SymbolBars, token: CancellationToken): UnknownFeatures {
  const unknown = neverKnown(plan, held, token);
  const bars = `any bar of ${held.symbol} [${plan.baseTimeframe}]`;
  const reasons = new Set(
    unknown.map((feature) => `${inputOf(feature)} has no value at ${bars}: ${reasonOf(feature, plan, held)}.`),
  );
  return {
    ids: unknown.map(({ id }) => id),
    why: reasons.size === 0 ? `The features are not all known at ${bars}.` : [...reasons].join(' '),
  };
}

/** What a feature is made of, as people know it: the reading of a raw input, or a fuzzy set. */
export function inputOf(feature: Feature): string {
  return `${feature.timeframe} ${feature.kind === 'raw' ? feature.reference : feature.fuzzySet}`;
}

function reasonOf({ timeframe, source, lag }: Feature, { indicators }: FeaturePlan, held: SymbolBars): string {
  const use = indicators.find(({ id }) => id === source.indicator);
  const bars = barsOf(held, timeframe);
  const count = barCount(bars);
  if (use === undefined) return `"${source.indicator}" is no indicator of it`;
  const { reads, warmUp } = findIndicator(use.type).configure(use.parameters);
  // Where nothing is told of what was traded, some sources say so with zeros.
  const absent = reads.filter((column) => !bars[column].some((value) => Number.isFinite(value) && value !== 0));
  if (absent.length > 0) return `"${use.id}" reads the ${absent.join(' and ')} of bars, and these have none`;
  const needed = warmUp + 1 + lag;
  if (count < needed) return `"${use.id}" takes ${needed} bars, and ${count} are at hand`;
  return `nowhere are there ${needed} bars in a row of which "${use.id}" can make one`;
}
