import { z } from 'zod';
import type { Schema } from '../../base/index.ts';
import type { SymbolRows, TrainingSet } from '../../samples/index.ts';
import type { DecisionSettings } from '../../strategies/index.ts';
import { decide } from '../decisions.ts';

/** What the rules of a strategy make of the rows of a part; each symbol begins without a position. */
export interface DecisionSummary {
  signals: SignalCount[];
  /** Rows whose signal was held back, by the rule that did. */
  withheld: { rule: string; rows: number }[];
}

interface SignalCount {
  signal: string;
  /** On which it was given; a signal that was held back does not count. */
  rows: number;
  /** On which the row's class, or the sign of its value, was that; null for a HOLD of a regression. */
  right: number | null;
}

const count = z.number().int().nonnegative();

export const decisionSummarySchema: Schema<DecisionSummary> = z.object({
  signals: z.array(z.object({ signal: z.string(), rows: count, right: count.nullable() })),
  withheld: z.array(z.object({ rule: z.string(), rows: count })),
});

interface PartToDecide {
  /** Row after row the probability of each class, or the value. */
  readonly outputs: Float32Array;
  /** Indices in the training set, rising. */
  readonly rows: Int32Array;
  readonly set: Pick<TrainingSet, 'classes' | 'data'>;
  /** With the places `[first, last)` that the rows of the symbol have among those of the part. */
  readonly symbols: readonly { readonly of: SymbolRows; readonly first: number; readonly last: number }[];
  readonly settings: DecisionSettings;
}

export function decisionSummary({ outputs, rows, set, symbols, settings }: PartToDecide): DecisionSummary {
  const { classes, data } = set;
  const width = Math.max(1, classes.length);
  const signals = new Map<string, { rows: number; right: number }>();
  const withheld = new Map<string, number>();
  for (const { of, first, last } of symbols) {
    const own = rows.subarray(first, last);
    const decisions = decide(
      {
        outputs: outputs.subarray(first * width, last * width),
        closedAt: Float64Array.from(own, (row) => of.closedAt[row - of.from] ?? Number.NaN),
        bars: own.map((row) => of.bars[row - of.from] ?? -1),
        volume: of.volume,
      },
      classes,
      settings,
    );
    for (const [place, { signal, withheld: rule }] of decisions.entries()) {
      if (rule !== undefined) {
        withheld.set(rule, (withheld.get(rule) ?? 0) + 1);
        continue;
      }
      const counted = signals.get(signal) ?? { rows: 0, right: 0 };
      counted.rows += 1;
      if (isRight(signal, data.targets[own[place] ?? -1] ?? 0, classes)) counted.right += 1;
      signals.set(signal, counted);
    }
  }
  const names = classes.length > 0 ? classes : ['BUY', 'HOLD', 'SELL'];
  return {
    signals: names.map((signal): SignalCount => {
      const { rows: given, right } = signals.get(signal) ?? { rows: 0, right: 0 };
      return { signal, rows: given, right: classes.length === 0 && signal === 'HOLD' ? null : right };
    }),
    withheld: Array.from(withheld, ([rule, held]) => ({ rule, rows: held })),
  };
}

function isRight(signal: string, target: number, classes: readonly string[]): boolean {
  if (classes.length > 0) return classes[target] === signal;
  return signal === 'BUY' ? target > 0 : target < 0;
}
