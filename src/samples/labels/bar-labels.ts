/**
 * The labels of a series of bars: for each bar what a network is to learn about it, and how far one had to look ahead to
 * know. A label, once decided, never changes when bars are added.
 */
export interface BarLabels {
  /** A class from 0, or a number where the label is one; NaN where a bar has none, or none yet. */
  readonly values: Float64Array;
  /** The index of the bar with which the label was decided, never before the bar itself; -1 without a label. */
  readonly decidedAt: Int32Array;
  /** How much each label counts, above 0; every one the same when absent. */
  readonly weights?: Float64Array;
}

/** Labels that are still to be decided. */
export interface OpenLabels extends BarLabels {
  /** Gives the bars of `[from, to)` their label, which is known with the bar `decidedAt`. */
  decide(from: number, to: number, label: { value: number; decidedAt: number }): void;
}

export function openLabels(count: number): OpenLabels {
  const values = new Float64Array(count).fill(Number.NaN);
  const decidedAt = new Int32Array(count).fill(-1);
  return {
    values,
    decidedAt,
    decide(from, to, label) {
      values.fill(label.value, from, to);
      decidedAt.fill(label.decidedAt, from, to);
    },
  };
}
