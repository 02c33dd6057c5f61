import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remainingBand } from './remaining-band.ts';

const at = (fraction: number, spentMs: number) => ({ fraction, startedAt: 1_000, updatedAt: 1_000 + spentMs });

describe('remainingBand()', () => {
  it('says nothing before five have completed', () => {
    expect(remainingBand(at(0.5, 100), [1, 2, 3, 4])).toBeUndefined();
  });

  it('is what history says at the beginning, and nothing at the end', () => {
    const durations = [50, 10, 30, 20, 40];
    expect(remainingBand(at(0, 0), durations)).toEqual({ p50Ms: 30, p90Ms: 46 });
    expect(remainingBand(at(1, 500), durations)).toEqual({ p50Ms: 0, p90Ms: 0 });
  });

  it('leans on the rate of the operation itself as that goes on', () => {
    const always100 = [100, 100, 100, 100, 100];
    // Half done after ten times as long as usual: half of the mean of 100 and 2,000.
    expect(remainingBand(at(0.5, 1_000), always100)).toEqual({ p50Ms: 525, p90Ms: 525 });
  });

  it('has its median below its 90th percentile, and neither below zero', () => {
    const ms = fc.double({ min: 0, max: 1e9, noNaN: true });
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fraction, ms, fc.array(ms, { minLength: 5, maxLength: 100 }), (done, spent, durations) => {
        const { p50Ms = -1, p90Ms = -1 } = remainingBand(at(done, spent), durations) ?? {};
        expect(p50Ms).toBeGreaterThanOrEqual(0);
        expect(p90Ms).toBeGreaterThanOrEqual(p50Ms);
      }),
    );
  });
});
