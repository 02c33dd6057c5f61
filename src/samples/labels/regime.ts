import { barCount, type Bars } from '../../market/index.ts';
import type { RegimeLabels } from '../../strategies/index.ts';
import { openLabels, type BarLabels } from './bar-labels.ts';
import { trueRanges } from './volatility.ts';
import { followZigzag, type Leg } from './zigzag-legs.ts';

const [trendingUp, trendingDown, ranging, volatile] = [0, 1, 2, 3];

type RegimeOptions = Omit<RegimeLabels, 'source'>;

/**
 * What kind of market a bar belongs to.
 *
 * The zigzag of the closes, with moves of `macroAtrMultiple` average true ranges, gives legs. A leg is a trend when no
 * retracement within it that is larger than `microAtrMultiple` average true ranges takes back more than `tolerance` of the
 * leg's whole move; otherwise the market was ranging on its way. The bars of a leg are labelled when it is over, which is
 * when all of this is known. A bar is VOLATILE, whatever its leg, when its average true range is more than
 * `volatilityCrisis` times the mean of those of the `volatilityLookback` bars up to it.
 */
export function regimeLabels(bars: Bars, options: RegimeOptions): BarLabels {
  const ranges = trueRanges(bars, options.atrPeriod);
  const inCrisis = crises(ranges, options);
  const labels = openLabels(barCount(bars));
  followZigzag(bars.close, {
    size: (extreme) => options.macroAtrMultiple * (ranges[extreme] ?? Number.NaN),
    start: options.atrPeriod,
    ended(leg, decidedAt) {
      const value = isTrend(leg, { closes: bars.close, ranges, ...options })
        ? leg.direction === 'up'
          ? trendingUp
          : trendingDown
        : ranging;
      for (let index = leg.from; index < leg.furthest; index += 1) {
        labels.decide(index, index + 1, { value: inCrisis[index] === 1 ? volatile : value, decidedAt });
      }
    },
  });
  return labels;
}

interface TrendOptions extends Pick<RegimeOptions, 'microAtrMultiple' | 'tolerance'> {
  readonly closes: Float64Array;
  readonly ranges: Float64Array;
}

function isTrend(
  { from, furthest, direction }: Leg,
  { closes, ranges, microAtrMultiple, tolerance }: TrendOptions,
): boolean {
  const sign = direction === 'up' ? 1 : -1;
  const at = (index: number): number => sign * (closes[index] ?? Number.NaN);
  const most = tolerance * (at(furthest) - at(from));
  let peak = from;
  for (let index = from + 1; index <= furthest; index += 1) {
    if (at(index) >= at(peak)) peak = index;
    const retraced = at(peak) - at(index);
    if (retraced > most && retraced > microAtrMultiple * (ranges[peak] ?? Number.NaN)) return false;
  }
  return true;
}

/** 1 for each bar in a crisis; none while there are too few bars to know what is usual. */
function crises(
  ranges: Float64Array,
  { volatilityLookback, volatilityCrisis }: Pick<RegimeOptions, 'volatilityLookback' | 'volatilityCrisis'>,
): Uint8Array {
  const result = new Uint8Array(ranges.length);
  let sum = 0;
  let known = 0;
  for (const [index, range] of ranges.entries()) {
    if (Number.isNaN(range)) continue;
    sum += range;
    known += 1;
    if (known > volatilityLookback) sum -= ranges[index - volatilityLookback] ?? 0;
    if (known >= volatilityLookback && range > (volatilityCrisis * sum) / volatilityLookback) result[index] = 1;
  }
  return result;
}
