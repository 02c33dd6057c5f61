import { z } from 'zod';
import { normalAt, uniformAt } from '../bars/random.ts';

const milliseconds = z.number().min(0).max(600_000);

/** How long the gateway takes for a history request. */
export const latencySchema = z.union([
  /** Always the same. */
  milliseconds,
  /** Anything between two bounds, all equally likely. */
  z.strictObject({
    between: z.tuple([milliseconds, milliseconds]).refine(([low, high]) => low <= high, 'low comes first'),
  }),
  /** Log-normal: half of the requests take longer than the median; `spread` is the deviation of the logarithm. */
  z.strictObject({ median: milliseconds, spread: z.number().min(0).max(3).default(0.5) }),
  /** As one user measured it at a real gateway in 2020: slower than in proportion to the bars, and endless for many. */
  z.literal('service_times'),
]);

export type Latency = z.infer<typeof latencySchema>;

/** The milliseconds that one request takes. Another `draw` is another chance; the same one is always the same. */
export function latencyMs(latency: Latency, { bars, draw, key }: { bars: number; draw: number; key: number }): number {
  if (typeof latency === 'number') return latency;
  if (latency === 'service_times') return serviceTimeMs(bars);
  if ('between' in latency) {
    const [low, high] = latency.between;
    return low + (high - low) * uniformAt(key, draw, 0);
  }
  return latency.median * Math.exp(latency.spread * normalAt(key, draw, 1));
}

/** Bars of one request and what they took; in between the time rises in a straight line. */
const measured = [
  { bars: 0, ms: 260 },
  { bars: 26, ms: 280 },
  { bars: 390, ms: 590 },
  { bars: 1950, ms: 8310 },
  { bars: 2340, ms: 60_000 },
] as const;

function serviceTimeMs(bars: number): number {
  const above = measured.findIndex((point) => point.bars > bars);
  const [from, to] = [measured[above - 1], measured[above]];
  if (from === undefined || to === undefined) return measured[measured.length - 1]?.ms ?? 0;
  return from.ms + ((to.ms - from.ms) * (bars - from.bars)) / (to.bars - from.bars);
}
