import type { ProgressState, RemainingBand } from '../async/index.ts';

/** With fewer completed operations of a type, their durations say too little. */
const minDurations = 5;

/**
 * The time left, from how long earlier operations of the type took. With Q the median (the 90th percentile) of those
 * durations, f the fraction done and t the time spent, the whole is taken to last `(1 - f) * Q + f * (t / f)`: at the
 * beginning what history says, towards the end what the operation's own rate says. What is left is `1 - f` of that.
 */
export function remainingBand(
  { fraction, startedAt, updatedAt }: Pick<ProgressState<unknown>, 'fraction' | 'startedAt' | 'updatedAt'>,
  durations: readonly number[],
): RemainingBand | undefined {
  if (durations.length < minDurations) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  const spent = Math.max(0, updatedAt - startedAt);
  const left = (part: number): number => Math.round((1 - fraction) * ((1 - fraction) * quantile(sorted, part) + spent));
  return { p50Ms: left(0.5), p90Ms: left(0.9) };
}

/** Between the two nearest ranks, in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const rank = part * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? 0;
  const above = sorted[Math.ceil(rank)] ?? below;
  return below + (above - below) * (rank - Math.floor(rank));
}
