import { describe, expect, it } from 'vitest';
import { lowerBoundMs, simulateSchedule, violationsOf, type SentRequest } from '../../bench/support/schedule.mjs';
import { CancellationToken, ManualClock } from '../../src/async/index.ts';
import { estimateMs, serviceMs } from '../../src/ib/pacing/estimate.ts';
import { PacingQueue } from '../../src/ib/pacing/pacing-queue.ts';
import { defaultPacingLimits } from '../../src/ib/pacing/pacing.ts';

async function schedule(series: readonly (readonly number[])[]): Promise<{ requests: SentRequest[]; totalMs: number }> {
  const clock = new ManualClock();
  return simulateSchedule({
    queue: new PacingQueue({ limits: defaultPacingLimits, clock }),
    clock,
    token: CancellationToken.none,
    series,
    serviceMs,
    requestsAtOnce: defaultPacingLimits.inFlight,
    seriesAtOnce: 4,
  });
}

const weeks = (count: number): number[] => Array.from({ length: count }, () => 1_950);

describe('a load of many requests under the rules of IB', () => {
  it.each([
    ['a year of minutes of one symbol', [weeks(53)]],
    ['a month of minutes of ten symbols', Array.from({ length: 10 }, () => weeks(5))],
    ['a few requests', [weeks(3)]],
  ])('takes at most a tenth longer than they allow, and breaks none: %s', async (_, series) => {
    const { requests, totalMs } = await schedule(series);
    expect(requests).toHaveLength(series.flat().length);
    expect(violationsOf(requests)).toEqual([]);
    const bound = lowerBoundMs({ series, serviceMs });
    expect(totalMs / bound).toBeGreaterThanOrEqual(1);
    expect(totalMs / bound).toBeLessThanOrEqual(1.1);
    const estimated = estimateMs(series.flat(), defaultPacingLimits) / totalMs;
    expect(Math.abs(estimated - 1), 'the plan told it before').toBeLessThan(0.15);
  });

  it('is told of by a referee that sees what breaks a rule', () => {
    const burst = Array.from({ length: 7 }, (_, index) => ({ key: `${index}`, startedAt: index, endedAt: 10_000 }));
    expect(violationsOf(burst)).toEqual(['6: the rate of history']);
    const twice = [0, 14_999].map((startedAt) => ({ key: 'same', startedAt, endedAt: startedAt + 1 }));
    expect(violationsOf(twice)).toEqual(['same: identical']);
  });
});
