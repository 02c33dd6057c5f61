import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateMeter } from './rate-meter.ts';

describe('RateMeter', () => {
  it('knows nothing before it has looked for a while', () => {
    const meter = new RateMeter({ memoryMs: 5_000 });
    meter.observe(0, 0);
    meter.observe(50, 500);
    expect(meter.perMs).toBeUndefined();
    meter.observe(100, 1_000);
    expect(meter.perMs).toBeCloseTo(0.1);
  });

  it('tells the rate of a steady rise, however unevenly it is observed', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.double({ min: 0.001, max: 1_000, noNaN: true }), (distances, perMs) => {
        const meter = new RateMeter({ memoryMs: 5_000, knownAfterMs: 0 });
        let at = 0;
        for (const distance of distances) meter.observe((at += distance) * perMs, at);
        expect((meter.perMs ?? 0) / perMs).toBeCloseTo(1, 6);
      }),
    );
  });

  it('follows a change of pace, and forgets the old one', () => {
    const meter = new RateMeter({ memoryMs: 1_000 });
    for (let at = 0; at <= 10_000; at += 100) meter.observe(at, at);
    for (let at = 10_100; at <= 15_000; at += 100) meter.observe(10_000 + (at - 10_000) * 3, at);
    expect(meter.perMs).toBeGreaterThan(2.9);
    expect(meter.perMs).toBeLessThanOrEqual(3);
  });

  it('begins anew when the number falls', () => {
    const meter = new RateMeter({ memoryMs: 1_000 });
    meter.observe(0, 0);
    meter.observe(100, 2_000);
    meter.observe(5, 2_100);
    expect(meter.perMs).toBeUndefined();
  });
});
