import { z } from 'zod';
import type { CostModel, DecisionSettings, VolumeFilter } from '../strategies/index.ts';
import { likeliest } from './class-metrics.ts';

const withheld = ['confidence', 'cost', 'volume', 'position', 'separation'] as const;

type Withheld = (typeof withheld)[number];

/** What a model makes of one bar. */
export const decisionSchema = z.object({
  /** The name of a class; of a regression BUY, HOLD or SELL. */
  signal: z.string(),
  /** The probability of the likeliest class; of a regression the expected return. */
  value: z.number(),
  /** Why the signal is HOLD, or the likeliest class is not decided for, although the model alone would have it. */
  withheld: z.enum(withheld).exactOptional(),
});

export type Decision = Readonly<z.infer<typeof decisionSchema>>;

interface BarOutputs {
  /** Row after row the probability of each class, or the value. */
  readonly outputs: Float32Array;
  /** When the bar of each row was complete, in epoch milliseconds, oldest first. */
  readonly closedAt: Float64Array;
  /** Which bar of the series that is. */
  readonly bars: Int32Array;
  /** What was traded in each bar of the series. */
  readonly volume: Float64Array;
  /** What the bars before came to; without it nothing lies before. */
  readonly before?: Standing | undefined;
}

/** All that the decisions of earlier bars have to do with those of later ones. */
export interface Standing {
  readonly position: -1 | 0 | 1;
  /** When the bar of the newest signal was complete; -Infinity where there was none. */
  readonly signalledAt: number;
}

const noStanding: Standing = { position: 0, signalledAt: -Infinity };

/**
 * Decisions of a model, bar after bar, by the rules of its strategy.
 *
 * A signal must be likely enough (or promise more than it costs), then have volume behind it, then change the position,
 * then come long enough after the signal before; the first rule that it breaks makes it HOLD. Positions are those that
 * followed the signals so far: a signal against a position closes it, one without a position opens it.
 * @param classes in the order of the outputs; none for a regression.
 */
export function decide(bars: BarOutputs, classes: readonly string[], settings: DecisionSettings): Decision[] {
  const wished = Array.from(bars.closedAt.keys(), (bar) =>
    classes.length > 0 ? confident(bars.outputs, { bar, classes, settings }) : promising(bars.outputs[bar], settings),
  );
  const isTraded = volumeTest(bars, settings.volumeFilter);
  const { minSignalSeparationMs: separation = 0, positionAwareness, allowShortFromFlat } = settings;
  let { position, signalledAt } = bars.before ?? noStanding;
  return wished.map((decision, bar): Decision => {
    const direction = directions[decision.signal] ?? 0;
    if (direction === 0) return decision;
    const closedAt = bars.closedAt[bar] ?? Number.NaN;
    const next = moved(position, direction);
    const isEmpty = next === position || (next === -1 && !allowShortFromFlat);
    const broken: Withheld | undefined = !isTraded(bars.bars[bar] ?? -1)
      ? 'volume'
      : positionAwareness && isEmpty
        ? 'position'
        : closedAt - signalledAt < separation
          ? 'separation'
          : undefined;
    if (broken !== undefined) return { ...decision, signal: hold, withheld: broken };
    position = next;
    signalledAt = closedAt;
    return decision;
  });
}

/** What the decisions of bars leave to those behind them. */
export function standingAfter(
  { closedAt, before }: Pick<BarOutputs, 'closedAt' | 'before'>,
  decisions: readonly Decision[],
): Standing {
  let { position, signalledAt } = before ?? noStanding;
  for (const [bar, { signal }] of decisions.entries()) {
    const direction = directions[signal] ?? 0;
    if (direction === 0) continue;
    position = moved(position, direction);
    signalledAt = closedAt[bar] ?? signalledAt;
  }
  return { position, signalledAt };
}

/** Whether the decisions of earlier bars have to do with those of later ones. */
export function lookBack({ positionAwareness, minSignalSeparationMs = 0 }: DecisionSettings): boolean {
  return positionAwareness || minSignalSeparationMs > 0;
}

/** A signal against a position closes it, one without a position opens it. */
function moved(position: Standing['position'], direction: 1 | -1): Standing['position'] {
  const next = position + direction;
  return next > 0 ? 1 : next < 0 ? -1 : 0;
}

const hold = 'HOLD';
const directions: Readonly<Record<string, 1 | -1>> = { BUY: 1, SELL: -1 };

interface Chances {
  readonly bar: number;
  readonly classes: readonly string[];
  readonly settings: DecisionSettings;
}

function confident(outputs: Float32Array, { bar, classes, settings }: Chances): Decision {
  const start = bar * classes.length;
  const label = likeliest(outputs, start, classes.length);
  const value = outputs[start + label] ?? Number.NaN;
  const signal = classes[label] ?? hold;
  if (value >= settings.confidenceThreshold || signal === hold) return { signal, value };
  // Of states of the market none stands for "nothing"; the likeliest is told with its doubt.
  return { signal: signal in directions ? hold : signal, value, withheld: 'confidence' };
}

function promising(value = Number.NaN, { costModel }: DecisionSettings): Decision {
  const { roundTripCost, minEdgeMultiplier }: CostModel = costModel ?? { roundTripCost: 0, minEdgeMultiplier: 1 };
  const signal = value > 0 ? 'BUY' : value < 0 ? 'SELL' : hold;
  if (signal === hold || Math.abs(value) > roundTripCost * minEdgeMultiplier) return { signal, value };
  return { signal: hold, value, withheld: 'cost' };
}

/** Whether a bar of the series has the volume that a filter asks for; without volumes to compare it has not. */
function volumeTest({ volume }: BarOutputs, filter: VolumeFilter | undefined): (bar: number) => boolean {
  if (filter === undefined) return () => true;
  const { period, minRatio } = filter;
  return (bar) => {
    let sum = 0;
    for (let back = 1; back <= period; back += 1) sum += volume[bar - back] ?? Number.NaN;
    return (volume[bar] ?? Number.NaN) >= (minRatio * sum) / period;
  };
}
