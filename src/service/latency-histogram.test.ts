import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from './latency-histogram.ts';

describe('LatencyHistogram', () => {
  it('counts each duration in its bucket and in all larger ones', () => {
    const histogram = new LatencyHistogram();
    for (const ms of [0, 1, 1.1, 250, 60_000, 60_001]) histogram.record(ms);
    const { count, sumSeconds, maxSeconds, buckets } = histogram.latencies;
    expect({ count, maxSeconds }).toEqual({ count: 6, maxSeconds: 60.001 });
    expect(sumSeconds).toBeCloseTo(120.2531, 9);
    const upTo = (wanted: number): number | undefined => buckets.find(({ seconds }) => seconds === wanted)?.count;
    expect([0.001, 0.0025, 0.1, 0.25, 30, 60].map(upTo)).toEqual([2, 3, 3, 4, 4, 5]);
  });
});
