import type { PacingLimits } from './pacing.ts';

/** One user's measurements of a real gateway: 26 bars in 0.28 s, 390 bars in 0.59 s. */
const perRequestMs = 260;
const perBarMs = 0.85;

/** How long a gateway usually takes for one history request. */
export function serviceMs(bars: number): number {
  return perRequestMs + perBarMs * bars;
}

/**
 * How long history requests take together, given the bars of each, when nobody else asks: as long as the rate of starts
 * demands or the requests in flight allow, whichever is longer, and the answer to the last one. Pure.
 */
export function estimateMs(requests: readonly number[], { history, inFlight }: PacingLimits): number {
  const last = requests.at(-1);
  if (last === undefined) return 0;
  const bursts = Math.floor((requests.length - 1) / history.count);
  const waves = Math.floor((requests.length - 1) / inFlight);
  const usualMs = requests.reduce((sum, bars) => sum + serviceMs(bars), 0) / requests.length;
  return Math.round(Math.max(bursts * history.ms, waves * usualMs) + serviceMs(last));
}
